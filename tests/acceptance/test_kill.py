"""
kill -9 of every process under load: what was acknowledged is stored once, and the counts agree.

The moments are random and the same in each run: a kill comes after so many further acknowledged
events, since a number of seconds would mean something else on every machine.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import uuid
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx
import pytest

from acceptance.mesher_process import MesherProcess, wait_for
from captures import read_captures

KINDS = ("supervisor", "web", "digest", "jobs", "postgres")
KILLS_OF_EACH = 2  # ten in all
# A kill comes after so many more acknowledged events: from the midst of a restart to steady load.
EVENTS_BETWEEN_KILLS = range(5, 300)
SENDERS = 4
SEED = 20261124
# An answer that takes longer than this is not waited for: its event may or may not be stored.
ANSWER_SECONDS = 5.0
# A sender whose server is away looks again this often.
RETRY_SECONDS = 0.05


class Load:
    """Threads that send captured events under ids of their own, until told to stop."""

    def __init__(self, dsn: str) -> None:
        """``dsn`` is valid across restarts of Mesher."""
        self.acknowledged: list[str] = []  # list.append is atomic
        target = urlsplit(dsn)
        self._url = (
            f"{target.scheme}://{target.netloc.rpartition('@')[2]}/api{target.path}/envelope/"
        )
        self._key = target.username
        # The header's id counts, not the one in the captured event.
        self._events = [
            capture.body.split(b"\n", 1)[1]
            for capture in read_captures()
            if capture.meta["item_types"] == ["event"] and not capture.meta["content_encoding"]
        ]
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(i,)) for i in range(SENDERS)]

    def __enter__(self) -> Self:
        """Begin to send."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop after the requests in hand."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for_acknowledged(self, count: int) -> None:
        """Return once so many more events were acknowledged."""
        wanted = len(self.acknowledged) + count
        wait_for(f"{count} more acknowledged events", lambda: len(self.acknowledged) >= wanted)

    def _send(self, number: int) -> None:
        chance = random.Random(SEED + number)
        with httpx.Client(timeout=ANSWER_SECONDS) as client:
            while not self._stop.is_set():
                event_id = uuid.uuid4().hex
                body = b'{"event_id":"%s"}\n%s' % (event_id.encode(), chance.choice(self._events))
                try:
                    answer = client.post(self._url, params={"sentry_key": self._key}, content=body)
                except httpx.TransportError:
                    self._stop.wait(RETRY_SECONDS)
                    continue
                assert answer.status_code in {200, 503}, answer.text
                if answer.status_code == 200:
                    self.acknowledged.append(event_id)


def _kill(mesher: MesherProcess, kind: str) -> None:
    """Kill with -9; a supervisor is started again, the others are the supervisor's affair."""
    if kind == "supervisor":
        mesher.kill()
        mesher.start()
        return
    pid = wait_for(f"the {kind} process", lambda: _find_child(mesher.pid, kind))
    os.kill(pid, signal.SIGKILL)
    wait_for(f"another {kind} process", lambda: _find_child(mesher.pid, kind) not in {None, pid})


def _find_child(parent: int, kind: str) -> int | None:
    """The supervisor's child of that kind."""
    for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_text("utf-8").split("\0")
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        # /…/bin/postgres -D …, and: python -m mesher.child digest:0
        if any(Path(word).name.partition(":")[0] == kind for word in words):
            return int(pid)
    return None


@pytest.mark.timeout(600)
def test_after_ten_kills_under_load_every_acknowledged_event_is_stored_once(
    stopped_mesher: MesherProcess,
) -> None:
    mesher = stopped_mesher
    mesher.start()
    chance = random.Random(SEED)
    kinds = list(KINDS) * KILLS_OF_EACH
    chance.shuffle(kinds)
    with Load(mesher.ready["dsn"]) as load:
        for kind in kinds:
            load.wait_for_acknowledged(chance.choice(EVENTS_BETWEEN_KILLS))
            _kill(mesher, kind)
        load.wait_for_acknowledged(100)
    assert mesher.stop() == 0, mesher.log()
    mesher.start()
    mesher.wait_until_digested()

    stored = [row[0].hex for row in mesher.query("SELECT id FROM events")]
    assert len(stored) == len(set(stored))
    # More may be stored than was acknowledged: an answer can be lost on its way.
    assert set(load.acknowledged) <= set(stored)
    assert mesher.query("SELECT sum(event_count) FROM issues") == [(len(stored),)]
    ledger = dict(
        mesher.query("SELECT outcome, sum(quantity)::bigint FROM outcomes GROUP BY outcome")
    )
    assert ledger == {"accepted": len(stored), "stored": len(stored)}
    assert mesher.query("SELECT reason FROM quarantine") == []
