"""
The name of a call without what compilers, runtimes and SDKs add, which changes from build to build.

A closure, a block or a lambda is part of the function that it is written in, where its name says which;
the asynchronous twin of a function is that function.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from mesher.grouping.native_functions import NATIVE, native_function
from mesher.protocol.event import Frame

__all__ = ["JAVASCRIPT", "NATIVE", "CallName", "call_name"]

JAVASCRIPT = frozenset({"javascript", "node"})

_ASYNC = re.compile(
    r"(?:^|(?<=[.:#]))a?sync(?:_(?=.)|(?=[A-Z]))|(?<=[A-Za-z0-9])(?:_a?sync|Async|Sync)$"
)

_ANONYMOUS_JAVASCRIPT = frozenset(
    {"", "?", "<anonymous>", "<anonymous function>", "Anonymous function",
     "global code", "module code", "eval code"}
)  # fmt: skip
# What engines write around a name: V8 "async Cart.pay", "new Cart", "Object.a [as pay]"; Firefox
# "async*pay", "promise callback*pay", "setTimeout handler*pay".
_JAVASCRIPT_AROUND = re.compile(
    r"^(?:[\w ]{1,40}\*|(?:async |new |get |set )+)|(?: \[as [^\]]*\])$"
)
_JAVASCRIPT_ACCESSOR = re.compile(r"^(?:get|set) ")

# Ruby: "block (2 levels) in pay", "rescue in pay", and since 3.4 "block in Shop::Cart#pay".
_RUBY_INSIDE = re.compile(r"^(?:(?:block(?: \(\d+ levels\))?|rescue|ensure) in )+")
_RUBY_OWNER = re.compile(r"^(?:[A-Z]\w*(?:::[A-Z]\w*)*)[#.]")
_ERB_SUFFIX = re.compile(r"__[0-9]{4,}_[0-9]{4,}$")

# Go: "handle.func1.2", "(*Cart).Pay-fm", "Sum[...]"; package-level closures "glob..func1", "init.func1".
_GO_INSIDE = re.compile(
    r"(?:\.(?:func|gowrap|deferwrap)\d+(?:\.\d+)*|\.\d+|-range\d+|-fm)+$|\[\.\.\.\]|\(\*?|\)"
)
_GO_PACKAGE_LEVEL = frozenset({"glob.", "init"})

# Java, Kotlin, Scala: names of lambdas, of what compilers add to a method, and of generated classes.
_JAVA_LAMBDA = re.compile(
    r"^lambda\$(?:null|static|new)\$\d+$|^lambda\$(?P<java>\w*?)\$?\d+(?:\$.*)?$"
    r"|^\$anonfun\$(?P<scala>\w+?)\$\d.*$"
    r"|^(?P<kotlin>\w+)\$(?:lambda\$\d.*|default|suspendImpl)$"
)
_JAVA_NUMBERED = re.compile(r"(?:\$(?:\d+|[a-z]\w*\$\d+))+(?=\$|$)")
_JAVA_COROUTINE = re.compile(r"\$(?P<method>[a-z]\w*)\$\d+$")
_JAVA_ACCESSOR = re.compile(r"(?<=Accessor)\d+$")

# .NET: "Shop.Cart+<PayAsync>d__3" in MoveNext, "Shop.Cart+<>c__DisplayClass3_0" in "<Pay>b__0",
# and the signatures of the SDK's enhanced mode: "async Task<int> Shop.Cart.PayAsync(int id)+() => { }".
_DOTNET_INSIDE = re.compile(r"\+<(?P<method>\w*)>.*$")
_DOTNET_LAMBDA = re.compile(r"^<(?P<method>\w+)>[bg]__.*$")
_DOTNET_ARITY = re.compile(r"`\d+(?:\[\[.*)?")
_DOTNET_TYPES = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")


class CallName(NamedTuple):
    """What a call is called; both are empty where nothing of it stays from build to build."""

    module: str
    function: str
    shown: str  # the function as people know it: with what tells its asynchronous twin


def call_name(frame: Frame, platform: str) -> CallName:
    """
    The module and the function by which a call groups.

    Args:
        frame: the call.
        platform: of the frame, or of its event.
    """
    if platform == "csharp":
        function = frame.raw_function or frame.function
    else:
        function = frame.function or frame.raw_function
    return _call_name(platform, frame.module or "", function or "")


@lru_cache(maxsize=8192)  # a project has some thousands of functions; a name is 1 KB at most
def _call_name(platform: str, module: str, function: str) -> CallName:
    clean = _CLEANERS.get(platform)
    if clean is not None:
        module, function = clean(module, function)
    return CallName(module, _ASYNC.sub("", function) or function, function)


def _javascript(module: str, name: str) -> tuple[str, str]:
    name = _JAVASCRIPT_AROUND.sub("", _JAVASCRIPT_AROUND.sub("", name))
    # "pay/<" and "pay<" are how Firefox writes a function without a name inside another.
    last = _JAVASCRIPT_ACCESSOR.sub("", name.rpartition(".")[2]).lstrip("#")  # private methods
    return module, "" if last in _ANONYMOUS_JAVASCRIPT or last.endswith("<") else last


def _ruby(module: str, name: str) -> tuple[str, str]:
    name = _RUBY_OWNER.sub("", _RUBY_INSIDE.sub("", name))
    return module, _ERB_SUFFIX.sub("", name)


def _php(module: str, name: str) -> tuple[str, str]:
    if name.startswith("[Anonymous"):
        return module, ""
    if "{closure" in name:  # since 8.4 with function and line
        return module, "{closure}"
    if "@anonymous" in name:
        return module, name.rpartition("::")[2] if "::" in name else ""
    return module, name


def _go(module: str, name: str) -> tuple[str, str]:
    name = _GO_INSIDE.sub("", name)
    return module, "package level" if name in _GO_PACKAGE_LEVEL else name


def _java(module: str, name: str) -> tuple[str, str]:
    found = _JAVA_LAMBDA.match(name)
    if found:
        name = found["java"] or found["scala"] or found["kotlin"] or ""
    elif name in {"invoke", "invokeSuspend"} and (coroutine := _JAVA_COROUTINE.search(module)):
        name = coroutine["method"]
    return _JAVA_ACCESSOR.sub("", _JAVA_NUMBERED.sub("", module)), name


def _csharp(module: str, name: str) -> tuple[str, str]:
    if "(" in name:
        module, name = _dotnet_signature(module, name)
    name = name.partition(" {")[0]
    if found := _DOTNET_LAMBDA.match(name):
        name = found["method"]
    if found := _DOTNET_INSIDE.search(module):
        name = found["method"] or name
        module = module[: found.start()]
    return _DOTNET_ARITY.sub("", module).replace("+", "."), _DOTNET_ARITY.sub("", name)


def _dotnet_signature(module: str, text: str) -> tuple[str, str]:
    """Module and name of ``async Task<int> Shop.Cart.PayAsync(int id)+() => { }``."""
    head = text.partition("(")[0]
    while (shorter := _DOTNET_TYPES.sub("", head)) != head:  # inner brackets first
        head = shorter
    words = head.split()
    if not words:
        return module, text
    if words[0] == "new":
        return module or words[-1], ".ctor"
    owner, _, name = words[-1].rpartition(".")
    return module or owner, name


def _native(module: str, name: str) -> tuple[str, str]:
    return module, native_function(name)


_CLEANERS = {
    "ruby": _ruby,
    "php": _php,
    "go": _go,
    "java": _java,
    "csharp": _csharp,
    **dict.fromkeys(JAVASCRIPT, _javascript),
    **dict.fromkeys(NATIVE, _native),
}
