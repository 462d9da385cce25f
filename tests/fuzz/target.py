"""The ingest application without a server, and a digest that reads at once what it acknowledges."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from pathlib import Path
from typing import Any

from captures import KEY, PROJECT_NUMBER
from fuzz.mutations import Case
from mesher.ingest.digest import digest_record
from mesher.ingest.journal import decode_record
from mesher.ingest.project_keys import ProjectKeys
from mesher.ingest.quota import Quota
from mesher.ingest.receive import Receiver
from mesher.ingest.refusals import Refusals
from mesher.ingest.routes import IngestApp
from mesher.values.ingest_key import IngestKey

# What docs and protocol name; a 500 would be a bug of ours, a 503 needs a full disk.
STATUSES = frozenset([200, 201, 400, 401, 403, 404, 405, 413, 415, 429])
PROJECT = IngestKey(public_key=KEY, project_id=uuid.UUID(int=1), project_number=PROJECT_NUMBER)


class DigestingJournal:
    """``JournalWriter`` that keeps nothing: each record is digested, and a failure is raised."""

    async def append(self, record: bytes) -> None:
        """Whatever was acknowledged must be digestible."""
        digest_record(decode_record(record))

    def depth_bytes(self) -> int:
        """Nothing waits."""
        return 0


class Target:
    """What cases are sent to."""

    def __init__(self, app: IngestApp) -> None:
        self._app = app

    @classmethod
    async def open(cls, folder: Path) -> Target:
        """A fresh one."""
        keys = ProjectKeys(_known_keys, copy_path=folder / "keys.json")
        await keys.start()
        journal = DigestingJournal()
        refusals = Refusals(journal)
        return cls(IngestApp(Receiver(keys, journal, refusals=refusals, quota=Quota())))

    async def send(self, case: Case) -> int | None:
        """The status of the answer; ``None``: the path is none of ours."""
        scope = {
            "type": "http",
            "method": case.method,
            "path": case.path,
            "query_string": case.query.encode("latin-1", "replace"),
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1", "replace"))
                for name, value in case.headers
            ],
            "client": ("192.0.2.7", 1),
        }
        if not self._app.matches(scope):
            return None
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": case.body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        start, body = sent
        assert all(b"\n" not in value and b"\r" not in value for _, value in start["headers"])
        if start["status"] >= 400:
            json.loads(body["body"])
        return start["status"]


async def _known_keys() -> list[IngestKey]:
    return [PROJECT]


async def run_cases(folder: Path, cases: list[Case]) -> list[tuple[Case, object]]:
    """Send all; those whose answer is not a documented one, with what came instead."""
    target = await Target.open(folder)
    failures: list[tuple[Case, object]] = []
    for case in cases:
        try:
            async with asyncio.timeout(30):
                status = await target.send(case)
        except Exception as error:  # noqa: BLE001 - whatever comes is what is looked for
            failures.append((case, repr(error)))
        else:
            if status is not None and status not in STATUSES:
                failures.append((case, status))
    return failures


def keep(case: Case, folder: Path) -> Path:
    """Write a case down as a regression test."""
    fields = {**case._asdict(), "body": base64.b64encode(case.body).decode()}
    path = folder / f"{uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(fields)).hex[:12]}.json"
    path.write_text(json.dumps(fields, indent=1) + "\n", "utf-8")
    return path


def read(path: Path) -> Case:
    """What ``keep`` wrote."""
    fields = json.loads(path.read_text("utf-8"))
    fields["headers"] = [(name, value) for name, value in fields["headers"]]
    return Case(**{**fields, "body": base64.b64decode(fields["body"])})
