"""The server of a web process, byte by byte: what it takes, what it bounds, and how it stops."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from ingest.conftest import KEY, OTHER_PROJECT, PROJECT
from mesher import server
from mesher.ingest.exchange import Exchange
from mesher.ingest.group_commit import GroupCommitJournal
from mesher.ingest.project_keys import ProjectKeys
from mesher.ingest.quota import Quota
from mesher.ingest.receive import Receiver
from mesher.ingest.refusals import Refusals
from mesher.ingest.routes import IngestApp

ANSWER_SECONDS = 20.0
EVENT = b'{"message":"hello"}'
STORE = f"POST /api/1/store/?sentry_key={KEY} HTTP/1.1\r\nhost: mesher\r\n".encode()
PAGE = b"GET /page HTTP/1.1\r\nhost: mesher\r\n\r\n"


def event_request(body: bytes = EVENT, head: bytes = b"") -> bytes:
    return b"%scontent-length: %d\r\n%s\r\n%s" % (STORE, len(body), head, body)


class Served:
    """A server in a thread, and the clients that a test makes."""

    def __init__(self, folder: Path) -> None:
        self.port = 0
        self.page_may_end = threading.Event()
        self._folder = folder
        self._clients: list[socket.socket] = []
        self._listening: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def start(self) -> None:
        self._thread.start()
        self._listening.result(ANSWER_SECONDS)

    def client(self, *parts: bytes) -> socket.socket:
        """A client that has sent something."""
        connection = socket.create_connection(("127.0.0.1", self.port), ANSWER_SECONDS)
        self._clients.append(connection)
        for part in parts:
            connection.sendall(part)
        return connection

    def ask_to_stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)

    def wait_until_stopped(self) -> None:
        self._thread.join(ANSWER_SECONDS)
        assert not self._thread.is_alive()

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.page_may_end.set()
        if self._thread.is_alive():
            self.ask_to_stop()
        self.wait_until_stopped()

    async def _run(self) -> None:
        async def known_keys() -> list[Any]:
            return [PROJECT, OTHER_PROJECT]

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        journal = GroupCommitJournal([self._folder / "000"], max_bytes=10**9)
        journal.start()
        keys = ProjectKeys(known_keys, copy_path=self._folder / "keys.json")
        await keys.start()
        receiver = Receiver(keys, journal, refusals=Refusals(journal), quota=Quota())
        ingest = IngestApp(receiver)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if ingest.matches(scope):
                await ingest(scope, receive, send)
                return
            if scope["path"] == "/slow":
                await asyncio.to_thread(self.page_may_end.wait, ANSWER_SECONDS)
            headers = [(b"content-length", b"4")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"page"})

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        serving = asyncio.ensure_future(
            server.serve(
                app,
                Exchange(receiver),
                host="127.0.0.1",
                port=self.port,
                backlog=100,
                max_connections=3,
                stop=self._stop,
            )
        )
        while not serving.done() and not await self._answers():
            pass
        self._listening.set_result(None)
        await serving
        await journal.close()

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except ConnectionRefusedError:
            return False
        writer.close()
        await writer.wait_closed()
        return True


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(server, "SWEEP_SECONDS", 0.02)
    found = Served(tmp_path)
    found.start()
    yield found
    found.close()


def read_all(client: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    found = b""
    while data := client.recv(65536):
        found += data
    return found


def read_until(client: socket.socket, end: bytes) -> bytes:
    found = b""
    while end not in found:
        data = client.recv(65536)
        assert data, found
        found += data
    return found


def send_for_ever(client: socket.socket, data: bytes) -> None:
    while True:
        client.sendall(data)


def test_a_connection_serves_events_and_pages_in_turn(served):
    client = served.client()
    for _ in range(2):
        client.sendall(event_request())
        assert read_until(client, b'"}').startswith(b"HTTP/1.1 200 OK\r\n")
        client.sendall(PAGE)
        assert read_until(client, b"page").startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_request_may_come_byte_by_byte(served):
    request = event_request()

    client = served.client(*(request[i : i + 1] for i in range(len(request))))

    assert b"200 OK" in read_until(client, b'"}')


def test_a_body_may_come_in_chunks(served):
    chunked = b"%stransfer-encoding: chunked\r\n\r\n" % STORE
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in EVENT) + b"0\r\n\r\n"

    assert b"200 OK" in read_until(served.client(chunked, chunks), b'"}')


def test_requests_that_do_not_wait_for_answers_are_answered_in_their_order(served):
    wrong = event_request(b"{}", b"authorization: Sentry sentry_key=other\r\n")
    client = served.client(event_request() + PAGE + wrong + event_request() + PAGE)
    answers = read_until(client, b"page")
    while answers.count(b"HTTP/1.1 ") < 5 or not answers.endswith(b"page"):
        answers += client.recv(65536)

    statuses = [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"200", b"401", b"200", b"200"]


def test_a_client_that_asks_first_is_told_to_go_on_with_its_body(served):
    head = b"%scontent-length: %d\r\nexpect: 100-continue\r\n\r\n" % (STORE, len(EVENT))
    client = served.client(head)
    assert read_until(client, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(EVENT)

    assert b"200 OK" in read_until(client, b'"}')


def test_a_client_of_http_1_0_gets_its_answer_and_the_connection_closed(served):
    request = event_request().replace(b"HTTP/1.1", b"HTTP/1.0")

    answer = read_all(served.client(request))

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close\r\n" in answer


def test_the_answer_to_head_has_no_body(served):
    request = event_request().replace(b"POST", b"HEAD").replace(b"HTTP/1.1", b"HTTP/1.0")

    head, _, body = read_all(served.client(request)).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 405 ")
    assert body == b""


def test_who_announces_too_large_a_body_is_told_so_and_can_read_it_while_sending(served):
    client = served.client(b"%scontent-length: 999999999999\r\n\r\n" % STORE)
    answer = read_until(client, b"}")
    client.sendall(b"x" * 100_000)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close\r\n" in answer


def test_a_body_of_unknown_length_is_read_up_to_its_limit(served, monkeypatch):
    monkeypatch.setattr(server, "MAX_REQUEST_BYTES", 1000)
    chunk = b"3e8\r\n%s\r\n" % (b"x" * 1000)

    client = served.client(b"%stransfer-encoding: chunked\r\n\r\n" % STORE, chunk, chunk)
    answer = read_until(client, b"}")
    client.sendall(b"0\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert read_all(client) == b""


def test_who_goes_on_sending_after_a_refusal_is_cut_off_in_the_end(served, monkeypatch):
    monkeypatch.setattr(server, "LINGER_SECONDS", 0.02)

    client = served.client(b"%scontent-length: 999999999999\r\n\r\n" % STORE)

    assert read_all(client).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param(b"x: %s\r\n" % (b"y" * 1000), id="headers"),
        pytest.param(b"y" * 1000, id="one header"),
    ],
)
def test_a_head_that_never_ends_is_refused(served, endless):
    client = served.client(STORE, b"first: ")
    with pytest.raises(ConnectionError):
        send_for_ever(client, endless)


def test_a_body_with_endless_framing_is_refused(served):
    client = served.client(b"%stransfer-encoding: chunked\r\n\r\n1;" % STORE)
    with pytest.raises(ConnectionError):
        send_for_ever(client, b"y" * 1000)


def test_what_is_no_http_is_refused(served):
    assert read_all(served.client(b"\x16\x03\x01\x02\x00")).startswith(b"HTTP/1.1 400 ")


def test_a_connection_that_says_nothing_is_closed(served, monkeypatch):
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.02)

    assert read_all(served.client()) == b""


def test_a_connection_that_was_used_is_closed_when_nothing_more_comes(served, monkeypatch):
    monkeypatch.setattr(server, "KEEP_ALIVE_SECONDS", 0.02)

    assert read_all(served.client(event_request())).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_body_that_does_not_come_to_its_end_is_answered(served, monkeypatch):
    monkeypatch.setattr(server, "BODY_TIMEOUT_SECONDS", 0.02)

    answer = read_until(served.client(event_request()[:-1]), b"}")

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"was not complete after" in answer


def test_a_connection_over_the_limit_is_closed_and_the_others_go_on(served):
    clients = [served.client(event_request()) for _ in range(3)]
    assert all(b"200 OK" in read_until(client, b'"}') for client in clients)

    assert read_all(served.client()) == b""

    clients[0].sendall(event_request())
    assert b"200 OK" in read_until(clients[0], b'"}')


def test_a_server_that_is_asked_to_stop_finishes_what_is_under_way(served):
    waiting = served.client(b"GET /slow HTTP/1.1\r\nhost: mesher\r\n\r\n")
    idle = served.client(event_request())
    read_until(idle, b'"}')

    served.ask_to_stop()
    assert read_all(idle) == b""
    served.page_may_end.set()

    assert read_all(waiting).endswith(b"page")
    served.wait_until_stopped()


def test_a_client_that_leaves_in_the_middle_disturbs_nobody(served):
    served.client(event_request()[:-1]).close()
    served.client(event_request()).close()

    assert b"200 OK" in read_until(served.client(event_request()), b'"}')
