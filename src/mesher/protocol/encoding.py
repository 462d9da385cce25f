"""
Content codings: gzip, deflate, br and zstd, with a ceiling on what comes out.

A bomb of ten megabytes that unpacks to ten gigabytes costs no more memory than the ceiling, because
every decompressor is asked for at most that much.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Callable
from typing import Any

import brotli
import deflate
import zstandard
from isal import igzip_lib, isal_zlib

from mesher.errors import ProtocolError, TooLarge, UnsupportedEncoding
from mesher.protocol.limits import MAX_GZIP_MEMBERS

_GZIP_WINDOW = 31  # 15 bits with a gzip header
_ZLIB_WINDOW = 15
_RAW_WINDOW = -15
_GZIP_BEGIN = b"\x1f\x8b\x08"
_SIZE_BYTES = 4
_DEFLATE_RATIO = 1032  # the most that deflate can save (https://zlib.net/zlib_tech.html)
# sentry-ruby sends an empty header for small bodies, old Android SDKs a character set.
_PLAIN = frozenset({"", "identity", "utf-8", "utf8"})


# What the decoders raise for bytes that are not theirs; the last is our own.
_DAMAGED: Any = (igzip_lib.IsalError, brotli.error, zstandard.ZstdError, EOFError)


def decode_body(body: bytes, content_encoding: str | None, *, max_bytes: int) -> bytes:
    """
    Undo the content coding of a request.

    Args:
        body: as sent.
        content_encoding: the header's value, in any case; ``None`` and ``""`` mean none.
        max_bytes: ceiling of the result.

    Raises:
        UnsupportedEncoding: a coding other than gzip, deflate, br and zstd.
        TooLarge: the result would be larger than ``max_bytes``.
        ProtocolError: the body is damaged, cut short, or not in that coding.
    """
    coding = (content_encoding or "").strip().lower()
    if coding in _PLAIN:
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
        return body
    decoder = _DECODERS.get(coding)
    if decoder is None:
        raise UnsupportedEncoding(
            f"content encoding {coding[:40]!r} is not supported",
            hint="send gzip, deflate, br, zstd or none",
        )
    try:
        decoded = decoder(body, max_bytes)
    except _DAMAGED as error:
        raise ProtocolError(f"the body is not valid {coding}: {error}") from error
    if len(decoded) > max_bytes:
        raise _too_large(max_bytes)
    return decoded


def decode_store_body(body: bytes, *, max_bytes: int) -> bytes:
    """
    The JSON in the body of a legacy ``/store/`` request, whose content coding is undone already.

    Old clients send it as JSON, as base64 of JSON, or (raven-node) as base64 of zlib.

    Raises:
        TooLarge, ProtocolError: as ``decode_body``.
    """
    text = body.lstrip()
    if text.startswith(b"{"):
        return text
    try:
        inner = base64.b64decode(text, validate=False)
    except binascii.Error as error:
        raise ProtocolError("the body is neither JSON nor base64") from error
    if not inner:
        raise ProtocolError("the body is empty", hint="send one event as a JSON object")
    if inner.lstrip().startswith(b"{"):
        return inner
    return decode_body(inner, "deflate", max_bytes=max_bytes)


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"the body unpacks to more than {max_bytes} bytes")


def _inflate(body: bytes, max_bytes: int, window: int) -> bytes:
    # One byte above the ceiling, so that the caller sees that there was more.
    decompressor = isal_zlib.decompressobj(window)
    decoded = decompressor.decompress(body, max_bytes + 1)
    if not decompressor.eof and len(decoded) <= max_bytes:
        raise EOFError("it ends too early")
    return bytes(decoded)


def _gunzip(body: bytes, max_bytes: int) -> bytes:
    whole = _gunzip_at_once(body, max_bytes)
    return _gunzip_members(body, max_bytes) if whole is None else whole


def _gunzip_at_once(body: bytes, max_bytes: int) -> bytes | None:
    """
    The content of a gzip file of one member that ends with the size of its content (RFC 1952, section
    2.3.1), as nearly all do: in half the time, since room for it can be made at once. ``None`` for any
    other, also for one that is damaged: what is wrong with it is for ``_gunzip_members`` to say.
    """
    size = int.from_bytes(body[-_SIZE_BYTES:], "little")
    if not 0 < size <= min(max_bytes, len(body) * _DEFLATE_RATIO):
        return None
    if body.find(_GZIP_BEGIN, len(_GZIP_BEGIN)) >= 0:  # perhaps of another member
        return None
    try:
        decoded = deflate.gzip_decompress(body, size)
    except deflate.DeflateError:
        return None
    return bytes(decoded) if len(decoded) == size else None


def _gunzip_members(body: bytes, max_bytes: int) -> bytes:
    """All members of a gzip file, one after the other."""
    members: list[bytes] = []
    while body:
        if len(members) == MAX_GZIP_MEMBERS:
            raise EOFError(f"it has more than {MAX_GZIP_MEMBERS} members")
        decompressor = isal_zlib.decompressobj(_GZIP_WINDOW)
        decoded = decompressor.decompress(body, max_bytes + 1)
        members.append(decoded)
        max_bytes -= len(decoded)
        if max_bytes < 0:
            break
        if not decompressor.eof:
            raise EOFError("it ends too early")
        body = decompressor.unused_data.lstrip(b"\0")  # tar pads with zeros; readers skip them
    return members[0] if len(members) == 1 else b"".join(members)


def _inflate_any(body: bytes, max_bytes: int) -> bytes:
    """``deflate`` is zlib by the standard, and a bare deflate stream by some clients' reading."""
    try:
        return _inflate(body, max_bytes, _ZLIB_WINDOW)
    except _DAMAGED:
        return _inflate(body, max_bytes, _RAW_WINDOW)


def _brotli(body: bytes, max_bytes: int) -> bytes:
    decompressor = brotli.Decompressor()
    decoded: bytes = decompressor.process(body, output_buffer_limit=max_bytes + 1)
    if not decompressor.is_finished() and len(decoded) <= max_bytes:
        raise EOFError("it ends too early")
    return decoded


def _unzstd(body: bytes, max_bytes: int) -> bytes:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
    with decompressor.stream_reader(io.BytesIO(body)) as reader:
        decoded = reader.read(max_bytes + 1)
    if len(decoded) <= max_bytes:
        # The bounded reader takes a frame that is cut short for a complete one; now that the size
        # is known to be harmless, the unbounded one tells.
        whole = decompressor.decompressobj()
        whole.decompress(body)
        if not whole.eof:
            raise EOFError("it ends too early")
        if whole.unused_data:
            raise EOFError("it goes on behind its end")
    return decoded


# The format's recommended minimum for decoders; a larger one is asked for only to exhaust memory.
_ZSTD_WINDOW_BYTES = 8 * 1024**2

_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate_any,
    "br": _brotli,
    "zstd": _unzstd,
}
