"""A real Mesher in processes of its own, and its API as a client sees it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import psycopg

from mesher.ingest.journal import Record, decode_record
from mesher.ingest.journal_sqlite import SegmentReader, shard_paths
from mesher.ingest.journal_status import read_journal_status

T = TypeVar("T")

# Generous, since a laden machine is slow; what is waited for usually takes tenths of a second.
START_SECONDS = 60.0
DEADLINE_SECONDS = 30.0
DRAIN_SECONDS = 60.0
POLL_SECONDS = 0.02
MANY = 10**9  # records or bytes: without limit


def wait_for(what: str, look: Callable[[], T | None], *, seconds: float = DEADLINE_SECONDS) -> T:
    """What ``look`` finds, as soon as it finds something; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not seen within {seconds} s")
        time.sleep(POLL_SECONDS)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class MesherProcess:
    """``mesher up`` on a data directory; may be started again and again."""

    def __init__(self, folder: Path, **variables: str) -> None:
        """
        Nothing runs yet. ``folder`` is for the data directory, the ready file and the log;
        ``variables`` are settings: ``MESHER_WEB_PROCESSES="2"``; ``{port}`` in them is the one it listens on.
        """
        self._folder = folder
        self._port = free_port()
        self._variables = {name: text.format(port=self._port) for name, text in variables.items()}
        self._process: subprocess.Popen[bytes] | None = None
        self.ready: dict[str, Any] = {}

    def __enter__(self) -> Self:
        """Nothing is started by this; whatever runs at the end of the block is killed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill what still runs."""
        if self._process is not None:
            self.kill()

    @property
    def data_dir(self) -> Path:
        """Where this Mesher keeps everything."""
        return self._folder / "data"

    @property
    def pid(self) -> int:
        """Of the supervisor."""
        assert self._process is not None
        return self._process.pid

    @property
    def envelope_url(self) -> str:
        """Where the first project's envelopes are sent, with its key."""
        target = httpx.URL(self.ready["dsn"])
        return f"{self.ready['url']}/api{target.path}/envelope/?sentry_key={target.username}"

    def start(self) -> None:
        """Return once requests are served; ``ready`` then is the content of the ready file."""
        ready_file, log = self._folder / "ready.json", self._folder / "log"
        ready_file.unlink(missing_ok=True)
        command = [str(Path(sys.executable).parent / "mesher"), "up"]
        command += ["--data-dir", str(self.data_dir), "--port", str(self._port)]
        command += ["--ready-file", str(ready_file)]
        environ = {name: value for name, value in os.environ.items() if "MESHER_" not in name}
        environ |= self._variables
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

        def ready() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, f"Mesher ended:\n{self.log()}"
            return ready_file.exists()

        wait_for("the ready file", ready, seconds=START_SECONDS)
        self.ready = json.loads(ready_file.read_text("utf-8"))

    def stop(self) -> int:
        """End it as an operator does; returns the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(DEADLINE_SECONDS)

    def kill(self) -> None:
        """Kill the supervisor with -9; its children are its own affair."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def log(self) -> str:
        """All that it printed so far."""
        return (self._folder / "log").read_text("utf-8", "replace")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command beside it, on its data directory."""
        command = [str(Path(sys.executable).parent / "mesher"), *arguments]
        return subprocess.run(
            [*command, "--data-dir", str(self.data_dir)],
            capture_output=True,
            text=True,
            check=False,
        )

    def is_ready(self) -> bool:
        """Whether a web process reaches its database."""
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.ready['url']}/health/ready", timeout=20).status_code == 200
        return False

    def post_native(self, path: str, body: object) -> httpx.Response:
        """One request to ``/api/v1/events`` or ``/api/v1/events/bulk`` with the project's key."""
        key = httpx.URL(self.ready["dsn"]).username
        headers = {"X-Sentry-Auth": f"Sentry sentry_key={key}"}
        return httpx.post(f"{self.ready['url']}/api/v1/{path}", json=body, headers=headers)

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows that a statement gives, asked past Mesher of its database."""
        with psycopg.connect(self.ready["database_url"]) as conn:
            return conn.execute(sql, parameters).fetchall()

    def waiting_records(self) -> list[Record]:
        """What was acknowledged and not digested yet: the journal behind the committed positions."""
        positions = dict(self.query("SELECT shard, position FROM journal_positions"))
        waiting: list[Record] = []
        for shard in shard_paths(self.data_dir / "journal"):
            reader = SegmentReader(shard)
            entries = reader.read(positions.get(reader.shard_id, 0), MANY, MANY)
            waiting += [decode_record(entry.record) for entry in entries]
            reader.close()
        return waiting

    def wait_until_digested(self) -> None:
        """Return once nothing that was acknowledged waits any longer."""
        wait_for("an empty journal", lambda: not self._count_waiting(), seconds=DRAIN_SECONDS)

    def _count_waiting(self) -> int:
        positions = dict(self.query("SELECT shard, position FROM journal_positions"))
        shards = read_journal_status(self.data_dir / "journal", positions)
        return sum(shard.waiting for shard in shards)


class Api:
    """``/api/v1`` with a bearer token; each method is one request."""

    def __init__(self, ready: dict[str, Any]) -> None:
        """``ready`` is the content of a ready file."""
        self._project_id = ready["project_id"]
        self._client = httpx.Client(
            base_url=f"{ready['url']}/api/v1",
            headers={"Authorization": f"Bearer {ready['api_token']}"},
            timeout=DEADLINE_SECONDS,
        )

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def issues(self) -> list[dict[str, Any]]:
        """The first page of the project's issues, of any status."""
        return self._get(f"/projects/{self._project_id}/issues")["items"]

    def latest_event(self, issue: dict[str, Any]) -> dict[str, Any]:
        """The newest event of an issue, in full."""
        return self._get(f"/issues/{issue['id']}/events/latest")["payload"]

    def set_grouping_rules(self, rules: str) -> None:
        """Replace the rules of the project."""
        path = f"/projects/{self._project_id}/grouping/rules"
        answer = self._client.put(path, json={"rules": rules})
        assert answer.status_code == 200, answer.text

    def release(self, version: str) -> dict[str, Any]:
        """A release of the project, with its commits and deploys."""
        return self._get(f"/projects/{self._project_id}/releases/{version}")

    def wait_for_event(self, event_id: str) -> dict[str, Any]:
        """An event of the project in full, once it is stored."""
        path = f"/projects/{self._project_id}/events/{event_id}"
        wait_for("the event", lambda: self._client.get(path).status_code == 200)
        return self._get(path)["payload"]

    def wait_for_issue(self, *titles: str) -> dict[str, Any]:
        """The issue with one of these titles, once it is there."""
        return wait_for(
            f"an issue with the title {' or '.join(titles)}",
            lambda: next((issue for issue in self.issues() if issue["title"] in titles), None),
        )

    def wait_for_events(self, issue: dict[str, Any], count: int) -> None:
        """Return once an issue has so many events."""
        wait_for(f"{count} events", lambda: self._issue(issue)["event_count"] == count)

    def wait_for_status(self, issue: dict[str, Any], status: str) -> None:
        """Return once an issue has this status."""
        wait_for(f"the status {status}", lambda: self._issue(issue)["status"] == status)

    def _issue(self, issue: dict[str, Any]) -> dict[str, Any]:
        return self._get(f"/issues/{issue['id']}")

    def _get(self, path: str) -> Any:
        answer = self._client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()
