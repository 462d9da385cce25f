"""The embedded PostgreSQL, really started, really killed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import structlog

from mesher.embedded_postgres import EmbeddedPostgres
from mesher.embedded_postgres.binaries import find_binaries
from mesher.errors import SetupError
from mesher.processes import start, tied_to_parent
from waiting import is_running, wait_until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up its rights")

# A Mesher reduced to its database: prints the URL and waits to be killed.
OWNER = """
import sys, time
from pathlib import Path
from mesher.embedded_postgres import EmbeddedPostgres
from mesher.logs import configure_logging
configure_logging(level="info", log_format="text", process="test")
server = EmbeddedPostgres(Path(sys.argv[1]))
process = server.start()
print(process.pid, server.database_url, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data directory that every user may pass; its path is short enough for a socket."""
    # Killing a process loses nothing that was only written to memory, which is many times faster.
    memory = Path("/dev/shm")  # noqa: S108 - a folder of a random name is made in it
    path = Path(tempfile.mkdtemp(prefix="mesher-", dir=memory if memory.is_dir() else None))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def running() -> Iterator[Callable[[Path], EmbeddedPostgres]]:
    """Starts servers that are stopped when the test ends."""
    servers: list[EmbeddedPostgres] = []

    def run(data_dir: Path) -> EmbeddedPostgres:
        servers.append(EmbeddedPostgres(data_dir))
        servers[-1].start()
        return servers[-1]

    yield run
    for server in servers:
        server.stop()


@pytest.fixture
def owned() -> Iterator[Callable[[Path], tuple[subprocess.Popen[str], int, str]]]:
    """Starts servers as children of another process: gives that, the server's id and its URL."""
    owners: list[subprocess.Popen[str]] = []

    def run(data_dir: Path) -> tuple[subprocess.Popen[str], int, str]:
        command = [sys.executable, "-c", OWNER, str(data_dir)]
        owners.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        process_id, url = owners[-1].stdout.readline().split()
        return owners[-1], int(process_id), url

    yield run
    for owner in owners:
        with owner:
            owner.kill()


def query(url: str, statement: str) -> list[tuple]:
    with psycopg.connect(url, autocommit=True) as conn:
        cursor = conn.execute(statement)
        return cursor.fetchall() if cursor.description else []


def status_of(process_id: int, field: str) -> list[str]:
    lines = Path("/proc", str(process_id), "status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(f"{field}:")]
    return line.split()[1:]


def test_it_gives_a_role_that_owns_one_database_and_nothing_else(folder, running):
    server = running(folder)

    [row] = query(
        server.database_url,
        "SELECT current_user, current_database(), r.rolsuper, r.rolcreatedb, r.rolcreaterole"
        " FROM pg_roles r WHERE r.rolname = current_user",
    )

    assert row == ("mesher", "mesher", False, False, False)


def test_text_is_utf8_in_one_order_on_every_machine(folder, running):
    server = running(folder)

    assert query(server.database_url, "SELECT lower('ÄÑ'), 'Z' < 'a', 'z' < 'ä'") == [
        ("äñ", True, True)
    ]
    assert query(server.database_url, "SHOW server_encoding") == [("UTF8",)]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("listen_addresses", ""),
        ("TimeZone", "UTC"),
    ],
)
def test_it_runs_with_what_was_promised(postgres, setting, value):
    assert query(postgres.database_url, f"SHOW {setting}") == [(value,)]


def test_nobody_gets_in_without_the_password(folder, running):
    server = running(folder)
    url = urlsplit(server.database_url)

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url._replace(netloc="mesher:wrong@").geturl())


def test_what_it_keeps_is_closed_to_others(folder, running):
    running(folder)

    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder / "postgres").iterdir()}

    assert modes == {
        "data": 0o700,
        "sockets": 0o700,
        "role-password": 0o600,
        "superuser-password": 0o600,
    }
    assert (folder / "postgres").stat().st_mode & 0o777 == 0o700


def test_a_restart_keeps_the_data_and_the_login(folder, running):
    first = running(folder)
    query(first.database_url, "CREATE TABLE kept AS SELECT 1 AS n")
    first.stop()

    second = running(folder)

    assert second.database_url == first.database_url
    assert query(second.database_url, "SELECT n FROM kept") == [(1,)]


def test_committed_rows_survive_a_killed_server(folder, running):
    server = running(folder)
    query(server.database_url, "CREATE TABLE kept AS SELECT 1 AS n")
    server._process.kill()
    server._process.wait()

    server.start()

    assert query(server.database_url, "SELECT n FROM kept") == [(1,)]


def test_the_server_ends_when_its_parent_is_killed(folder, owned):
    owner, server_id, _ = owned(folder)

    owner.kill()

    wait_until(lambda: not is_running(server_id))


def test_a_start_right_after_the_parent_was_killed_waits_for_the_old_server(folder, owned, running):
    owner, _, url = owned(folder)
    query(url, "CREATE TABLE kept AS SELECT generate_series(1, 100000) AS n")
    owner.kill()

    server = running(folder)

    assert query(server.database_url, "SELECT count(*) FROM kept") == [(100000,)]


def test_a_start_after_everything_was_killed_recovers(folder, owned, running):
    owner, server_id, url = owned(folder)
    query(url, "CREATE TABLE kept AS SELECT 1 AS n")
    os.kill(server_id, signal.SIGKILL)
    owner.kill()

    server = running(folder)

    assert query(server.database_url, "SELECT n FROM kept") == [(1,)]


