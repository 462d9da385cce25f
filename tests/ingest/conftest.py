"""A running receive step: the real ASGI application over a real journal, without a database."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from mesher.ingest.group_commit import GroupCommitJournal
from mesher.ingest.journal import Record, decode_record
from mesher.ingest.journal_sqlite import SegmentReader
from mesher.ingest.project_keys import ProjectKeys
from mesher.ingest.receive import Receiver
from mesher.ingest.routes import IngestApp
from mesher.storage.ingest_keys import IngestKey

KEY = "a3f1c29be4d84f0c9e7b5d6c81f02e4a"
OTHER_KEY = "0123456789abcdef0123456789abcdef"
PROJECT = IngestKey(public_key=KEY, project_id=uuid.UUID(int=1), project_number=1)
OTHER_PROJECT = IngestKey(public_key=OTHER_KEY, project_id=uuid.UUID(int=2), project_number=2)
AUTH = {"X-Sentry-Auth": f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=test/1.0"}


@dataclass
class Ingest:
    """What a test sends requests to, and where it sees what was kept."""

    folder: Path
    journal_limit_bytes: int = 10**9
    clock: Callable[[], int] = time.time_ns

    def post(self, path: str, content: bytes = b"", **options: Any) -> httpx.Response:
        """One request, as an SDK would send it."""
        return self.request("POST", path, content=content, **options)

    def post_all(self, path: str, bodies: list[bytes], **options: Any) -> list[httpx.Response]:
        """Several requests to the same process, one after the other."""
        return self._send([("POST", path, {**options, "content": body}) for body in bodies])

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request of any method."""
        return self._send([(method, path, options)])[0]

    def _send(self, requests: list[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        async def send() -> list[httpx.Response]:
            journal = GroupCommitJournal([self.folder / "000"], max_bytes=self.journal_limit_bytes)
            journal.start()
            keys = ProjectKeys(_known_keys, copy_path=self.folder / "keys.json")
            await keys.start()
            app = IngestApp(Receiver(keys, journal, clock=self.clock))
            transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 1))
            try:
                async with httpx.AsyncClient(transport=transport, base_url="http://m") as client:
                    return [await client.request(m, path, **given) for m, path, given in requests]
            finally:
                await asyncio.to_thread(journal.close)

        return asyncio.run(send())

    def journal(self) -> list[Record]:
        """All records that were kept so far."""
        reader = SegmentReader(self.folder / "000")
        records = [decode_record(entry.record) for entry in reader.read(0, 1000, 10**9)]
        reader.close()
        return records


async def _known_keys() -> list[IngestKey]:
    return [PROJECT, OTHER_PROJECT]


@pytest.fixture
def ingest(tmp_path: Path) -> Ingest:
    return Ingest(tmp_path)


@pytest.fixture
def envelope() -> Callable[..., bytes]:
    """Builds an envelope around one event item."""

    def build(header: str = "{}", payload: str = '{"message":"hello"}') -> bytes:
        return f'{header}\n{{"type":"event"}}\n{payload}\n'.encode()

    return build
