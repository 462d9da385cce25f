"""A steady load of captured events, the processes to hurt meanwhile, and the audit afterwards."""

from __future__ import annotations

import os
import random
import signal
import threading
import uuid
from collections import Counter
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx

from acceptance.mesher_process import MesherProcess, wait_for
from captures import read_captures

KINDS = ("supervisor", "web", "digest", "jobs", "postgres")
SENDERS = 4
# An answer that takes longer than this is not waited for: its event may or may not be stored.
ANSWER_SECONDS = 5.0
# A sender whose server is away or refuses looks again this often.
RETRY_SECONDS = 0.05


class Load:
    """Threads that send captured events under ids of their own, until told to stop."""

    def __init__(self, dsn: str, *, seed: int) -> None:
        """``dsn`` is valid across restarts of Mesher."""
        self.acknowledged: list[str] = []  # list.append is atomic
        self.refusals: list[httpx.Response] = []
        self.unanswered: list[str] = []  # events that got no answer within ANSWER_SECONDS
        self._seed = seed
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

    def wait_for_refusal(self) -> httpx.Response:
        """The next answer that refuses an event."""
        seen = len(self.refusals)
        wait_for("a refusal", lambda: len(self.refusals) > seen)
        return self.refusals[seen]

    def _send(self, number: int) -> None:
        chance = random.Random(self._seed + number)
        with httpx.Client(timeout=ANSWER_SECONDS) as client:
            while not self._stop.is_set():
                event_id = uuid.uuid4().hex
                body = b'{"event_id":"%s"}\n%s' % (event_id.encode(), chance.choice(self._events))
                try:
                    answer = client.post(self._url, params={"sentry_key": self._key}, content=body)
                except httpx.TimeoutException:
                    self.unanswered.append(event_id)
                    continue
                except httpx.TransportError:
                    self._stop.wait(RETRY_SECONDS)
                    continue
                if answer.status_code == 200:
                    self.acknowledged.append(event_id)
                else:
                    self.refusals.append(answer)
                    self._stop.wait(RETRY_SECONDS)


def find_child(parent: int, kind: str) -> int | None:
    """The supervisor's child of that kind."""
    for pid in children(parent):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_text("utf-8").split("\0")
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        # /…/bin/postgres -D …, and: python -m mesher.child digest:0
        if any(Path(word).name.partition(":")[0] == kind for word in words):
            return pid
    return None


def children(parent: int) -> list[int]:
    """The process ids of a process's children."""
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def kill(mesher: MesherProcess, kind: str) -> None:
    """Kill with -9; a supervisor is started again, the others are the supervisor's affair."""
    if kind == "supervisor":
        mesher.kill()
        mesher.start()
        return
    pid = wait_for(f"the {kind} process", lambda: find_child(mesher.pid, kind))
    os.kill(pid, signal.SIGKILL)
    wait_for(f"another {kind} process", lambda: find_child(mesher.pid, kind) not in {None, pid})


def audit(mesher: MesherProcess, *loads: Load) -> None:
    """
    Fail unless every acknowledged event is stored once, or in the quarantine, and the books balance.
    """
    wait_for("a Mesher that is ready", mesher.is_ready)
    mesher.wait_until_digested()
    stored = Counter(row[0].hex for row in mesher.query("SELECT id FROM events"))
    assert [event_id for event_id, count in stored.items() if count > 1] == []
    # More may be stored than was acknowledged: an answer can be lost on its way.
    lost = {event_id for load in loads for event_id in load.acknowledged} - set(stored)
    quarantined = mesher.query("SELECT reason FROM quarantine")
    assert len(lost) <= len(quarantined), f"{len(lost)} events are lost, such as {min(lost)}"
    assert mesher.query("SELECT sum(event_count) FROM issues") == [(stored.total(),)]
    ledger = Counter[tuple[str, str]]()
    for outcome, reason, quantity in mesher.query("SELECT outcome, reason, quantity FROM outcomes"):
        ledger[outcome, reason] += quantity
    dropped = sum(quantity for (outcome, _), quantity in ledger.items() if outcome == "dropped")
    assert ledger["stored", ""] == stored.total()
    assert ledger["accepted", ""] == stored.total() + dropped
    assert ledger["dropped", "quarantined"] == len(quarantined)
