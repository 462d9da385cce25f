"""A body that does not come to its end holds its own request up, for a time, and nothing else."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from mesher.ingest.group_commit import GroupCommitJournal
from mesher.ingest.project_keys import ProjectKeys
from mesher.ingest.quota import Quota
from mesher.ingest.receive import Receiver
from mesher.ingest.refusals import Refusals
from mesher.ingest.routes import IngestApp


async def _no_keys() -> list[Any]:
    return []


def _send(tmp_path, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """What is answered to these parts of a request, after which nothing comes any more."""
    parts, sent = list(messages), []

    async def receive() -> dict[str, Any]:
        if not parts:
            await asyncio.Event().wait()
        return parts.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def scenario() -> None:
        journal = GroupCommitJournal([tmp_path / "000"], max_bytes=10**9)
        keys = ProjectKeys(_no_keys, copy_path=tmp_path / "keys.json")
        refusals = Refusals(journal)
        app = IngestApp(Receiver(keys, journal, refusals=refusals, quota=Quota()))
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/1/envelope/",
            "query_string": b"",
            "headers": [],
            "client": ("192.0.2.7", 1),
        }
        await app(scope, receive, send)
        await journal.close()

    asyncio.run(scenario())
    return sent


@pytest.fixture(autouse=True)
def _short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mesher.ingest.routes.BODY_TIMEOUT_SECONDS", 0.05)


def test_it_is_answered_after_the_time_that_it_had(tmp_path):
    start, body = _send(tmp_path, {"type": "http.request", "body": b"{", "more_body": True})

    assert start["status"] == 400
    assert "was not complete after" in json.loads(body["body"])["detail"]


def test_nothing_is_sent_to_a_client_that_left(tmp_path):
    part = {"type": "http.request", "body": b"{", "more_body": True}

    assert _send(tmp_path, part, {"type": "http.disconnect"}) == []
