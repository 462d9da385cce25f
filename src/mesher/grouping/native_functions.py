"""Function names of native platforms without what compilers and linkers add."""

from __future__ import annotations

import re

NATIVE = frozenset({"objc", "cocoa", "swift", "native", "c"})
_LAMBDA = re.compile(r"\{lambda\([^{}]*\)#\d+\}|\blambda_[0-9a-f]{32}\b|\$_\d+\b")
_MSVC_ANONYMOUS = re.compile(r"\?A0x[0-9a-f]{8}(?=::)")
_ANONYMOUS = "(anonymous namespace)"
_JOINED_ANONYMOUS = "(anonymous-namespace)"  # without the blank, while names are cut at blanks
_BRACKETS = re.compile(r"( -> |\(anonymous-namespace\)|operator(?:<<?=?|>>?=?|\(\)|->)|[<>()])")
_LAST_NAME = re.compile(r"(?:\S*\boperator .*|\S+)$")
_RUST_HASH = re.compile(r"::h[0-9a-f]{16}$")
_LINKER_SUFFIX = re.compile(r"(?:@@\w[\w.]*|@\d{1,3})$")
_QUALIFIERS = re.compile(r"(?:\s+const|\s*&{1,2}|\s*\[clone [^\]]*\])+$")


def native_function(name: str) -> str:
    """
    The name of a function of C++, Rust, Swift or Objective-C as it groups: without arguments, template
    arguments, and numbers of compilers and linkers; empty where it is unknown.
    """
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
