"""
How long after it was sent an event is told to those who watch live.

Starts a Mesher of its own in a temporary folder and sends at a fixed rate, while some WebSockets
watch the project, one of which never reads. An event counts as told when the message is in the hands of
the slowest of the others, from when it was due to be sent.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from uuid import UUID

from websockets.sync.client import ClientConnection, connect

from figures import Figures, percentile_ms, print_runs
from load import Load, send_load
from mesher_up import started_mesher, temporary_folder

WATCHERS = 3
# After the last answer; far above the goal.
LAST_SECONDS = 60.0


def main() -> None:
    """Measure and print; exits 1 when an acknowledged event is not told, or told twice."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=float, default=500, help="events/s")
    parser.add_argument("--seconds", type=float, default=15, help="of sending, in each run")
    parser.add_argument("--runs", type=int, default=1)
    arguments = parser.parse_args()
    with temporary_folder() as folder, started_mesher(folder) as mesher:
        load = Load(
            dsn=mesher.ready["dsn"],
            events=int(arguments.rate * arguments.seconds),
            groups=50,
            connections=32,
            rate=arguments.rate,
        )
        address = mesher.ready["url"].replace("http", "ws", 1)
        address += f"/ws/projects/{mesher.ready['project_id']}"
        token = mesher.ready["api_token"]
        print_runs([_measure(address, token, load) for _ in range(arguments.runs)])


class _Watcher(threading.Thread):
    """Notes when each event is told."""

    def __init__(self, address: str, token: str, expected: int) -> None:
        super().__init__(daemon=True)
        self._socket = _open(address, token)
        self._expected = expected
        self.told: dict[UUID, float] = {}
        self.twice = self.dropped = 0

    def run(self) -> None:
        while len(self.told) + self.dropped < self._expected:
            message = json.loads(self._socket.recv())
            now = time.time()
            if message["type"] == "events":
                for event in message["events"]:
                    event_id = UUID(event["id"])
                    self.twice += event_id in self.told
                    self.told.setdefault(event_id, now)
            elif message["type"] == "dropped":
                self.dropped += message["events"]
        self._socket.close()


def _open(address: str, token: str) -> ClientConnection:
    headers = {"authorization": f"Bearer {token}"}
    socket = connect(address, additional_headers=headers, legacy=True)
    socket.recv()  # where it begins
    return socket


def _measure(address: str, token: str, load: Load) -> Figures:
    stalled = _open(address, token)
    watchers = [_Watcher(address, token, load.events) for _ in range(WATCHERS)]
    for watcher in watchers:
        watcher.start()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        answers = pool.submit(send_load, load).result()
    deadline = time.monotonic() + LAST_SECONDS
    for watcher in watchers:
        watcher.join(max(0.0, deadline - time.monotonic()))
    stalled.close()
    if any(len(one.told) + one.dropped < load.events or one.twice for one in watchers):
        sys.exit(f"told: {[(len(one.told), one.dropped, one.twice) for one in watchers]}")
    told = [
        max(watcher.told.get(UUID(event_id), 0) for watcher in watchers) - sent
        for event_id, sent in zip(answers.event_ids, answers.sent, strict=True)
    ]
    seconds = sorted(told)
    return {
        "events": len(seconds),
        "dropped": sum(watcher.dropped for watcher in watchers),
        "told_p50_ms": percentile_ms(seconds, 0.50),
        "told_p99_ms": percentile_ms(seconds, 0.99),
        "told_max_ms": percentile_ms(seconds, 1.0),
    }


if __name__ == "__main__":
    main()
