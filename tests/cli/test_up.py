"""``mesher up``: from nothing to served requests, and back."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from mesher.cli.welcome import Ready

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what an operator may ask for


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory that the tests share, so that each start but one is a second start."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of a random name is made in it
    path = Path(tempfile.mkdtemp(prefix="mesher-", dir=memory if memory.is_dir() else None))
    yield path
    shutil.rmtree(path)


def count_projects(running) -> int:
    with psycopg.connect(running.ready["database_url"]) as conn:
        return conn.execute("SELECT count(*) FROM projects").fetchone()[0]


def test_the_ready_file_has_all_that_a_client_needs(kept, serve):
    ready = serve("up", "--data-dir", kept, "--port", "0").ready

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


def test_the_ready_file_and_the_kept_login_are_for_their_owner_alone(kept, serve, tmp_path):
    serve("up", "--data-dir", kept, "--port", "0")

    for path in (tmp_path / "ready.json", kept / "first-login.json"):
        assert path.stat().st_mode & 0o077 == 0


def test_people_are_told_url_login_dsn_and_a_snippet(kept, serve):
    running = serve("up", "--data-dir", kept, "--port", "0")

    ready = running.ready
    for name in ("url", "email", "password", "dsn"):
        assert ready[name] in running.output
    assert "\x1b" not in running.output, "no colours in a file"
    snippet = running.output[running.output.index("import sentry_sdk") :].partition("\n\nEvery")[0]
    compile(snippet, "snippet.py", "exec")
    assert f'dsn="{ready["dsn"]}"' in snippet


def test_the_printed_snippet_sends_an_event(kept, serve, tmp_path):
    running = serve("up", "--data-dir", kept, "--port", "0")
    snippet = running.output[running.output.index("import sentry_sdk") :].partition("\n\nEvery")[0]
    (tmp_path / "first.py").write_text(snippet)

    done = subprocess.run([sys.executable, tmp_path / "first.py"], capture_output=True, check=False)

    assert b"ZeroDivisionError" in done.stderr
    with psycopg.connect(running.ready["database_url"], autocommit=True) as conn:
        statement = "SELECT 1 FROM issues WHERE title LIKE 'ZeroDivisionError%%'"
        running.wait_until(lambda: conn.execute(statement).fetchone())


def test_a_second_start_keeps_everything_and_says_the_same(kept, serve):
    first = serve("up", "--data-dir", kept, "--port", "0")
    before = first.ready
    assert first.stop() == 0

    second = serve("up", "--data-dir", kept, "--port", httpx.URL(before["url"]).port)

    assert second.ready == before
    assert count_projects(second) == 1


def test_a_changed_password_is_not_told_any_more(kept, serve):
    first = serve("up", "--data-dir", kept, "--port", "0")
    with psycopg.connect(first.ready["database_url"]) as conn:
        [kept_hash] = conn.execute("SELECT password_hash FROM users").fetchone()
        conn.execute("UPDATE users SET password_hash = 'another'")
    assert first.stop() == 0

    second = serve("up", "--data-dir", kept, "--port", "0")

    assert (second.ready["email"], second.ready["password"]) == (None, None)
    assert second.ready["dsn"]
    assert "Log in with your account" in second.output
    with psycopg.connect(second.ready["database_url"]) as conn:
        conn.execute("UPDATE users SET password_hash = %s", [kept_hash])


def test_asked_to_end_it_ends_with_all_its_processes(kept, serve):
    running = serve("up", "--data-dir", kept, "--port", "0")
    names = ("web:0", "digest:0", "jobs", "bin/postgres")
    running.wait_until(lambda: all(running.child(name) for name in names))
    children = [running.child(name) for name in names]

    assert running.stop() == 0

    assert not any(Path("/proc", str(child)).exists() for child in children)


@pytest.mark.parametrize("name", ["web:0", "digest:0", "jobs", "bin/postgres"])
def test_a_killed_process_is_replaced(kept, serve, name):
    running = serve("up", "--data-dir", kept, "--port", "0")
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


def test_a_start_right_after_a_kill_takes_over_the_same_port(kept, serve):
    first = serve("up", "--data-dir", kept, "--port", "0")
    before = first.ready
    first.process.kill()
    first.process.wait()

    second = serve("up", "--data-dir", kept, "--port", httpx.URL(before["url"]).port)

    assert second.ready == before
    assert count_projects(second) == 1


def test_a_database_of_ones_own_is_used_instead(database_url, serve, tmp_path):
    running = serve("up", "--data-dir", tmp_path, "--port", "0", MESHER_DATABASE_URL=database_url)

    assert running.ready["database_url"] == database_url
    assert count_projects(running) == 1
    assert not (tmp_path / "postgres").exists()


def test_listening_everywhere_the_dsn_names_a_host_that_others_reach(kept, serve):
    ready = serve("up", "--data-dir", kept, "--port", "0", "--host", EVERYWHERE).ready

    assert httpx.URL(ready["url"]).host not in {EVERYWHERE, "127.0.0.1", "localhost"}
    assert httpx.URL(ready["dsn"]).host == httpx.URL(ready["url"]).host
    assert httpx.get(f"{ready['url']}/health/ready").status_code == 200


def test_the_address_that_the_operator_names_goes_into_the_dsn(kept, serve):
    ready = serve(
        "up", "--data-dir", kept, "--port", "0", MESHER_URL="https://errors.example.com/"
    ).ready

    assert ready["url"] == "https://errors.example.com"
    assert ready["dsn"].endswith("@errors.example.com/1")


def test_a_host_name_is_understood(kept, serve):
    ready = serve("up", "--data-dir", kept, "--port", "0", "--host", "localhost").ready

    assert ready["url"].startswith("http://localhost:")
    assert httpx.get(f"{ready['url']}/health/ready").status_code == 200


def test_a_port_in_use_is_named_before_anything_is_started(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = run("up", "--data-dir", tmp_path / "data", "--port", port)

    assert done.returncode == 1
    assert f"error: cannot listen on 127.0.0.1 port {port}: Address already in use" in done.stderr
    assert "--port" in done.stderr
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_second_mesher_on_the_directory_is_refused_by_name(kept, serve, run):
    running = serve("up", "--data-dir", kept, "--port", "0")

    done = run("up", "--data-dir", kept, "--port", "0")

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