def test_a_pid_file_whose_number_is_another_process_now_is_no_obstacle(folder, running):
    # After a power cut the file stays, and process numbers begin anew.
    server = running(folder)
    pid_file = folder / "postgres" / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server._process.kill()
    server._process.wait()
    other = start(
        tied_to_parent(["sleep", "600"], on_parent_death=signal.SIGTERM, account=server._account),
        environ=os.environ,
    )
    pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")

    server.start()

    assert query(server.database_url, "SELECT 1") == [(1,)]
    other.kill()
    other.wait()


def test_a_second_server_in_the_same_folder_is_refused_by_name(folder, running, monkeypatch):
    first = running(folder)
    monkeypatch.setattr("mesher.embedded_postgres.PREVIOUS_SECONDS", 0.1)

    with pytest.raises(SetupError, match=rf"process {first._process.pid}\)") as refused:
        EmbeddedPostgres(folder).start()

    assert f"kill -INT {first._process.pid}" in refused.value.hint


def test_half_a_cluster_of_a_killed_first_start_is_made_anew(folder, running):
    running(folder).stop()
    (folder / "postgres" / "data").rename(folder / "postgres" / "data.new")
    (folder / "postgres" / "data.new" / "PG_VERSION").unlink()

    server = running(folder)

    assert query(server.database_url, "SELECT 1") == [(1,)]


def test_a_path_too_long_for_a_socket_leads_to_the_loopback(folder, running):
    server = running(folder / ("long" * 25))

    assert "host=127.0.0.1" in server.database_url
    assert query(server.database_url, "SELECT host(inet_server_addr())") == [("127.0.0.1",)]


@pytest.mark.parametrize("name", ["50% of ü&c?#@", "one, two", 'the "data"'])
def test_a_path_with_unusual_characters_makes_a_url_that_works(folder, running, name):
    server = running(folder / name)

    assert query(server.database_url, "SELECT 1") == [(1,)]


def test_pgport_in_the_environment_changes_nothing(folder, running, monkeypatch):
    monkeypatch.setenv("PGPORT", "5999")
    server = running(folder)

    assert query(server.database_url, "SELECT 1") == [(1,)]


def test_a_crash_inside_the_server_ends_it_with_a_warning(folder, running):
    with structlog.testing.capture_logs() as logs:
        server = running(folder)
        [(backend,)] = query(
            server.superuser_url,
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'",
        )
        os.kill(backend, signal.SIGKILL)
        wait_until(lambda: any("terminated by signal 9" in str(entry) for entry in logs))
        # The supervisor's turn: a server that restarts in itself cannot be stopped meanwhile.
        wait_until(lambda: server._process.poll() is not None)

    [crash] = [entry for entry in logs if "terminated by signal 9" in entry.get("line", "")]
    assert crash["log_level"] == "warning"


@as_root
def test_root_gives_up_its_rights(folder, running):
    server = running(folder)

    assert "0" not in status_of(server._process.pid, "Uid")
    assert status_of(server._process.pid, "CapEff") == ["0" * 16]


@as_root
def test_a_folder_closed_to_the_other_user_costs_one_capability_and_stays_closed(folder, running):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)

    server = running(closed / "data")

    assert query(server.database_url, "SELECT 1") == [(1,)]
    assert int(status_of(server._process.pid, "CapEff")[0], 16) == 1 << 2  # CAP_DAC_READ_SEARCH
    assert closed.stat().st_mode & 0o777 == 0o700
    assert closed.stat().st_uid == 0


@as_root
def test_a_container_without_that_capability_gets_by_with_another(folder):
    script = OWNER.replace("time.sleep(600)", "")
    closed = folder / "closed"
    closed.mkdir(mode=0o700)

    done = subprocess.run(
        ["setpriv", "--bounding-set=-dac_read_search", sys.executable, "-c", script, closed],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@as_root
def test_a_folder_that_nothing_opens_is_named(folder):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)

    done = subprocess.run(
        [
            "setpriv",
            "--bounding-set=-dac_read_search,-dac_override",
            sys.executable,
            "-c",
            OWNER,
            closed / "data",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    # Which user that is depends on whether Debian's PostgreSQL has ever been installed here.
    assert re.search(rf"the user \w+ may not pass {closed}", done.stderr)


@as_root
def test_data_that_root_restored_from_a_backup_is_used(folder, running):
    running(folder).stop()
    for path in [folder / "postgres", *(folder / "postgres").rglob("*")]:
        os.chown(path, 0, 0)

    server = running(folder)

    assert query(server.database_url, "SELECT 1") == [(1,)]


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(SetupError, match=str(tmp_path / "file")) as refused:
        EmbeddedPostgres(tmp_path / "file" / "data")

    assert "--data-dir" in refused.value.hint


@as_root
def test_a_full_disk_is_named_with_what_to_do(folder):
    mount = f"mount -t tmpfs -o size=8m,mode=711 tmpfs {folder}"
    in_namespace = ["unshare", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh"]
    if subprocess.run([*in_namespace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk")

    done = subprocess.run(
        [*in_namespace, sys.executable, "-c", OWNER, folder],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "No space left on device" in done.stderr
    # As the command line would show it.
    assert "SetupError: the embedded PostgreSQL in" in done.stderr


def test_data_of_an_older_version_is_run_by_that_version(tmp_path):
    (tmp_path / "PG_VERSION").write_text("16\n")

    binaries = find_binaries(tmp_path)

    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, check=True)
    assert b"(PostgreSQL) 16." in answer.stdout


def test_data_of_a_version_that_is_not_carried_is_refused(tmp_path):
    (tmp_path / "PG_VERSION").write_text("9\n")

    with pytest.raises(SetupError, match="written by PostgreSQL 9; this Mesher carries") as refused:
        find_binaries(tmp_path)

    assert "pg_dump" in refused.value.hint
