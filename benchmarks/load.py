"""
Load of real SDK requests: every event has an id of its own, and exactly K groups result.

The bodies in ``data`` are error events as SDKs sent them. Of each, the envelope header gets a new
event id and time per request; the event itself is made once per group, with the group's name in its
exception type, its value and its newest in-app function, whichever of them a server groups by. How
the SDK compresses, authenticates and frames its requests stays as it was.

A compressed body need not be compressed again for each event: deflate streams can be joined where
one was flushed, so a fresh header is put before the event's ready-made rest. A request so costs
microseconds, and the generator takes little of the machine that it shares with what it measures.
"""

from __future__ import annotations

import json
import selectors
import socket
import time
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mesher.protocol.encoding import decode_body

DATA = Path(__file__).parent / "data"
# Python's SDK compresses with level 9, Node's with 6; between them what is sent differs by 1 %.
GZIP_LEVEL = 9
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"  # no name, no time: RFC 1952, 2.3
RAW_DEFLATE = -15  # zlib's spelling of "no header, no checksum"
MAX_DECODED_BYTES = 1024**2
# Far above any answer's time; a server that hangs ends the run with an error.
SOCKET_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Load:
    """What to send, and how fast."""

    dsn: str
    events: int
    groups: int
    connections: int
    rate: float = 0.0  # events/s; 0 = each connection sends as soon as it was answered


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What came back; the lists go by the order of the answers."""

    event_ids: list[str]  # of the events that were answered 200
    seconds: list[float]  # until the answer; with a rate: since the event was due
    refused: dict[int, int]  # other statuses, with their number
    started: float  # time.time() of the first request
    ended: float  # of the last answer


def send_load(load: Load) -> Answers:
    """Send the whole load over ``load.connections`` connections, and time each answer."""
    return _Sender(load).run()


class _Template:
    """One captured request for one group: all bytes but those of the envelope header."""

    def __init__(self, meta: dict[str, Any], body: bytes, group: str, dsn: str) -> None:
        target = urlsplit(dsn)
        self._coding = meta["content_encoding"] or ""
        header, item, payload = decode_body(body, self._coding, max_bytes=MAX_DECODED_BYTES).split(
            b"\n", 2
        )
        self._envelope_header = json.loads(header)
        if "dsn" in self._envelope_header:
            self._envelope_header["dsn"] = dsn
        event = json.dumps(_event_of_group(json.loads(payload), group), separators=(",", ":"))
        item_header = json.loads(item)
        if "length" in item_header:
            item_header["length"] = len(event.encode())
        self._rest = f"{json.dumps(item_header)}\n{event}\n".encode()
        if self._coding == "gzip":
            compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, RAW_DEFLATE)
            self._deflated_rest = compressor.compress(self._rest) + compressor.flush()
        self._head = _request_head(meta, target.username or "", target.path, target.netloc)
        self._chunked = meta["transfer_encoding"] == "chunked"

    def request(self, event_id: str, sent_at: str) -> bytes:
        """The bytes of one HTTP request."""
        header = self._envelope_header | {"event_id": event_id, "sent_at": sent_at}
        line = json.dumps(header, separators=(",", ":")).encode() + b"\n"
        body = self._gzip(line) if self._coding == "gzip" else line + self._rest
        if self._chunked:
            return b"%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (
                self._head, len(body), body
            )  # fmt: skip
        return b"%sContent-Length: %d\r\n\r\n%s" % (self._head, len(body), body)

    def _gzip(self, line: bytes) -> bytes:
        compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, RAW_DEFLATE)
        # A full flush ends at a whole byte, and what follows does not refer back across it.
        deflated = compressor.compress(line) + compressor.flush(zlib.Z_FULL_FLUSH)
        checksum = zlib.crc32(self._rest, zlib.crc32(line))
        length = len(line) + len(self._rest)
        trailer = checksum.to_bytes(4, "little") + length.to_bytes(4, "little")
        return GZIP_HEADER + deflated + self._deflated_rest + trailer


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


def _request_head(meta: dict[str, Any], key: str, dsn_path: str, host: str) -> bytes:
    prefix, _, project = dsn_path.rpartition("/")
    sent = {name.lower(): value for name, value in meta["headers"]}
    client = sent.get("user-agent", "sentry.load/1").split(" ")[0]
    path = f"{prefix}/api/{project}/envelope/"
    headers = {"Host": host.rpartition("@")[2]}
    if "sentry_key=" in meta["query"]:
        path += f"?sentry_version=7&sentry_key={key}&sentry_client={client}"
    else:
        headers["X-Sentry-Auth"] = (
            f"Sentry sentry_key={key}, sentry_version=7, sentry_client={client}"
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


def _make_templates(load: Load) -> list[_Template]:
    """At least one template per group, and every captured request in use where groups suffice."""
    captured = [
        (json.loads(path.read_text("utf-8")), path.with_suffix(".body").read_bytes())
        for path in sorted(DATA.glob("*.json"))
    ]
    return [
        _Template(*captured[number % len(captured)], _group_name(number), load.dsn)
        for number in range(load.groups)
    ]


class _Connection:
    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=SOCKET_TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.event_id = ""
        self.due = 0.0
        self.received = b""

    def read_answer(self) -> int | None:
        """The status, once the answer is complete."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed a connection without an answer")
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) < length:
            return None
        self.received = b""
        return int(head[9:12])


