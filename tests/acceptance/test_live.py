"""Live streams of a running Mesher with two web processes, as programs and pages use them."""

from __future__ import annotations

import contextlib
import json
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from acceptance.mesher_process import DEADLINE_SECONDS, MesherProcess, wait_for


@pytest.fixture(scope="module")
def live_mesher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MesherProcess]:
    folder = tmp_path_factory.mktemp("live")
    with MesherProcess(folder, MESHER_WEB_PROCESSES="2") as mesher:
        mesher.start()
        yield mesher
        assert mesher.stop() == 0, mesher.log()


@pytest.fixture
def project_id(live_mesher: MesherProcess) -> str:
    return str(live_mesher.ready["project_id"])


def bearer(mesher: MesherProcess) -> dict[str, str]:
    return {"authorization": f"Bearer {mesher.ready['api_token']}"}


def open_socket(mesher: MesherProcess, path: str, **options: Any) -> ClientConnection:
    address = mesher.ready["url"].replace("http", "ws", 1) + path
    return connect(address, open_timeout=DEADLINE_SECONDS, **options)


def next_of(socket: ClientConnection, *kinds: str) -> Any:
    """The next message of these types."""
    while True:
        message = json.loads(socket.recv(timeout=DEADLINE_SECONDS))
        if message["type"] in kinds:
            return message


@contextlib.contextmanager
def without_log(mesher: MesherProcess) -> Iterator[None]:
    """While this lasts, the table that streams read has another name."""
    with psycopg.connect(mesher.ready["database_url"], autocommit=True) as conn:
        conn.execute("ALTER TABLE live_log RENAME TO lost_live_log")
        try:
            yield
        finally:
            conn.execute("ALTER TABLE lost_live_log RENAME TO live_log")


class Reader(threading.Thread):
    """Reads server-sent events, until it has what it waits for."""

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(daemon=True)
        self._url, self._options = url, options
        self.messages: list[Any] = []
        self.ids: list[str] = []
        self._leaving = False
        self.start()

    def run(self) -> None:
        with (
            contextlib.suppress(httpx.HTTPError),
            httpx.stream("GET", self._url, timeout=DEADLINE_SECONDS, **self._options) as answer,
        ):
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                field, _, value = line.partition(": ")
                if field == "data":
                    self.messages.append(json.loads(value))
                elif field == "id":
                    self.ids.append(value)
                if self._leaving:
                    return

    def leave(self) -> None:
        """Close the connection with the next line."""
        self._leaving = True

    def events(self) -> list[str]:
        arrived = [one for one in self.messages if one["type"] == "events"]
        return [event["message"] for one in arrived for event in one["events"]]


def test_each_watcher_hears_each_event_on_whichever_process_it_is(
    live_mesher: MesherProcess, project_id: str
) -> None:
    """The kernel spreads connections over the two processes; eight are on one by chance of 1:128."""
    url = f"{live_mesher.ready['url']}/api/v1/projects/{project_id}/live"
    readers = [Reader(url, headers=bearer(live_mesher)) for _ in range(8)]
    wait_for("streams", lambda: all(reader.messages for reader in readers))
    texts = [f"everywhere {number}" for number in range(20)]
    for text in texts:
        assert live_mesher.post_native("events", {"message": text}).status_code == 200
    wait_for("all events", lambda: all(len(reader.events()) >= 20 for reader in readers))
    for reader in readers:
        assert sorted(reader.events()) == sorted(texts)
        reader.leave()


def test_a_stream_goes_on_behind_the_last_event_id(
    live_mesher: MesherProcess, project_id: str
) -> None:
    url = f"{live_mesher.ready['url']}/api/v1/projects/{project_id}/live"
    first = Reader(url, headers=bearer(live_mesher))
    wait_for("a stream", lambda: first.messages)
    live_mesher.post_native("events", {"message": "before"})
    wait_for("an event", first.events)
    place = next(
        cursor
        for cursor, message in zip(first.ids, first.messages, strict=False)
        if message["type"] == "events"
    )
    first.leave()
    live_mesher.post_native("events", {"message": "between"})
    again = Reader(url, headers=bearer(live_mesher) | {"last-event-id": place})
    wait_for("what was missed", again.events)
    live_mesher.post_native("events", {"message": "after"})
    wait_for("what came then", lambda: len(again.events()) >= 2)
    assert again.events() == ["between", "after"]
    again.leave()


def test_a_socket_takes_another_filter_and_says_why_it_does_not_take_one(
    live_mesher: MesherProcess, project_id: str
) -> None:
    path = f"/ws/projects/{project_id}?query=level:fatal"
    with open_socket(live_mesher, path, additional_headers=bearer(live_mesher)) as socket:
        next_of(socket, "heartbeat")
        live_mesher.post_native("events", {"message": "quiet", "level": "info"})
        live_mesher.post_native("events", {"message": "loud", "level": "fatal"})
        assert next_of(socket, "events")["events"][-1]["message"] == "loud"

        socket.send(json.dumps({"type": "filter", "query": "level:"}))
        assert next_of(socket, "error", "events")["type"] == "error"
        socket.send("no JSON")
        assert "no filter" in next_of(socket, "error", "events")["message"]

        socket.send(json.dumps({"type": "filter", "query": 'message:"only this"'}))
        wanted = {"message": "only this", "level": "info"}

        def sees_it() -> bool:
            live_mesher.post_native("events", wanted)
            return bool(next_of(socket, "events")["events"][-1]["message"] == "only this")

        wait_for("an event of the new filter", sees_it)


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"authorization": "Bearer mshr_api_wrong"}, 401)],
    ids=["nobody", "wrong token"],
)
def test_a_socket_tells_whoever_may_not_watch_and_closes(
    live_mesher: MesherProcess, project_id: str, headers: dict[str, str], status: int
) -> None:
    path = f"/ws/projects/{project_id}"
    with open_socket(live_mesher, path, additional_headers=headers) as socket:
        assert next_of(socket, "error", "heartbeat")["type"] == "error"
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=DEADLINE_SECONDS)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4000 + status


