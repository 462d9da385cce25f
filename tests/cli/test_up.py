"""``mesher up``: from nothing to served requests, and what stops it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from cli.running import Running, count_projects, memory_folder, start
from mesher.cli.welcome import Ready


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """Of the Mesher that the tests share."""
    with memory_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def running(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A first start, which the tests share; each leaves it as good as it was."""
    running = start(tmp_path_factory.mktemp("up"), "up", "--data-dir", data_dir, "--port", "0")
    yield running
    running.stop()


def test_the_ready_file_has_all_that_a_client_needs(running):
    ready = running.ready

    assert set(ready) == set(Ready.__struct_fields__)
    assert None not in ready.values()
    assert httpx.get(f"{ready['url']}/health/ready").status_code == 200
    key, number = httpx.URL(ready["dsn"]).username, ready["project_number"]
    assert ready["dsn"] == f"{ready['url'].replace('//', f'//{key}@')}/{number}"
    answer = httpx.get(
        f"{ready['url']}/api/v1/projects/{ready['project_id']}/issues",
        headers={"Authorization": f"Bearer {ready['api_token']}"},
    )
    assert answer.status_code == 200


def test_the_ready_file_and_the_kept_login_are_for_their_owner_alone(running, data_dir):
    for path in (running.folder / "ready.json", data_dir / "first-login.json"):
        assert path.stat().st_mode & 0o077 == 0


def test_people_are_told_url_login_dsn_and_a_snippet(running):
    ready = running.ready
    for name in ("url", "email", "password", "dsn"):
        assert ready[name] in running.output
    assert "\x1b" not in running.output, "no colours in a file"
    snippet = running.output[running.output.index("import sentry_sdk") :].partition("\n\nEvery")[0]
    compile(snippet, "snippet.py", "exec")
    assert f'dsn="{ready["dsn"]}"' in snippet


def test_the_printed_snippet_sends_an_event(running, tmp_path):
    snippet = running.output[running.output.index("import sentry_sdk") :].partition("\n\nEvery")[0]
    (tmp_path / "first.py").write_text(snippet)

    done = subprocess.run([sys.executable, tmp_path / "first.py"], capture_output=True, check=False)

    assert b"ZeroDivisionError" in done.stderr
    with psycopg.connect(running.ready["database_url"], autocommit=True) as conn:
        statement = "SELECT 1 FROM issues WHERE title LIKE 'ZeroDivisionError%%'"
        running.wait_until(lambda: conn.execute(statement).fetchone())


@pytest.mark.parametrize("name", ["web:0", "digest:0", "jobs", "bin/postgres"])
def test_a_killed_process_is_replaced(running, name):
    running.wait_until(lambda: running.child(name))
    killed = running.child(name)

    os.kill(killed, signal.SIGKILL)

    running.wait_until(lambda: running.child(name) not in {0, killed})
    health = f"{running.ready['url']}/health/ready"

    def is_ready() -> bool:
        try:
            return httpx.get(health).status_code == 200
        except httpx.TransportError:
            return False

    running.wait_until(is_ready)
    assert count_projects(running) == 1


def test_a_port_in_use_is_named_before_anything_is_started(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = run("up", "--data-dir", tmp_path / "data", "--port", port)

    assert done.returncode == 1
    assert f"error: cannot listen on 127.0.0.1 port {port}: Address already in use" in done.stderr
    assert "--port" in done.stderr
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_second_mesher_on_the_directory_is_refused_by_name(running, data_dir, run):
    done = run("up", "--data-dir", data_dir, "--port", "0")

    assert done.returncode == 1
    assert f"in use by another Mesher (process {running.process.pid})" in done.stderr
    assert "what to do: stop that one first" in done.stderr


def test_a_data_directory_that_cannot_be_used_is_named(run, tmp_path):
    (tmp_path / "file").touch()

    done = run("up", "--data-dir", tmp_path / "file" / "data")

    assert done.returncode == 1
    assert f"error: the data directory {tmp_path / 'file' / 'data'} cannot be used" in done.stderr
    assert "what to do:" in done.stderr


def test_a_database_that_cannot_be_reached_is_told_without_its_password(run, tmp_path):
    url = "postgresql://mesher:hunter2@127.0.0.1:1/mesher"

    done = run("up", "--data-dir", tmp_path, "--port", "0", MESHER_DATABASE_URL=url)

    assert done.returncode == 1
    assert "Connection refused" in done.stderr
    assert "MESHER_DATABASE_URL" in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_ready_file_that_cannot_be_written_is_named_before_anything_is_started(run, tmp_path):
    (tmp_path / "file").touch()

    done = run("up", "--data-dir", tmp_path / "data", "--ready-file", tmp_path / "file" / "ready")

    assert done.returncode == 1
    assert f"the ready file {tmp_path / 'file' / 'ready'} cannot be written" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_ready_file_of_an_earlier_run_is_taken_away(run, tmp_path):
    ready_file = tmp_path / "ready.json"
    ready_file.write_text("{}")
    url = "postgresql://mesher@127.0.0.1:1/mesher"

    run("up", "--data-dir", tmp_path, "--ready-file", ready_file, MESHER_DATABASE_URL=url)

    assert not ready_file.exists()
