"""Releases that come into being because an event names them."""

from __future__ import annotations

import json

import pytest

from mesher.ingest import seen_releases
from mesher.storage import event_releases
from mesher.storage.connection import connect
from shards import PROJECT, Shard


@pytest.fixture
def shard(tmp_path, database_url):
    with connect(database_url, application_name="test") as conn:
        shard = Shard(tmp_path / "000", conn)
        org = conn.execute(
            "INSERT INTO organizations (name, slug) VALUES ('a', 'a') RETURNING id"
        ).fetchone()
        conn.execute(
            "INSERT INTO projects (id, org_id, name) VALUES (%s, %s, 'p')",
            (PROJECT, org[0]),
        )
        yield shard
        shard.close()


def send(shard, *releases):
    shard.append(*(json.dumps({"message": "m", "release": name}).encode() for name in releases))
    shard.drain()


def versions(shard):
    rows = shard.conn.execute(
        "SELECT r.version FROM releases AS r JOIN release_projects AS rp ON rp.release_id = r.id"
        " WHERE rp.project_id = %s ORDER BY 1",
        (PROJECT,),
    )
    return [version for (version,) in rows]


def test_the_first_event_of_a_release_makes_it(shard):
    send(shard, "shop@1", "shop@2", "shop@1")
    send(shard, "shop@2", "shop@3", None)
    assert versions(shard) == ["shop@1", "shop@2", "shop@3"]


def test_a_digester_that_has_seen_a_release_asks_no_more_for_it(shard):
    send(shard, "shop@1")
    shard.conn.execute("DELETE FROM releases")
    send(shard, "shop@1")
    assert versions(shard) == []
    shard.new_digester()
    send(shard, "shop@1")
    assert versions(shard) == ["shop@1"]


def test_a_release_of_a_batch_that_the_database_refuses_is_still_new(shard):
    shard.conn.execute("ALTER TABLE events ADD CONSTRAINT none CHECK (false) NOT VALID")
    shard.append(b'{"message":"m","release":"shop@1"}')
    shard.digester.digest_next(shard.conn)
    assert versions(shard) == []
    shard.conn.execute("ALTER TABLE events DROP CONSTRAINT none")
    shard.drain()
    assert versions(shard) == ["shop@1"]


def test_what_was_seen_is_forgotten_when_it_is_much(shard, monkeypatch):
    monkeypatch.setattr(seen_releases, "MAX_SEEN", 2)
    send(shard, "a", "b")
    send(shard, "c")
    shard.conn.execute("DELETE FROM releases")
    send(shard, "a")
    assert versions(shard) == ["a"]


def test_events_make_no_more_releases_of_a_project_than_people_could(shard, monkeypatch):
    monkeypatch.setattr(event_releases, "MAX_RELEASES_FROM_EVENTS", 1)
    send(shard, "a")
    send(shard, "b")
    assert versions(shard) == ["a"]
