"""``mesher journal`` and ``mesher quarantine`` as they are typed."""

from __future__ import annotations

import pytest

from mesher.storage.connection import connect
from shards import Shard, refuse_message

WIDE = {"COLUMNS": "200"}


@pytest.fixture
def shard(tmp_path, database_url):
    with connect(database_url, application_name="test") as conn:
        shard = Shard(tmp_path / "journal" / "000", conn)
        yield shard
        shard.close()


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│ ").split("│")]


def test_status_shows_what_waits_by_the_database(shard, run, tmp_path, database_url):
    shard.append(b'{"message":"a"}')
    shard.drain()
    shard.append(b'{"message":"b"}', b'{"message":"c"}')

    shown = run(
        "journal", "status", "--data-dir", tmp_path, MESHER_DATABASE_URL=database_url, **WIDE
    )

    assert shown.returncode == 0, shown.stderr
    [line] = [line for line in shown.stdout.splitlines() if "000" in line]
    name, _, first, last, digested, waiting, oldest = _cells(line)
    assert [name, first, last, digested, waiting] == ["000", "1", "3", "1", "2"]
    assert oldest.startswith("0:00:")


def test_status_without_a_database_goes_by_what_digest_noted(shard, run, tmp_path):
    shard.append(b'{"message":"a"}', b'{"message":"b"}')
    shard.drain()
    shard.append(b'{"message":"c"}')

    shown = run("journal", "status", "--data-dir", tmp_path, **WIDE)

    assert shown.returncode == 0, shown.stderr
    assert "without the database" in shown.stderr
    [line] = [line for line in shown.stdout.splitlines() if "000" in line]
    assert _cells(line)[3:6] == ["3", "2", "1"]


def test_list_shows_the_reason_and_replay_stores(shard, run, database_url):
    refuse_message(shard.conn, "poison")
    shard.append(b'{"message":"poison"}', b'{"message":"a"}')
    shard.drain()
    listed = run("quarantine", "list", MESHER_DATABASE_URL=database_url, **WIDE)
    assert "no such poison" in listed.stdout

    refused = run("quarantine", "replay", MESHER_DATABASE_URL=database_url)
    assert refused.returncode == 1
    assert "entry 1 is refused again" in refused.stderr

    shard.conn.execute("DROP TRIGGER refuse ON events")
    replayed = run("quarantine", "replay", "1", MESHER_DATABASE_URL=database_url)
    assert (replayed.returncode, replayed.stdout) == (0, "entry 1: 1 stored\n")
    assert shard.messages() == ["a", "poison"]


def test_replay_of_an_entry_that_is_not_there_says_so(run, database_url):
    shown = run("quarantine", "replay", "7", MESHER_DATABASE_URL=database_url)

    assert shown.returncode == 1
    assert "there is no entry 7 in the quarantine" in shown.stderr


def test_without_any_database_the_quarantine_says_what_to_set(run, tmp_path):
    shown = run("quarantine", "list", "--data-dir", tmp_path)

    assert shown.returncode == 1
    assert "MESHER_DATABASE_URL" in shown.stderr