class _Sender:
    def __init__(self, load: Load) -> None:
        self._load = load
        target = urlsplit(load.dsn)
        self._templates = _make_templates(load)
        self._requests = self._make_requests()
        self._selector = selectors.DefaultSelector()
        address = (target.hostname or "", target.port or 80)
        self._idle = [_Connection(address) for _ in range(load.connections)]
        for connection in self._idle:
            self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self._event_ids: list[str] = []
        self._seconds: list[float] = []
        self._refused: dict[int, int] = {}

    def run(self) -> Answers:
        started, begin, sent = time.time(), time.perf_counter(), 0
        while len(self._seconds) + sum(self._refused.values()) < self._load.events:
            while self._idle and sent < self._load.events:
                if self._seconds_until_due(begin, sent) > 0:
                    break
                self._send(self._idle.pop(), begin, sent)
                sent += 1
            more = self._idle and sent < self._load.events
            self._take_answers(
                self._seconds_until_due(begin, sent) if more else SOCKET_TIMEOUT_SECONDS
            )
        for key in list(self._selector.get_map().values()):
            key.data.socket.close()
        return Answers(
            event_ids=self._event_ids,
            seconds=self._seconds,
            refused=self._refused,
            started=started,
            ended=time.time(),
        )

    def _make_requests(self) -> Iterator[tuple[str, bytes]]:
        for number in range(self._load.events):
            event_id = uuid.uuid4().hex
            sent_at = datetime.now(UTC).isoformat()
            template = self._templates[number % len(self._templates)]
            yield event_id, template.request(event_id, sent_at)

    def _seconds_until_due(self, begin: float, number: int) -> float:
        if not self._load.rate:
            return 0.0
        return max(0.0, begin + number / self._load.rate - time.perf_counter())

    def _send(self, connection: _Connection, begin: float, number: int) -> None:
        connection.event_id, request = next(self._requests)
        rate = self._load.rate
        connection.due = begin + number / rate if rate else time.perf_counter()
        connection.socket.sendall(request)

    def _take_answers(self, timeout: float) -> None:
        for key, _ in self._selector.select(timeout):
            connection: _Connection = key.data
            status = connection.read_answer()
            if status is None:
                continue
            if status == 200:
                self._event_ids.append(connection.event_id)
                self._seconds.append(time.perf_counter() - connection.due)
            else:
                self._refused[status] = self._refused.get(status, 0) + 1
            self._idle.append(connection)
