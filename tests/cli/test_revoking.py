"""A key that the operator revokes opens no process of a running Mesher any more."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from cli.running import memory_folder
from mesher.ingest.project_keys import REFRESH_SECONDS
from waiting import wait_until

# Enough new connections to reach each of two processes.
PROBES = 16


@pytest.fixture
def data_dir():
    with memory_folder() as folder:
        yield folder


def test_a_revoked_key_is_refused_by_every_process_within_seconds(run, serve, data_dir):
    running = serve("up", "--data-dir", data_dir, "--port", "0", MESHER_WEB_PROCESSES="2")
    ready = running.ready
    database = {"MESHER_DATABASE_URL": ready["database_url"], "MESHER_URL": ready["url"]}
    dsn = httpx.URL(run("key", "create", "my-project", "browsers", **database).stdout.strip())

    def send(_: int) -> int:
        return httpx.post(
            f"{ready['url']}/api/{ready['project_number']}/store/?sentry_key={dsn.username}",
            json={"event_id": uuid.uuid4().hex, "message": "x"},
        ).status_code

    # At once: a refusal waits for the keys to be read anew, and all at one process for the same read.
    def statuses() -> set[int]:
        with ThreadPoolExecutor(PROBES) as senders:
            return set(senders.map(send, range(PROBES)))

    wait_until(lambda: statuses() == {200}, explain=lambda: running.log)
    listed = run("key", "list", "my-project", **database).stdout.splitlines()
    key_id = next(line.split("\t")[0] for line in listed if line.endswith("browsers"))
    assert run("key", "revoke", "my-project", key_id, **database).returncode == 0
    began = time.monotonic()
    wait_until(lambda: statuses() == {403}, explain=lambda: running.log)
    assert time.monotonic() - began < 5 * REFRESH_SECONDS  # some of it on a busy machine
    assert running.stop() == 0
