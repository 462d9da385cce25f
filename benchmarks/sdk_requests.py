"""
Requests as SDKs send them: every event has an id of its own, and exactly K groups result.

The bodies in ``data`` are error events of real SDKs. Each is made once per group, sent now, with the
group's name in its exception type, its value and its newest in-app function, whichever of them a
server groups by. How the SDK compresses, authenticates and frames its requests stays as it was.

Of a request only the event id in the envelope's header and the body's checksum are new. Deflate
allows blocks that are not compressed, so the header is put in front of the event's ready-made rest as
it is; all requests of a group are equally long and share all other bytes.
"""

from __future__ import annotations

import json
import time
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from isal import isal_zlib

from mesher.protocol.encoding import decode_body

DATA = Path(__file__).parent / "data"
# Python's SDK compresses with level 9, Node's with 6; between them what is sent differs by 1 %.
GZIP_LEVEL = 9
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"  # no name, no time: RFC 1952, 2.3
RAW_DEFLATE = -15  # zlib's spelling of "no header, no checksum"
MAX_DECODED_BYTES = 1024**2
# Stands in a template for what each request has of its own, and is as long.
_EVENT_ID = b"0" * 31 + b"?"


class Request(NamedTuple):
    """One HTTP request, ready to be sent."""

    event_id: str
    parts: tuple[bytes, bytes, bytes]  # its bytes; the second is shared by the whole group


class Captured(NamedTuple):
    """One request of ``data``."""

    meta: dict[str, Any]
    body: bytes  # as it was sent, without framing
    coding: str  # Content-Encoding; may be empty

    def envelope(self) -> bytes:
        """The body, decoded."""
        return decode_body(self.body, self.coding, max_bytes=MAX_DECODED_BYTES)


def load_captured() -> list[Captured]:
    """The requests of ``data``, in order of their names."""
    found = []
    for path in sorted(DATA.glob("*.json")):
        meta = json.loads(path.read_text("utf-8"))
        body = path.with_suffix(".body").read_bytes()
        found.append(Captured(meta, body, meta["content_encoding"] or ""))
    return found


def make_requests(
    dsn: str, *, events: int, groups: int, behind_proxy: bool = False
) -> Iterator[Request]:
    """
    That many requests; each captured one is in use where there are groups enough.

    Args:
        dsn: of the project that they are for.
        events: how many.
        groups: how many issues they make, if there are as many events.
        behind_proxy: none is chunked, since a proxy reads a request as a whole and tells its length.
    """
    captured = load_captured()
    if behind_proxy:
        captured = [
            each._replace(meta=each.meta | {"transfer_encoding": None}) for each in captured
        ]
    templates = [
        _Template(captured[number % len(captured)], _group_name(number), dsn)
        for number in range(groups)
    ]
    for template in islice(cycle(templates), events):
        yield template.request(uuid.uuid4().hex)


class _Template:
    """One captured request for one group."""

    def __init__(self, captured: Captured, group: str, dsn: str) -> None:
        header, item, payload = captured.envelope().split(b"\n", 2)
        envelope_header = json.loads(header)
        if "dsn" in envelope_header:
            envelope_header["dsn"] = dsn
        envelope_header["event_id"] = _EVENT_ID.decode()
        envelope_header["sent_at"] = datetime.now(UTC).isoformat()
        self._line = json.dumps(envelope_header, separators=(",", ":")).encode() + b"\n"
        event = json.dumps(_event_of_group(json.loads(payload), group), separators=(",", ":"))
        item_header = json.loads(item)
        if "length" in item_header:
            item_header["length"] = len(event.encode())
        self._plain_rest = f"{json.dumps(item_header)}\n{event}\n".encode()
        self._is_gzip = captured.coding == "gzip"
        before, self._rest, after_bytes = b"", self._plain_rest, 0
        if self._is_gzip:
            before = GZIP_HEADER + _stored_block_header(len(self._line))
            compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, RAW_DEFLATE)
            self._rest = compressor.compress(self._plain_rest) + compressor.flush()
            after_bytes = len(self._checksum(self._line))
        length = len(before) + len(self._line) + len(self._rest) + after_bytes
        head = _request_head(captured.meta, dsn)
        if captured.meta["transfer_encoding"] == "chunked":
            head += b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % length
            self._end = b"\r\n0\r\n\r\n"
        else:
            head += b"Content-Length: %d\r\n\r\n" % length
            self._end = b""
        self._before = head + before

    def request(self, event_id: str) -> Request:
        line = self._line.replace(_EVENT_ID, event_id.encode())
        end = self._checksum(line) + self._end if self._is_gzip else self._end
        return Request(event_id, (self._before + line, self._rest, end))

    def _checksum(self, line: bytes) -> bytes:
        checksum = isal_zlib.crc32(self._plain_rest, isal_zlib.crc32(line))
        length = len(line) + len(self._plain_rest)
        return checksum.to_bytes(4, "little") + length.to_bytes(4, "little")


def _stored_block_header(length: int) -> bytes:
    """What precedes that many bytes which deflate does not compress (RFC 1951, 3.2.4)."""
    return b"\0" + length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little")


def _event_of_group(event: dict[str, Any], group: str) -> dict[str, Any]:
    """The event as if the bug with this name had raised it, just now."""
    event.pop("fingerprint", None)
    event.pop("event_id", None)  # the envelope's counts
    event["timestamp"] = time.time()
    exceptions = event["exception"]
    main = (exceptions["values"] if isinstance(exceptions, dict) else exceptions)[-1]
    main["type"] = f"{main.get('type') or 'Error'}{group}"
    main["value"] = f"{group}: {main.get('value') or ''}"
    frames = (main.get("stacktrace") or {}).get("frames") or []
    if frames:
        newest = next((frame for frame in reversed(frames) if frame.get("in_app")), frames[-1])
        newest["function"] = f"{newest.get('function') or 'run'}_{group}"
    return event


def _request_head(meta: dict[str, Any], dsn: str) -> bytes:
    target = urlsplit(dsn)
    prefix, _, project = target.path.rpartition("/")
    sent = {name.lower(): value for name, value in meta["headers"]}
    client = sent.get("user-agent", "sentry.load/1").split(" ")[0]
    path = f"{prefix}/api/{project}/envelope/"
    headers = {"Host": target.netloc.rpartition("@")[2]}
    if "sentry_key=" in meta["query"]:
        path += f"?sentry_version=7&sentry_key={target.username}&sentry_client={client}"
    else:
        headers["X-Sentry-Auth"] = (
            f"Sentry sentry_key={target.username}, sentry_version=7, sentry_client={client}"
        )
    if meta["content_encoding"]:
        headers["Content-Encoding"] = meta["content_encoding"]
    for name in ("User-Agent", "Content-Type"):
        if name.lower() in sent:
            headers[name] = sent[name.lower()]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{lines}".encode("latin-1")


def _group_name(number: int) -> str:
    """A word of letters only, since servers take numbers in messages for changing parts."""
    return "Bug" + "".join(chr(ord("a") + int(digit)) for digit in f"{number:04d}")
