"""
Requests as no client means them: a captured request, changed at random.

The same number always makes the same request, so a run can be repeated and divided.
"""

from __future__ import annotations

import functools
import gzip
import random
import zlib
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

import brotli
import zstandard

from captures import Capture, read_captures

# Bodies are some kilobytes; a few captures of a megabyte would take most of the time.
MAX_CAPTURE_BYTES = 64 * 1024
MAX_MUTATIONS = 6

# What parsers have stumbled over: numbers at the edges of types, text that is none, deep nesting.
ODD_VALUES = (
    b"null", b"true", b"-1", b"0", b"1e999", b"-0.0", b"9" * 400, b"18446744073709551616",
    b"NaN", b"Infinity", b'""', b'"\\u0000"', b'"\\ud800"', b'"\xff\xfe"', b"[]", b"{}", b"[" * 200,
    b'{"a":' * 150 + b"1" + b"}" * 150, b"[" * 5000 + b"]" * 5000, b'"' + b"x" * 20_000 + b'"',
    b"\0", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"{}\n{}\n", b'{"type":"event"}\n', b'{"length":1e9}',
    b'{"type":"attachment","length":3}\nabc\n', b'{"type":"event","length":-1}\n', b"'", b"%00",
)  # fmt: skip
ODD_HEADERS = (
    "", " ", "\0", "Sentry", "Sentry sentry_key=", "Basic ===", "Bearer mshr_", "gzip, gzip, br",
    "identity", "\xff\xfe", "9" * 100, "-1", "1e3", "multipart/form-data", "application/json; charset=x",
    "application/x-sentry-envelope", 'multipart/form-data; boundary="', "a" * 9000, "127.0.0.1, ,",
)  # fmt: skip
HEADER_NAMES = (
    "x-sentry-auth", "authorization", "content-encoding", "content-type", "content-length",
    "user-agent", "x-forwarded-for", "referer", "origin",
)  # fmt: skip
PATHS = (
    "/api/1/envelope/", "/api/1/store/", "/api/1/security/", "/api/1/csp-report/", "/api/store/",
    "/tunnel", "/api/v1/events", "/api/v1/events/bulk", "/api/999999999999999999/envelope/",
    "/api/1/events/9ec79c33ec9942ab8353589fcb2e04dc/attachments/", "/api/1/minidump/",
    "/api/1/user-feedback/", "/x//api/1/envelope",
)  # fmt: skip
METHODS = ("POST",) * 30 + ("GET", "PUT", "HEAD", "OPTIONS")
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda body: body,
    "gzip": lambda body: gzip.compress(body, 1),
    "deflate": lambda body: zlib.compress(body, 1),
    "br": lambda body: brotli.compress(body, quality=1),
    "zstd": zstandard.compress,
}


class Case(NamedTuple):
    """One request."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes


def make_case(number: int) -> Case:
    """The request with this number."""
    chance = random.Random(number)
    capture = chance.choice(_sources())
    encoding = chance.choice(list(ENCODERS))
    body = _plain_body(capture)
    for _ in range(chance.randrange(MAX_MUTATIONS)):
        body = chance.choice(BODY_MUTATIONS)(body, chance)
    body = ENCODERS[encoding](body)
    if chance.random() < 0.3:  # the stream itself is damaged
        body = chance.choice(BODY_MUTATIONS)(body, chance)
    target = urlsplit(capture.meta["path"])
    path = target.path if chance.random() < 0.7 else chance.choice(PATHS)
    query = capture.meta["query"]
    if chance.random() < 0.1:
        query = _change(query.encode(), chance).decode("latin-1")
    headers = _headers(capture, encoding, chance)
    return Case(chance.choice(METHODS), path, query, headers, body)


@functools.cache
def _sources() -> list[Capture]:
    return [capture for capture in read_captures() if len(capture.body) <= MAX_CAPTURE_BYTES]


def _plain_body(capture: Capture) -> bytes:
    match capture.meta["content_encoding"]:
        case "gzip":
            return gzip.decompress(capture.body)
        case "deflate":
            return zlib.decompress(capture.body)
        case "br":
            return brotli.decompress(capture.body)
        case _:
            return capture.body


def _headers(capture: Capture, encoding: str, chance: random.Random) -> list[tuple[str, str]]:
    headers = {name.lower(): value for name, value in capture.meta["headers"]}
    headers.pop("content-length", None)
    headers.pop("transfer-encoding", None)
    headers["content-encoding"] = encoding
    if chance.random() < 0.2:
        headers[chance.choice(HEADER_NAMES)] = chance.choice(ODD_HEADERS)
    if chance.random() < 0.1:
        name = chance.choice(list(headers))
        headers[name] = _change(headers[name].encode("latin-1", "replace"), chance).decode(
            "latin-1"
        )
    if chance.random() < 0.05:
        headers.pop(chance.choice(list(headers)))
    return list(headers.items())


def _change(data: bytes, chance: random.Random) -> bytes:
    return chance.choice(BODY_MUTATIONS)(data, chance)


def _flip(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 8)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(data: bytes, chance: random.Random) -> bytes:
    begin, end = _range(data, chance)
    return data[:begin] + data[end:]


def _truncate(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    begin, end = _range(data, chance)
    return data[:end] + data[begin:end] * chance.randrange(1, 4) + data[end:]


def _insert(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.choice(ODD_VALUES) + data[place:]


def _replace_value(data: bytes, chance: random.Random) -> bytes:
    """What stands behind a colon, up to the next comma or bracket: mostly a whole JSON value."""
    place = data.find(b":", chance.randrange(len(data) + 1)) + 1
    end = min(
        (i for i in (data.find(c, place) for c in (b",", b"}", b"\n")) if i > 0), default=place
    )
    return data[:place] + chance.choice(ODD_VALUES) + data[end:]


def _shuffle_lines(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)


def _splice(data: bytes, chance: random.Random) -> bytes:
    """The beginning of one request and the end of another."""
    other = _plain_body(chance.choice(_sources()))
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def _range(data: bytes, chance: random.Random) -> tuple[int, int]:
    begin = chance.randrange(len(data) + 1)
    return begin, min(len(data), begin + chance.choice((1, 2, 8, 100, 2000)))


BODY_MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip,
    _cut,
    _truncate,
    _repeat,
    _insert,
    _replace_value,
    _replace_value,
    _shuffle_lines,
    _splice,
)
