"""Function names without what compilers and runtimes add, which changes from build to build."""

from __future__ import annotations

import re

from mesher.protocol.event import Frame

JAVASCRIPT = frozenset({"javascript", "node"})
NATIVE = frozenset({"objc", "cocoa", "swift", "native", "c"})
_ANONYMOUS_JAVASCRIPT = frozenset(
    {"", "?", "<anonymous>", "<anonymous function>", "Anonymous function"}
)
_ERB_SUFFIX = re.compile(r"__[0-9]{4,}_[0-9]{4,}$")
_LAMBDA = re.compile(r"\{lambda\([^{}]*\)#\d+\}|\blambda_[0-9a-f]{32}\b|\$_\d+\b")
_MSVC_ANONYMOUS = re.compile(r"\?A0x[0-9a-f]{8}(?=::)")
_ANONYMOUS = "(anonymous namespace)"
_JOINED_ANONYMOUS = "(anonymous-namespace)"  # without the blank, while names are cut at blanks
_BRACKETS = re.compile(r"( -> |\(anonymous-namespace\)|operator(?:<<?=?|>>?=?|\(\)|->)|[<>()])")
_LAST_NAME = re.compile(r"(?:\S*\boperator .*|\S+)$")
_RUST_HASH = re.compile(r"::h[0-9a-f]{16}$")
_LINKER_SUFFIX = re.compile(r"(?:@@\w[\w.]*|@\d{1,3})$")
_QUALIFIERS = re.compile(r"(?:\s+const|\s*&{1,2}|\s*\[clone [^\]]*\])+$")


def grouping_function(frame: Frame, platform: str) -> str:
    """
    The name by which a call groups; empty where the function has none that stays.

    Args:
        frame: the call.
        platform: of the frame, or of its event.
    """
    if platform == "csharp":
        name = frame.raw_function or frame.function or ""
    else:
        name = frame.function or frame.raw_function or ""
    clean = _CLEANERS.get(platform)
    return clean(name) if clean and name else name


def _javascript(name: str) -> str:
    # "/<" is how Firefox writes a function without a name inside another.
    last = name.rpartition(".")[2]
    return "" if last in _ANONYMOUS_JAVASCRIPT or last.endswith("/<") else last


def _ruby(name: str) -> str:
    return "block" if name.startswith("block ") else _ERB_SUFFIX.sub("", name)


def _php(name: str) -> str:
    if name.startswith("[Anonymous"):
        return ""
    if name.startswith("class@anonymous"):
        return name.rpartition("::")[2] if "::" in name else ""
    return name


def _java(name: str) -> str:
    return "" if name.startswith("lambda$") else name


def _csharp(name: str) -> str:
    return name.partition(" (")[0]


def _native(name: str) -> str:
    """C++, Rust, Swift and Objective-C: no arguments, template arguments, or compiler's numbers."""
    if name in {"<redacted>", "<unknown>"}:
        return ""
    if name.startswith(("[", "+[", "-[")):  # Objective-C
        return name
    name = _MSVC_ANONYMOUS.sub(_ANONYMOUS, _LAMBDA.sub("lambda", _QUALIFIERS.sub("", name)))
    name = _without_brackets(_rust_type(name.replace(_ANONYMOUS, _JOINED_ANONYMOUS)))
    name = name.partition(" -> ")[0].removesuffix(" throws")
    last = _LAST_NAME.search(name)
    name = (last[0] if last else name).replace(_JOINED_ANONYMOUS, _ANONYMOUS)
    return _LINKER_SUFFIX.sub("", _RUST_HASH.sub("", name))


def _rust_type(name: str) -> str:
    """``<A as B>::c`` as ``A::c``: an implementation goes by its type, not by its trait."""
    if not name.startswith("<"):
        return name
    depth = 0
    for index, character in enumerate(name):
        depth += {"<": 1, ">": -1}.get(character, 0)
        if depth == 0:
            return name[1:index].partition(" as ")[0] + name[index + 1 :]
    return name


def _without_brackets(name: str) -> str:
    """``a<b<c>>::d(int)`` as ``a<T>::d``; operators keep the brackets that are their names."""
    kept: list[str] = []
    depth = 0
    for piece in _BRACKETS.split(name):
        if piece in {"<", "("}:
            if depth == 0 and piece == "<":
                kept.append("<T>")
            depth += 1
        elif piece in {">", ")"}:
            depth = max(0, depth - 1)
        elif depth == 0:
            kept.append(piece)
    return "".join(kept)


_CLEANERS = {
    "ruby": _ruby,
    "php": _php,
    "java": _java,
    "csharp": _csharp,
    **dict.fromkeys(JAVASCRIPT, _javascript),
    **dict.fromkeys(NATIVE, _native),
}
