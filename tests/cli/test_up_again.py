"""``mesher up`` on a data directory that was used before, and under other addresses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psycopg
import pytest

from cli.running import count_projects, memory_folder, start

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what an operator may ask for


class Kept(NamedTuple):
    """What a first start left behind."""

    data_dir: Path
    ready: dict[str, Any]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """A data directory that the tests share, in which a Mesher ran and was stopped."""
    with memory_folder() as data_dir:
        folder = tmp_path_factory.mktemp("up")
        first = start(folder, "up", "--data-dir", data_dir, "--port", "0")
        assert first.stop() == 0
        yield Kept(data_dir, first.ready)


def test_a_second_start_keeps_everything_and_says_the_same(kept, serve):
    port = httpx.URL(kept.ready["url"]).port
    second = serve("up", "--data-dir", kept.data_dir, "--port", port)

    assert second.ready == kept.ready
    assert count_projects(second) == 1


def test_a_changed_password_is_not_told_any_more(kept, serve):
    first = serve("up", "--data-dir", kept.data_dir, "--port", "0")
    with psycopg.connect(first.ready["database_url"]) as conn:
        [kept_hash] = conn.execute("SELECT password_hash FROM users").fetchone()
        conn.execute("UPDATE users SET password_hash = 'another'")
    assert first.stop() == 0

    second = serve("up", "--data-dir", kept.data_dir, "--port", "0")

    assert (second.ready["email"], second.ready["password"]) == (None, None)
    assert second.ready["dsn"]
    assert "Log in with your account" in second.output
    with psycopg.connect(second.ready["database_url"]) as conn:
        conn.execute("UPDATE users SET password_hash = %s", [kept_hash])


def test_asked_to_end_it_ends_with_all_its_processes(kept, serve):
    running = serve("up", "--data-dir", kept.data_dir, "--port", "0")
    names = ("web:0", "digest:0", "jobs", "bin/postgres")
    running.wait_until(lambda: all(running.child(name) for name in names))
    children = [running.child(name) for name in names]

    assert running.stop() == 0

    assert not any(Path("/proc", str(child)).exists() for child in children)


def test_a_start_right_after_a_kill_takes_over_the_same_port(kept, serve):
    first = serve("up", "--data-dir", kept.data_dir, "--port", "0")
    before = first.ready
    first.kill()

    second = serve("up", "--data-dir", kept.data_dir, "--port", httpx.URL(before["url"]).port)

    assert second.ready == before
    assert count_projects(second) == 1


def test_a_database_of_ones_own_is_used_instead(database_url, serve, tmp_path):
    running = serve("up", "--data-dir", tmp_path, "--port", "0", MESHER_DATABASE_URL=database_url)

    assert running.ready["database_url"] == database_url
    assert count_projects(running) == 1
    assert not (tmp_path / "postgres").exists()


def test_listening_everywhere_the_dsn_names_a_host_that_others_reach(kept, serve):
    ready = serve("up", "--data-dir", kept.data_dir, "--port", "0", "--host", EVERYWHERE).ready

    assert httpx.URL(ready["url"]).host not in {EVERYWHERE, "127.0.0.1", "localhost"}
    assert httpx.URL(ready["dsn"]).host == httpx.URL(ready["url"]).host
    assert httpx.get(f"{ready['url']}/health/ready").status_code == 200


def test_the_address_that_the_operator_names_goes_into_the_dsn(kept, serve):
    ready = serve(
        "up", "--data-dir", kept.data_dir, "--port", "0", MESHER_URL="https://errors.example.com/"
    ).ready

    assert ready["url"] == "https://errors.example.com"
    assert ready["dsn"].endswith("@errors.example.com/1")
