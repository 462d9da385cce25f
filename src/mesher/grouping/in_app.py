"""
Which calls are the application's own: what the SDK says, overruled where the place of the code shows
that it is a library.
"""

from __future__ import annotations

import re

from mesher.protocol.event import Frame

# Folders that package managers install into, and modules of runtimes and frameworks. SDKs know most
# of them; PHP's and Java's often do not.
_LIBRARY_PATH = re.compile(
    r"(?:^|/)(?:site-packages|dist-packages|vendor|node_modules|go/pkg/mod|\.local/share)/"
    r"|^/usr/local/(?:lib|Cellar)/"
    r"|^https?://(?:unpkg\.com|cdnjs\.cloudflare\.com|cdn\.jsdelivr\.net|esm\.run)/",
    re.IGNORECASE,
)
_LIBRARY_PACKAGE = re.compile(r"^(?:/usr)?/lib/")
_LIBRARY_MODULE = re.compile(
    r"(?:akka|com\.fasterxml|com\.microsoft|com\.sun|feign|io\.ktor|io\.netty|io\.opentelemetry"
    r"|io\.sentry|java|javax|jdk|kotlin|kotlinx|oauth|org\.apache|org\.glassfish|org\.jboss"
    r"|org\.jdesktop|org\.postgresql|org\.springframework|org\.web3j|reactor\.core|scala|sun)\."
)
_UNPKG_MODULE = re.compile(r"unpkg/")


def is_in_app(frame: Frame, platform: str) -> bool:
    """
    Whether a call is of the application's own code.

    Args:
        frame: the call; one of which the SDK does not say it is not.
        platform: of the frame, or of its event.
    """
    if not frame.in_app:
        return False
    path = frame.abs_path or frame.filename
    if path and _LIBRARY_PATH.search(path.replace("\\", "/")):
        return False
    if frame.package and _LIBRARY_PACKAGE.match(frame.package):
        return False
    if not frame.module:
        return True
    if platform == "java":
        return not _LIBRARY_MODULE.match(frame.module)
    return not _UNPKG_MODULE.match(frame.module)
