"""The web process as a whole: without its database, and when it is told to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg import sql

from mesher.app import run_web
from mesher.embedded_postgres import EmbeddedPostgres
from mesher.errors import SetupError
from mesher.ingest.journal_sqlite import SegmentReader
from mesher.settings import Settings
from serving import Client, client, serve  # noqa: F401 - a fixture
from tenants import PASSWORD, Tenant

DEADLINE_SECONDS = 30
AWAY = "postgresql://mesher@127.0.0.1:1/mesher"  # nothing listens there


def _send_event(browser: Client, tenant: Tenant) -> httpx.Response:
    return browser.post(
        f"/api/{tenant.project.number}/store/",
        json={"message": "hello"},
        headers={"x-sentry-auth": f"Sentry sentry_key={tenant.public_key}, sentry_version=7"},
    )


def _wait_for(what: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.02)


@contextlib.contextmanager
def _outage(postgres: EmbeddedPostgres, database_url: str) -> Iterator[None]:
    """The database of one test refuses connections, and those it has are cut."""
    name = urlsplit(database_url).path.lstrip("/")
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(postgres.superuser_url, autocommit=True) as conn:
        conn.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        try:
            yield
        finally:
            conn.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def test_while_the_database_is_away_events_are_taken_and_readers_are_told(
    client: Client,  # noqa: F811 - the fixture
    postgres: EmbeddedPostgres,
    database_url: str,
) -> None:
    tenant = client.make_tenant("ada")
    _wait_for("the new key", lambda: _send_event(client, tenant).status_code == 200)
    client.post("/login", data={"email": tenant.email, "password": PASSWORD})
    token = {"authorization": f"Bearer {tenant.tokens['read']}"}

    with _outage(postgres, database_url):
        assert _send_event(client, tenant).status_code == 200
        page = client.get("/projects")
        assert page.status_code == 503
        assert "The database cannot be reached" in page.text
        api = client.get("/api/v1/projects", headers=token)
        assert (api.status_code, api.json()["code"]) == (503, "unavailable")
        assert int(api.headers["retry-after"]) > 0
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.headers["content-type"]) == (503, "application/json")
        assert client.get("/health/live").status_code == 200

    assert client.get("/projects").status_code == 200
    assert client.get("/api/v1/projects", headers=token).status_code == 200
    assert client.get("/health/ready").status_code == 200


def test_a_page_that_waits_too_long_for_the_database_is_answered_503(
    client: Client,  # noqa: F811 - the fixture
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant = client.make_tenant("ada")
    monkeypatch.setattr("mesher.app.REQUEST_SECONDS", 0.2)
    token = {"authorization": f"Bearer {tenant.tokens['read']}"}
    with psycopg.connect(database_url) as conn:
        conn.execute("LOCK TABLE projects")
        answer = client.get("/api/v1/projects", headers=token)

    assert answer.status_code == 503
    assert "took too long" in answer.text
    assert answer.headers["retry-after"]


def test_a_process_that_starts_without_the_database_takes_events_of_the_keys_it_knew(
    database_url: str, tmp_path: Path
) -> None:
    with serve(database_url, tmp_path) as before:
        tenant = before.make_tenant("ada")
        _wait_for("the new key", lambda: _send_event(before, tenant).status_code == 200)
    with serve(AWAY, tmp_path) as alone:
        assert _send_event(alone, tenant).status_code == 200
        assert alone.get("/projects").status_code == 503
    reader = SegmentReader(tmp_path / "journal" / "000")
    assert len(reader.read(0, 10, 10**6)) == 2
    reader.close()


def test_an_outdated_schema_is_not_ready_and_the_command_is_named(
    empty_database_url: str, tmp_path: Path
) -> None:
    with serve(empty_database_url, tmp_path) as found:
        answer = found.get("/api/relay/healthcheck/ready/")
        assert answer.status_code == 503
        assert "mesher migrate up" in answer.text
        assert found.get("/api/relay/healthcheck/live/").status_code == 200


def test_a_journal_that_another_process_holds_is_told(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesher.resources.JOURNAL_LOCK_SECONDS", 0.0)
    with (
        serve(database_url, tmp_path),
        pytest.raises(SetupError, match="another process"),
        serve(database_url, tmp_path),
    ):
        pass


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# What a supervisor's child does for the role "web".
_RUN = """
import os
from mesher.app import run_web
from mesher.settings import load_settings
run_web(load_settings(os.environ), 0)
"""


@pytest.fixture
def web_process(
    database_url: str, tmp_path: Path, free_port: int
) -> Iterator[subprocess.Popen[bytes]]:
    """A web process of its own, which signals can be sent to."""
    settings = {
        "MESHER_DATABASE_URL": database_url,
        "MESHER_DATA_DIR": str(tmp_path),
        "MESHER_PORT": str(free_port),
    }
    process = subprocess.Popen([sys.executable, "-c", _RUN], env={**os.environ, **settings})
    yield process
    process.kill()
    process.wait()


def _is_live(port: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/health/live").status_code == 200
    return False


def _refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_told_to_stop_it_finishes_what_is_under_way_and_takes_nothing_new(
    web_process: subprocess.Popen[bytes], free_port: int
) -> None:
    _wait_for("the process", lambda: _is_live(free_port))
    idle = httpx.Client()  # a kept-alive connection must not hold the process back
    assert idle.get(f"http://127.0.0.1:{free_port}/health/live").status_code == 200
    form = b"email=nobody%40example.com&password=x"
    head = (
        f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{free_port}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(form)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", free_port), timeout=DEADLINE_SECONDS) as under_way:
        under_way.sendall(head.encode() + form[:5])
        # Behind a further answer, so that the request has begun by the time of the signal.
        assert _is_live(free_port)
        web_process.send_signal(signal.SIGTERM)
        _wait_for("the closed port", lambda: _refuses(free_port))
        under_way.sendall(form[5:])
        answer = b"".join(iter(lambda: under_way.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 401")
    assert b"The e-mail or the password is wrong." in answer
    assert web_process.wait(DEADLINE_SECONDS) == 0
    idle.close()


def test_many_idle_connections_do_not_keep_a_new_one_out(
    web_process: subprocess.Popen[bytes], free_port: int
) -> None:
    """The server's own limit is 128, and it counts connections that SDKs merely keep alive."""
    _wait_for("the process", lambda: _is_live(free_port))
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            idle = stack.enter_context(socket.create_connection(("127.0.0.1", free_port)))
            idle.settimeout(DEADLINE_SECONDS)
            idle.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert idle.recv(4096).startswith(b"HTTP/1.1 200")
        assert _is_live(free_port)


def test_a_port_in_use_is_told(database_url: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"cannot listen on 127.0.0.1:{port}"):
            run_web(Settings(database_url=database_url, data_dir=tmp_path, port=port), 0)


def test_trusted_proxies_that_are_no_networks_are_told(database_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path, trusted_proxies="10.0.0.0/99")
    with pytest.raises(SetupError, match=r"MESHER_TRUSTED_PROXIES='10\.0\.0\.0/99'"):
        run_web(settings, 0)
