"""The receive step alone: its ASGI application in this process, over a real journal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import uvloop

from mesher.ingest.group_commit import GroupCommitJournal
from mesher.ingest.project_keys import ProjectKeys
from mesher.ingest.quota import Quota
from mesher.ingest.receive import Receiver
from mesher.ingest.refusals import Refusals
from mesher.ingest.routes import IngestApp, Scope
from mesher.values.ingest_key import IngestKey
from meter import Meter
from sdk_requests import Request

# As many requests are under way at once, and share flushes.
CONNECTIONS = 32
MAX_JOURNAL_BYTES = 8 * 1024**3


def receive_all(meter: Meter, shard: Path, key: IngestKey, requests: Sequence[Request]) -> None:
    """
    Have all requests received and appended to a new journal shard.

    Args:
        meter: the stage is ``receive``; the journal's thread is part of it.
        shard: the folder to be made.
        key: that the requests name.
        requests: each must be answered 200.
    """
    uvloop.run(_receive_all(meter, shard, key, [_scope_and_body(r) for r in requests]))


async def _receive_all(
    meter: Meter, shard: Path, key: IngestKey, calls: Sequence[tuple[Scope, bytes]]
) -> None:
    async def load_keys() -> list[IngestKey]:
        return [key]

    journal = GroupCommitJournal([shard], max_bytes=MAX_JOURNAL_BYTES)
    journal.start()
    keys = ProjectKeys(load_keys, copy_path=shard.parent / "project-keys.json")
    await keys.start()
    app = IngestApp(Receiver(keys, journal, refusals=Refusals(journal), quota=Quota()))
    source = iter(calls)
    with meter.stage("receive"):
        await asyncio.gather(*(_client(app, source) for _ in range(CONNECTIONS)))
    await journal.close()


async def _client(app: IngestApp, source: Iterator[tuple[Scope, bytes]]) -> None:
    for scope, body in source:
        await app(scope, _receiving(body), _check_accepted)


def _receiving(body: bytes) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _check_accepted(message: dict[str, Any]) -> None:
    if message.get("status", 200) != 200:
        raise RuntimeError(f"a request was answered {message['status']}")


def _scope_and_body(request: Request) -> tuple[Scope, bytes]:
    """What a server makes of the bytes of a request."""
    head, _, body = b"".join(request.parts).partition(b"\r\n\r\n")
    request_line, *lines = head.split(b"\r\n")
    target = request_line.split(b" ")[1]
    path, _, query = target.partition(b"?")
    headers = [(name.lower(), value) for name, value in (line.split(b": ", 1) for line in lines)]
    if (b"transfer-encoding", b"chunked") in headers:  # in one piece, as load.py sends it
        size, _, rest = body.partition(b"\r\n")
        body = rest[: int(size, 16)]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path.decode(),
        "query_string": query,
        "headers": headers,
        "client": ("127.0.0.1", 1),
    }
    return scope, body
