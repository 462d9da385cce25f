"""A running receive step: the real ASGI application over a real journal, without a database."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from mesher.ingest.group_commit import GroupCommitJournal
from mesher.ingest.journal import Record, decode_record
from mesher.ingest.journal_sqlite import SegmentReader
from mesher.ingest.project_keys import ProjectKeys
from mesher.ingest.quota import Quota
from mesher.ingest.receive import Receiver
from mesher.ingest.refusals import Refusals, read_refusals
from mesher.ingest.routes import IngestApp
from mesher.values.ingest_key import IngestKey
from mesher.values.ingest_settings import IngestSettings

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
    settings: IngestSettings = field(
        default_factory=IngestSettings
    )  # of the project that KEY opens

    async def _known_keys(self) -> list[IngestKey]:
        return [msgspec.structs.replace(PROJECT, settings=self.settings), OTHER_PROJECT]

    def post(self, path: str, content: bytes = b"", **options: Any) -> httpx.Response:
        """One request, as an SDK would send it."""
        return self.request("POST", path, content=content, **options)

    def post_all(self, path: str, bodies: list[bytes], **options: Any) -> list[httpx.Response]:
        """Several requests to the same process, one after the other."""
        return self.send([("POST", path, {**options, "content": body}) for body in bodies])

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request of any method."""
        return self.send([(method, path, options)])[0]

    def send(self, requests: list[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        """Several requests, each with its method, path and options, one after the other."""

        async def send() -> list[httpx.Response]:
            journal = GroupCommitJournal([self.folder / "000"], max_bytes=self.journal_limit_bytes)
            journal.start()
            keys = ProjectKeys(self._known_keys, copy_path=self.folder / "keys.json")
            await keys.start()
            refusals = Refusals(journal)
            receiver = Receiver(keys, journal, refusals=refusals, quota=Quota(), clock=self.clock)
            app = IngestApp(receiver)
            transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 1))
            try:
                async with httpx.AsyncClient(transport=transport, base_url="http://m") as client:
                    return [await client.request(m, path, **given) for m, path, given in requests]
            finally:
                await refusals.flush()
                await journal.close()

        return asyncio.run(send())

    def journal(self) -> list[Record]:
        """The record of each request that was kept so far."""
        return [record for record in self._records() if record.kind != "refusals"]

    def refusals(self) -> Counter[tuple[uuid.UUID, str, str]]:
        """How many items were refused so far, by project, category and reason."""
        counts: Counter[tuple[uuid.UUID, str, str]] = Counter()
        for record in self._records():
            for category, reason, quantity in (
                read_refusals(record) if record.kind == "refusals" else ()
            ):
                counts[record.project_id, category, reason] += quantity
        return counts

    def _records(self) -> list[Record]:
        reader = SegmentReader(self.folder / "000")
        records = [decode_record(entry.record) for entry in reader.read(0, 1000, 10**9)]
        reader.close()
        return records


@pytest.fixture
def ingest(tmp_path: Path) -> Ingest:
    return Ingest(tmp_path)


@pytest.fixture
def envelope() -> Callable[..., bytes]:
    """Builds an envelope around one event item."""

    def build(header: str = "{}", payload: str = '{"message":"hello"}') -> bytes:
        return f'{header}\n{{"type":"event"}}\n{payload}\n'.encode()

    return build
