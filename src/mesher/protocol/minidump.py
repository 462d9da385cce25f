"""
Crash dumps of native programs (Breakpad, Crashpad, Electron): the dump, and the event around it.

    upload_file_minidump           the dump; begins with MDMP or PMDM, may be compressed
    sentry                         the event as JSON
    sentry[tags][region]           one value of it
    sentry__1, sentry__2, …        its JSON in pieces (Electron)
    __sentry-event                 the event as MessagePack (sentry-native)
    __sentry-breadcrumb1 and 2     breadcrumbs as MessagePack, one behind the other; two files in turn
"""

from __future__ import annotations

import bz2
import lzma
import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from mesher.errors import ProtocolError, TooLarge
from mesher.protocol.encoding import decode_body
from mesher.protocol.json_text import load_json
from mesher.protocol.limits import MAX_ATTACHMENT_BYTES, MAX_BREADCRUMBS, MAX_EVENT_BYTES
from mesher.protocol.msgpack_stream import split_stream
from mesher.protocol.multipart import Part

DUMP_PART = "upload_file_minidump"
EVENT_PARTS = frozenset(["__sentry-event", "__sentry-breadcrumb1", "__sentry-breadcrumb2"])

_MAGIC = (b"MDMP", b"PMDM")
# What a decoder of xz may take: the format's strongest preset needs 65 MiB.
_XZ_MEMORY_BYTES = 80 * 1024**2
_BRACKETS = re.compile(r"\[([^\[\]]{1,200})\]")
_PATH = re.compile(r"sentry((?:\[[^\[\]]{1,200}\]){1,7})")
_PIECE = re.compile(r"sentry__([0-9]{1,4})", re.ASCII)


def unwrap_minidump(data: bytes) -> bytes:
    """
    The dump itself, out of gzip, xz, bzip2 or zstd where it is wrapped in one.

    Raises:
        TooLarge: it unpacks to more than ``MAX_ATTACHMENT_BYTES``.
        ProtocolError: it is no minidump.
    """
    for magic, unpack in _WRAPPERS.items():
        if data.startswith(magic):
            data = unpack(data)
            break
    if not data.startswith(_MAGIC):
        raise ProtocolError(
            "the request holds no minidump", hint=f"send one as the file {DUMP_PART}"
        )
    return data


def minidump_event(given: dict[str, Any]) -> dict[str, Any]:
    """The event payload of a crash, from what the client says of it; ``given`` is not changed."""
    mechanism = {"type": "minidump", "synthetic": True, "handled": False}
    return {
        **given,
        "platform": "native",
        "level": "fatal",
        "exception": [
            {"mechanism": mechanism, **each} for each in _exceptions(given.get("exception"))
        ],
    }


def _exceptions(given: Any) -> list[dict[str, Any]]:
    values = given["values"] if isinstance(given, dict) and "values" in given else given
    values = values if isinstance(values, list) else [values]
    found = [value for value in values if isinstance(value, dict)]
    return found or [{"type": "Minidump", "value": "The program crashed"}]


def read_event_parts(parts: Iterable[Part]) -> dict[str, Any]:
    """
    What the parts of a form say of the event; later forms in the list above win over earlier ones.

    Raises:
        ProtocolError: a part cannot be read, or is no object.
    """
    event: dict[str, Any] = {}
    pieces: dict[int, bytes] = {}
    crumbs: list[list[Any]] = []
    for part in parts:
        if part.name == "sentry":
            _merge(event, load_json(part.data, "the part sentry"))
        elif piece := _PIECE.fullmatch(part.name):
            pieces[int(piece[1])] = part.data
        elif path := _PATH.fullmatch(part.name):
            _put(event, _BRACKETS.findall(path[1]), part.data.decode("utf-8", "replace"))
        elif part.name == "__sentry-event":
            _merge(event, _load_msgpack(part.data, part.name))
        elif part.name in EVENT_PARTS:
            values = split_stream(part.data, max_values=MAX_BREADCRUMBS)
            crumbs.append([_load_msgpack(value, part.name) for value in values])
    if pieces:
        joined = b"".join(pieces[number] for number in sorted(pieces))
        _merge(event, load_json(joined, "the parts sentry__1 and on"))
    if any(crumbs):
        # The two files are written in turn: the fuller one is the older.
        crumbs.sort(key=len, reverse=True)
        event["breadcrumbs"] = [crumb for file in crumbs for crumb in file][-MAX_BREADCRUMBS:]
    return event


def _merge(event: dict[str, Any], more: Any) -> None:
    if not isinstance(more, dict):
        raise ProtocolError("the event of the form is not an object", field="sentry")
    event.update(more)


def _put(event: dict[str, Any], path: list[str], value: str) -> None:
    """Set one value; where the way there is something else already, that stays."""
    for name in path[:-1]:
        inner = event.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        event = inner
    event.setdefault(path[-1], value)


def _load_msgpack(data: bytes, name: str) -> Any:
    if len(data) > MAX_EVENT_BYTES:
        raise TooLarge(f"the part {name} is larger than {MAX_EVENT_BYTES} bytes")
    try:
        # By way of JSON, so that dates and bytes are what they would be in an event.
        return msgspec.json.decode(msgspec.json.encode(msgspec.msgpack.decode(data)))
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
        raise ProtocolError(f"the part {name} is no MessagePack: {error}", field=name) from error


def _unwrap(coding: str) -> Callable[[bytes], bytes]:
    return lambda data: decode_body(data, coding, max_bytes=MAX_ATTACHMENT_BYTES)


def _unxz(data: bytes) -> bytes:
    return _decompress(lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES), data, "xz")


def _unbzip2(data: bytes) -> bytes:
    return _decompress(bz2.BZ2Decompressor(), data, "bzip2")


def _decompress(decoder: Any, data: bytes, coding: str) -> bytes:
    try:
        unpacked: bytes = decoder.decompress(data, MAX_ATTACHMENT_BYTES + 1)
    except (lzma.LZMAError, OSError, MemoryError) as error:
        raise ProtocolError(f"the minidump is not valid {coding}: {error}") from error
    if len(unpacked) > MAX_ATTACHMENT_BYTES:
        raise TooLarge(f"the minidump unpacks to more than {MAX_ATTACHMENT_BYTES} bytes")
    if not decoder.eof:
        raise ProtocolError(f"the minidump ends before its {coding} does")
    return unpacked


_WRAPPERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": _unwrap("gzip"),
    b"\x28\xb5\x2f\xfd": _unwrap("zstd"),
    b"\xfd7zXZ\0": _unxz,
    b"BZh": _unbzip2,
}
