"""
JSON by its bytes: where strings, values and lists begin and end, without decoding what lies between.

Offsets are into one text, which need not be valid: what has no end is ``None``, and nothing is raised.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
STRING: Final = re.compile(_STRING, re.DOTALL)
NUMBER: Final = re.compile(rb"-?\d[\d.eE+-]*")
_SPACE = re.compile(rb"[ \t\r\n]*")
_TOKEN = re.compile(_STRING + rb"|[{}\[\]]|-?\d[\d.eE+-]*", re.DOTALL)
_TEXTS = re.compile(rb"\s*:\s*\[(?:\s*(?:" + _STRING + rb"|null)\s*,?)*+", re.DOTALL)
_BACKSLASH, _QUOTE, _COLON = b'\\":'
_SPACES = b" \t\r\n"
_BEFORE_FIRST_OF_PAIR = b"[" + _SPACES
_decode = json.JSONDecoder(strict=False).decode


class Leaf(NamedTuple):
    """A string or number inside a map or list."""

    begin: int
    end: int
    key: tuple[int, int] | None  # the string that it stands under


def skip_space(data: bytes, begin: int) -> int:
    """The first offset from ``begin`` on that holds no white space."""
    match = _SPACE.match(data, begin)
    return match.end() if match else begin


def skip_space_back(data: bytes, end: int) -> int:
    """The offset behind the last byte before ``end`` that is no white space."""
    while end > 0 and data[end - 1] in b" \t\r\n":
        end -= 1
    return end


def opening_quote(data: bytes, inside: int) -> int:
    """Where the string begins that ``inside`` lies in; -1 where there is none."""
    quote = data.rfind(b'"', 0, inside)
    while quote > 0 and data[quote - 1] == _BACKSLASH and _is_escaped(data, quote):
        quote = data.rfind(b'"', 0, quote)
    return quote


def end_of_string(data: bytes, begin: int) -> int | None:
    """The offset behind the string that begins here."""
    match = STRING.match(data, begin)
    return match.end() if match else None


def read_string(data: bytes, begin: int, end: int) -> str:
    """A string with its quotes as text; what is no UTF-8 becomes halves of surrogate pairs."""
    literal = data[begin:end].decode("utf-8", "surrogateescape")
    if "\\" not in literal:
        return literal[1:-1]
    try:
        text: str = _decode(literal)
    except ValueError:  # an escape that JSON does not know
        return literal[1:-1]
    return text


def write_string(text: str) -> bytes:
    """JSON of a text, also of one with halves of surrogate pairs."""
    return json.dumps(text).encode()


def key_before(data: bytes, begin: int) -> tuple[int, int] | None:
    """The key of the value that begins here; ``None`` where it has none, as in a list."""
    colon = skip_space_back(data, begin) - 1
    if colon < 0 or data[colon : colon + 1] != b":":
        return None
    end = skip_space_back(data, colon)
    if data[end - 1 : end] != b'"':
        return None
    quote = opening_quote(data, end - 1)
    return (quote, end) if quote >= 0 else None


def end_of_texts(data: bytes, begin: int) -> int:
    """``begin`` is behind a key: the end of the list of strings that follows; ``begin`` if none does."""
    match = _TEXTS.match(data, begin)
    return match.end() if match else begin


def count_quotes(data: bytes, begin: int, end: int) -> int:
    """How many quotes between two offsets begin or end a string."""
    if data.find(b"\\\\", begin, end) < 0:  # what lies between is not copied
        return data.count(b'"', begin, end) - data.count(b'\\"', begin, end)
    return data[begin:end].replace(b"\\\\", b"").replace(b'\\"', b"").count(b'"')


def leaves(data: bytes, begin: int) -> Iterator[Leaf | int]:
    """
    The strings and numbers of the map or list that begins here, in their order, keys left out; last,
    the offset behind it. A list of pairs, as headers are, is read as a map.
    """
    depth = 0
    key: tuple[int, int] | None = None
    end = begin
    for token in _TOKEN.finditer(data, begin):
        end = token.end()
        first = data[token.start()]
        if first in b"{[":
            depth += 1
        elif first in b"}]":
            depth -= 1
            key = None
            if depth == 0:
                break
        elif first == _QUOTE and _is_key(data, token.start(), end):
            key = token.span()
        else:
            yield Leaf(token.start(), end, key)
            key = None
    yield end


def is_first_of_pair(data: bytes, begin: int, end: int) -> bool:
    """Whether this string is the first of a list of two strings that is itself in a list."""
    bracket = skip_space_back(data, begin) - 1
    if bracket < 1 or data[bracket : bracket + 1] != b"[":
        return False
    before = skip_space_back(data, bracket) - 1
    comma = skip_space(data, end)
    if data[before : before + 1] not in (b"[", b",") or data[comma : comma + 1] != b",":
        return False
    second = skip_space(data, comma + 1)
    second_end = end_of_string(data, second)
    if second_end is None:
        return False
    closing = skip_space(data, second_end)
    return data[closing : closing + 1] == b"]"


def _is_key(data: bytes, begin: int, end: int) -> bool:
    behind = data[end] if end < len(data) else 0
    if behind == _COLON:
        return True
    if behind not in _SPACES and data[begin - 1] not in _BEFORE_FIRST_OF_PAIR:
        return False  # most values: nothing more to look at
    behind = skip_space(data, end)
    return data[behind : behind + 1] == b":" or is_first_of_pair(data, begin, end)


def _is_escaped(data: bytes, quote: int) -> bool:
    begin = quote
    while begin > 0 and data[begin - 1] == _BACKSLASH:
        begin -= 1
    return (quote - begin) % 2 == 1
