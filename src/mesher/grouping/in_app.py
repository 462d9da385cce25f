"""
Whose code a call is: the application's own, a library's, or that of a helper which stands in every
stack trace and says nothing.

What the SDK says of a call is overruled where the place of the code shows that it is a library, and
both by the rules of the project (``rules/``). Where the SDK says of no call that it is the
application's own, those of which it says nothing are, unless they are of a known library.
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
    r"/(?:site-packages|dist-packages|vendor|node_modules|go/pkg/mod|\.local/share"
    r"|lib/python[23]\.\d+)/"
)
_LIBRARY_ROOTS = (
    "/usr/lib/",
    "/usr/local/lib/",
    "/usr/local/go/",
    "/usr/local/cellar/",
    "node:",
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
# Also libraries where the SDK does not say whose a call is; who says that such a module is the
# application's own may be its author.
_KNOWN_LIBRARY = re.compile(
    r"(?:android|androidx|ch\.qos|clojure|com\.(?:android|google|mysql|netflix|squareup|zaxxer)"
    r"|dalvik|groovy|io\.(?:grpc|micrometer|reactivex|undertow|vertx)|jakarta|net\.(?:bytebuddy|sf)"
    r"|okhttp3|okio|org\.(?:codehaus|eclipse|hibernate|junit|mockito|quartz|slf4j|testng)|retrofit2"
    r"|rx|Microsoft|Mono|System)\."
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
_PYTHON_SDKS = ("sentry_sdk.", "raven.")
# Before Python 3.12 a comprehension was a call of its own.
_COMPREHENSIONS = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>"})
# Where calls are known by their files: /gems/sentry-ruby-5.3.0/, /vendor/sentry/sentry/.
_SDK_FOLDERS = frozenset({"ruby", "php"})
_SDK_FOLDER = re.compile(
    r"/(?:sentry-(?:[a-z]+-)*[\d.]+|sentry-(?:ruby|raven)|vendor/sentry)(?=[/.])"
)
# Classes that are made at run time around one of the application's, and pass its calls on.
_JAVA_PROXY = re.compile(
    r"\$\$\w*(?:CGLIB|EnhancerBy|FastClassBy|Lambda)|_\$\$_javassist|\$HibernateProxy\$"
    r"|\$(?:ByteBuddy|MockitoMock)\$|\$Proxy\d+$"
)


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


def may_be_in_app(frame: Frame) -> bool:
    """Whether a call of which the SDK says nothing may be of the application's own code."""
    if frame.in_app is not None or _is_library_path(frame.abs_path or frame.filename or ""):
        return False
    module = frame.module or ""
    return not (_JAVA_LIBRARY.match(module) or _KNOWN_LIBRARY.match(module))


@lru_cache(maxsize=4096)  # a project has some hundreds of files; a path is 1 KB at most
def _is_library_path(path: str) -> bool:
    path = path.lower().replace("\\", "/")
    return path.startswith(_LIBRARY_ROOTS) or _LIBRARY_FOLDER.search(f"/{path}") is not None


@lru_cache(maxsize=4096)
def _is_sdk_path(path: str) -> bool:
    return _SDK_FOLDER.search(path) is not None


def is_helper(frame: Frame, platform: str) -> bool:
    """
    Whether a call is of a runtime's scheduler, a compiler's helpers, a generated proxy, or a
    monitoring SDK.
    """
    module = frame.module
    if platform in JAVASCRIPT:
        return (
            frame.function in _SCHEDULER_FUNCTIONS
            or _JAVASCRIPT_HELPER.search(module or frame.abs_path or "") is not None
        )
    if platform == "python":
        return frame.function in _COMPREHENSIONS or (
            module is not None and module.startswith(_PYTHON_SDKS)
        )
    if platform == "java":
        return module is not None and (
            module.startswith("io.sentry.") or ("$" in module and bool(_JAVA_PROXY.search(module)))
        )
    return platform in _SDK_FOLDERS and _is_sdk_path(frame.abs_path or "")


def is_evaluated(frame: Frame, platform: str) -> bool:
    """Whether a call is of evaluated or native JavaScript, which has no place in any file."""
    if platform not in JAVASCRIPT:
        return False
    place = frame.abs_path or frame.module
    # V8 gives "index 0" as the place of "async Promise.all".
    if not place or place in _EVALUATED or place.startswith("index "):
        return True
    return frame.function is not None and frame.function.rpartition(".")[2] == "eval"