def test_a_stream_that_fails_says_so_in_the_log_and_closes(
    live_mesher: MesherProcess, project_id: str
) -> None:
    path = f"/ws/projects/{project_id}"
    with open_socket(live_mesher, path, additional_headers=bearer(live_mesher)) as socket:
        next_of(socket, "heartbeat")
        with without_log(live_mesher), pytest.raises(ConnectionClosed) as closed:
            next_of(socket, "nothing")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011
    assert "live_socket_failed" in live_mesher.log()


def test_a_page_of_another_site_cannot_watch_with_its_visitor_s_session(
    live_mesher: MesherProcess, project_id: str
) -> None:
    url = live_mesher.ready["url"]
    with httpx.Client(base_url=url) as browser:
        form = {name: live_mesher.ready[name] for name in ("email", "password")}
        assert browser.post("/login", data=form).status_code == 303
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    answers = []
    for origin in ("https://evil.example", url):
        headers = {"cookie": cookie}
        path = f"/ws/projects/{project_id}"
        with open_socket(live_mesher, path, additional_headers=headers, origin=origin) as socket:
            answers.append(next_of(socket, "error", "heartbeat")["type"])
    assert answers == ["error", "heartbeat"]


def test_a_watcher_that_does_not_read_disturbs_nobody(
    live_mesher: MesherProcess, project_id: str
) -> None:
    headers = bearer(live_mesher)
    path = f"/ws/projects/{project_id}"
    with (
        open_socket(live_mesher, path, additional_headers=headers, max_queue=1) as stalled,
        open_socket(live_mesher, path, additional_headers=headers) as reading,
    ):
        next_of(reading, "heartbeat")
        bulk = [{"message": "x" * 8000, "logger": str(number)} for number in range(100)]
        for _ in range(20):
            assert live_mesher.post_native("events/bulk", bulk).status_code == 200
        seen = 0
        while seen < 2000:
            message = next_of(reading, "events", "dropped")
            told = message["events"]
            seen += len(told) if message["type"] == "events" else told
        assert seen == 2000
        assert stalled.recv(timeout=DEADLINE_SECONDS)  # it is still there


def test_events_are_sent_over_a_socket_and_acknowledged_in_order(
    live_mesher: MesherProcess, project_id: str
) -> None:
    key = httpx.URL(live_mesher.ready["dsn"]).username
    ids = [uuid.uuid4().hex for _ in range(200)]
    with open_socket(live_mesher, f"/ws/events?sentry_key={key}") as socket:
        for event_id in ids:
            socket.send(json.dumps({"event_id": event_id, "message": "by socket"}))
        answers = [json.loads(socket.recv(timeout=DEADLINE_SECONDS)) for _ in ids]
        assert answers == [{"status": 200, "id": event_id} for event_id in ids]

        socket.send(json.dumps({"message": "x", "tags": {"region": 5}}))
        refused = json.loads(socket.recv(timeout=DEADLINE_SECONDS))
        assert (refused["status"], "tags" in refused["field"]) == (400, True)
        socket.send("no JSON")
        assert json.loads(socket.recv(timeout=DEADLINE_SECONDS))["status"] == 400
        socket.send(json.dumps({"message": "still here"}))
        assert json.loads(socket.recv(timeout=DEADLINE_SECONDS))["status"] == 200

    def stored() -> bool:
        path = f"{live_mesher.ready['url']}/api/v1/projects/{project_id}/events/{ids[-1]}"
        return httpx.get(path, headers=bearer(live_mesher)).status_code == 200

    wait_for("the last event", stored)


def test_events_over_a_socket_need_a_key(live_mesher: MesherProcess) -> None:
    with open_socket(live_mesher, "/ws/events?sentry_key=" + "0" * 32) as socket:
        socket.send(json.dumps({"message": "x"}))
        assert json.loads(socket.recv(timeout=DEADLINE_SECONDS))["status"] == 403


def test_open_streams_do_not_hold_up_the_end(tmp_path: Path) -> None:
    with MesherProcess(tmp_path) as mesher:
        mesher.start()
        headers = bearer(mesher)
        organization = httpx.get(
            f"{mesher.ready['url']}/api/v1/organizations", headers=headers
        ).json()["items"][0]
        path = f"/ws/organizations/{organization['id']}"
        with open_socket(mesher, path, additional_headers=headers) as socket:
            next_of(socket, "heartbeat")
            assert mesher.stop() == 0
            with pytest.raises(ConnectionClosed):
                next_of(socket, "events")
