"""
Whose code a call is: the application's own, a library's, or that of a helper which stands in every
stack trace and says nothing.

What the SDK says of a call is overruled where the place of the code shows that it is a library, and
both by the rules of the project (``rules/``).
"""

from __future__ import annotations

import re
from functools import lru_cache

from mesher.grouping.functions import JAVASCRIPT
from mesher.grouping.marks import MarkedFrame
from mesher.protocol.event import Frame

# Folders that package managers install into, and modules of runtimes and frameworks. SDKs know most
# of them; those of PHP and Java often do not.
_LIBRARY_FOLDER = re.compile(
    r"/(?:site-packages|dist-packages|vendor|node_modules|go/pkg/mod|\.local/share)/"
)
_LIBRARY_ROOTS = (
    "/usr/lib/",
    "/usr/local/lib/",
    "/usr/local/cellar/",
    "https://unpkg.com/",
    "https://cdnjs.cloudflare.com/",
    "https://cdn.jsdelivr.net/",
    "https://esm.run/",
)
_LIBRARY_PACKAGES = ("/lib/", "/usr/lib/")
_JAVA_LIBRARY = re.compile(
    r"(?:akka|com\.fasterxml|com\.microsoft|com\.sun|feign|io\.ktor|io\.netty|io\.opentelemetry"
    r"|io\.sentry|java|javax|jdk|kotlin|kotlinx|oauth|org\.apache|org\.glassfish|org\.jboss"
    r"|org\.jdesktop|org\.postgresql|org\.springframework|org\.web3j|reactor\.core|scala|sun)\."
)
_UNPKG_MODULE = "unpkg/"

_JAVASCRIPT_HELPER = re.compile(
    r"(?:^|/)(?:@babel|@sentry|@sentry-internal|core-js|regenerator-runtime|tslib|newrelic)[/.]"
    r"|LogRocket"
)
_SCHEDULER_FUNCTIONS = frozenset(
    ["runMicrotasks", "queueMicrotask", "processTicksAndRejections", "runNextTicks", "nextTick"]
)
_EVALUATED = frozenset({"[native code]", "native code", "eval code", "<anonymous>"})


def is_in_app(frame: Frame, platform: str) -> bool:
    """
    Whether a call is of the application's own code.

    Args:
        frame: the call; one of which the SDK does not say so is not.
        platform: of the frame, or of its event.
    """
    if not frame.in_app or (isinstance(frame, MarkedFrame) and frame.app):
        return bool(frame.in_app)
    if _is_library_path(frame.abs_path or frame.filename or ""):
        return False
    if frame.package and frame.package.startswith(_LIBRARY_PACKAGES):
        return False
    if not frame.module:
        return True
    if platform == "java":
        return not _JAVA_LIBRARY.match(frame.module)
    return not frame.module.startswith(_UNPKG_MODULE)


@lru_cache(maxsize=4096)  # a project has some hundreds of files; a path is 1 KB at most
def _is_library_path(path: str) -> bool:
    path = path.lower().replace("\\", "/")
    return path.startswith(_LIBRARY_ROOTS) or _LIBRARY_FOLDER.search(f"/{path}") is not None


def is_helper(frame: Frame, platform: str) -> bool:
    """Whether a call is of a runtime's scheduler, a compiler's helpers, or a monitoring SDK."""
    if platform in JAVASCRIPT:
        place = frame.module or frame.abs_path or ""
        return (
            frame.function in _SCHEDULER_FUNCTIONS or _JAVASCRIPT_HELPER.search(place) is not None
        )
    return frame.module is not None and frame.module.startswith(
        ("sentry_sdk.", "raven.", "io.sentry.")
    )


def is_evaluated(frame: Frame, platform: str) -> bool:
    """Whether a call is of evaluated or native JavaScript, which has no place in any file."""
    if platform not in JAVASCRIPT:
        return False
    place = frame.abs_path or frame.module
    if not place or place in _EVALUATED:
        return True
    return frame.function is not None and frame.function.rpartition(".")[2] == "eval"
