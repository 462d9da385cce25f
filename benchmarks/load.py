"""
Sends the requests of ``sdk_requests`` over many connections, and times each answer.

All requests are made before the clock starts. In the run the generator only sends and reads, since
it shares the machine with what it measures; what it took of a core is among the answers.
"""

from __future__ import annotations

import math
import select
import socket
import time
from collections import Counter, deque
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from sdk_requests import Request, make_requests

# Far above any answer's time; a server that hangs ends the run with an error.
ANSWER_SECONDS = 60.0
# Answers are some hundred bytes, and a refusal some hundred more.
RECEIVE_BYTES = 16 * 1024


@dataclass(frozen=True, kw_only=True)
class Load:
    """What to send, and how fast."""

    dsn: str
    events: int  # at most; each takes about a kilobyte of memory before the run
    groups: int
    connections: int  # at most, opened as they are needed
    rate: float = 0.0  # events/s; 0 = each connection sends as soon as it was answered
    seconds: float = math.inf  # nothing is sent after this time
    behind_proxy: bool = False  # see ``make_requests``


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What came back; the lists go by the order of the answers."""

    event_ids: list[str]  # of the events that were answered 200
    seconds: list[float]  # until the answer; with a rate: since the event was due
    sent: list[float]  # time.time() at which each of these events was sent; with a rate: was due
    refused: dict[int, int]  # other statuses, with their number
    started: float  # time.time() of the first request
    ended: float  # of the last answer
    cpu_seconds: float  # of the generator, between the two


def send_load(load: Load) -> Answers:
    """
    Send the load, and wait for its answers.

    Raises:
        ConnectionError: the server closes a connection that waits for an answer.
        TimeoutError: no answer comes within ``ANSWER_SECONDS``.
    """
    return _Sender(load).run()


class _Answer(NamedTuple):
    status: int
    length: int  # of the body
    closes: bool  # the server closes the connection behind it


class _Connection:
    def __init__(self, address: tuple[str, int], epoll: select.epoll) -> None:
        self._epoll = epoll
        self._received = b""
        self._unsent = b""
        self.socket = socket.create_connection(address, timeout=ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.event_id = ""  # of the request that waits for its answer; empty: none does
        self.due = 0.0
        epoll.register(self.socket, select.EPOLLIN)

    def send(self, request: Request, due: float) -> None:
        self.event_id, self.due = request.event_id, due
        sent = self.socket.sendmsg(request.parts)
        if sent < sum(map(len, request.parts)):
            self._unsent = b"".join(request.parts)[sent:]
            self._epoll.modify(self.socket, select.EPOLLIN | select.EPOLLOUT)

    def send_more(self) -> None:
        """Go on with a request that did not fit into the socket's buffer."""
        self._unsent = self._unsent[self.socket.send(self._unsent) :]
        if not self._unsent:
            self._epoll.modify(self.socket, select.EPOLLIN)

    def read_answer(self) -> _Answer | None:
        """The answer, once it is complete."""
        data = self.socket.recv(RECEIVE_BYTES)
        if not data:
            raise ConnectionError("the server closed a connection without an answer")
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return None
        answer = _parse_head(head)
        if len(body) < answer.length:
            return None
        self._received = b""
        return answer


@lru_cache
def _parse_head(head: bytes) -> _Answer:
    """Most answers of one second begin with the same bytes."""
    lines = head.lower().split(b"\r\n")
    fields = dict(line.split(b": ", 1) for line in lines[1:])
    return _Answer(
        status=int(lines[0][9:12]),
        length=int(fields[b"content-length"]),
        closes=fields.get(b"connection") == b"close",
    )


class _Sender:
    def __init__(self, load: Load) -> None:
        self._load = load
        self._requests = list(
            make_requests(
                load.dsn, events=load.events, groups=load.groups, behind_proxy=load.behind_proxy
            )
        )
        target = urlsplit(load.dsn)
        self._address = (target.hostname or "", target.port or 80)
        self._epoll = select.epoll()
        self._open: dict[int, _Connection] = {}  # by file number
        # Taken from the front, so that none is so long without a request that the server closes it.
        self._idle: deque[_Connection] = deque()
        self._sent = 0
        self._waiting = 0  # requests without an answer
        self._event_ids: list[str] = []
        self._seconds: list[float] = []
        self._dues: list[float] = []
        self._refused: Counter[int] = Counter()

    def run(self) -> Answers:
        cpu_began = time.process_time()
        started, self._begin = time.time(), time.perf_counter()
        while self._has_more() or self._waiting:
            self._send_due()
            self._take_answers()
        ended, cpu_seconds = time.time(), time.process_time() - cpu_began
        for connection in list(self._open.values()):
            self._close(connection)
        return Answers(
            event_ids=self._event_ids,
            seconds=self._seconds,
            sent=[started + due - self._begin for due in self._dues],
            refused=dict(self._refused),
            started=started,
            ended=ended,
            cpu_seconds=cpu_seconds,
        )

    def _has_more(self) -> bool:
        is_over = time.perf_counter() - self._begin > self._load.seconds
        return self._sent < len(self._requests) and not is_over

    def _can_send(self) -> bool:
        return self._waiting < self._load.connections and self._has_more()

    def _send_due(self) -> None:
        while self._can_send() and self._seconds_until_due() <= 0:
            connection = self._idle.popleft() if self._idle else self._connect()
            rate = self._load.rate
            due = self._begin + self._sent / rate if rate else time.perf_counter()
            connection.send(self._requests[self._sent], due)
            self._sent += 1
            self._waiting += 1

    def _seconds_until_due(self) -> float:
        if not self._load.rate:
            return 0.0
        return self._begin + self._sent / self._load.rate - time.perf_counter()

    def _take_answers(self) -> None:
        timeout = ANSWER_SECONDS
        if self._can_send():
            # epoll counts in milliseconds, and would be late by one.
            select.select([self._epoll], [], [], max(0.0, self._seconds_until_due()))
            timeout = 0.0
        elif not self._waiting:
            return  # the time is over since the loop looked
        ready = self._epoll.poll(timeout)
        if not ready and timeout:
            raise TimeoutError(f"no answer within {ANSWER_SECONDS:.0f} seconds")
        for number, mask in ready:
            connection = self._open[number]
            if mask & select.EPOLLOUT:
                connection.send_more()
            if not connection.event_id:  # the server closes what has been idle for long
                self._idle.remove(connection)
                self._close(connection)
            elif mask & ~select.EPOLLOUT:
                self._take_answer(connection)

    def _take_answer(self, connection: _Connection) -> None:
        answer = connection.read_answer()
        if answer is None:
            return
        self._waiting -= 1
        if answer.status == 200:
            self._event_ids.append(connection.event_id)
            self._seconds.append(time.perf_counter() - connection.due)
            self._dues.append(connection.due)
        else:
            self._refused[answer.status] += 1
        connection.event_id = ""
        if answer.closes:
            self._close(connection)
        else:
            self._idle.append(connection)

    def _connect(self) -> _Connection:
        connection = _Connection(self._address, self._epoll)
        self._open[connection.socket.fileno()] = connection
        return connection

    def _close(self, connection: _Connection) -> None:
        del self._open[connection.socket.fileno()]
        connection.socket.close()
