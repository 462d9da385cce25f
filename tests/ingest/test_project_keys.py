"""Which keys are let in, and what happens while the database does not answer."""

from __future__ import annotations

import asyncio
import time
import uuid

import msgspec
import pytest

from mesher.errors import Forbidden, ProtocolError, Unavailable
from mesher.ingest.project_keys import ProjectKeys
from mesher.values.ingest_key import IngestKey
from mesher.values.ingest_settings import IngestSettings

KEY = "a" * 32
FIRST = IngestKey(public_key=KEY, project_id=uuid.UUID(int=1), project_number=1)

NEW = IngestKey(public_key="b" * 32, project_id=uuid.UUID(int=2), project_number=2)


class Database:
    """The table of keys, as one can change it and take it away."""

    def __init__(self, *keys: IngestKey) -> None:
        self.keys = list(keys)
        self.reads = 0
        self.away = False

    async def load(self) -> list[IngestKey]:
        self.reads += 1
        if self.away:
            raise ConnectionError("the database is away")
        return self.keys


def run(database: Database, tmp_path, steps):
    async def scenario():
        keys = ProjectKeys(database.load, copy_path=tmp_path / "keys.json")
        await keys.start()
        return await steps(keys)

    return asyncio.run(scenario())


def test_a_key_opens_its_project(tmp_path):
    assert run(Database(FIRST), tmp_path, lambda keys: keys.find(KEY, 1)) == FIRST


def test_a_path_without_a_project_takes_the_keys(tmp_path):
    assert run(Database(FIRST), tmp_path, lambda keys: keys.find(KEY, None)) == FIRST


@pytest.mark.parametrize(("key", "number"), [("b" * 32, 1), (KEY, 2)])
def test_an_unknown_key_and_a_key_of_another_project_are_refused_alike(tmp_path, key, number):
    with pytest.raises(Forbidden, match="unknown, revoked or of another project"):
        run(Database(FIRST), tmp_path, lambda keys: keys.find(key, number))


def test_a_key_of_another_length_is_malformed(tmp_path):
    with pytest.raises(ProtocolError, match="5 characters"):
        run(Database(FIRST), tmp_path, lambda keys: keys.find("short", 1))


def test_a_flood_of_unknown_keys_is_not_a_flood_of_queries(tmp_path):
    database = Database(FIRST)

    async def flood(keys: ProjectKeys) -> None:
        unknown = (keys.find(f"{number:032d}", 1) for number in range(1000))
        answers = await asyncio.gather(*unknown, return_exceptions=True)
        assert {type(answer) for answer in answers} == {Forbidden}

    run(database, tmp_path, flood)
    assert database.reads < 5


def test_a_key_made_right_after_a_refusal_is_known(tmp_path):
    """Another process makes keys; whoever has a new DSN may use it at once."""
    database = Database(FIRST)

    async def make_key_after_refusal(keys: ProjectKeys) -> IngestKey:
        with pytest.raises(Forbidden):
            await keys.find(NEW.public_key, 2)
        database.keys.append(NEW)
        return await keys.find(NEW.public_key, 2)

    assert run(database, tmp_path, make_key_after_refusal) == NEW


def test_the_known_keys_stay_in_force_while_the_database_is_away(tmp_path):
    database = Database(FIRST)

    async def lose_database(keys: ProjectKeys) -> IngestKey:
        database.away = True
        with pytest.raises(Forbidden):
            await keys.find("b" * 32, 1)
        return await keys.find(KEY, 1)

    assert run(database, tmp_path, lose_database) == FIRST


def test_a_start_without_the_database_knows_the_keys_of_the_last_run(tmp_path):
    run(Database(FIRST), tmp_path, lambda keys: keys.find(KEY, 1))
    gone = Database()
    gone.away = True

    assert run(gone, tmp_path, lambda keys: keys.find(KEY, 1)) == FIRST


def test_a_first_start_without_the_database_says_that_it_cannot_tell_yet(tmp_path):
    gone = Database()
    gone.away = True
    with pytest.raises(Unavailable):
        run(gone, tmp_path, lambda keys: keys.find(KEY, 1))


def test_the_copy_on_disk_is_readable_by_its_owner_alone(tmp_path):
    run(Database(FIRST), tmp_path, lambda keys: keys.find(KEY, 1))
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600


def test_a_database_that_hangs_keeps_no_request_waiting_and_is_asked_once(tmp_path, monkeypatch):
    """A stopped server answers nothing, not even that it is gone, and no query can be cancelled."""
    monkeypatch.setattr("mesher.ingest.project_keys.LOAD_SECONDS", 0.01)
    monkeypatch.setattr("mesher.ingest.project_keys.UNKNOWN_KEY_REFRESH_SECONDS", 0.0)
    database = Database(FIRST)

    async def steps(keys: ProjectKeys) -> None:
        resumed = asyncio.Event()

        async def hang() -> list[IngestKey]:
            database.reads += 1
            await resumed.wait()
            return [FIRST, NEW]

        keys._load = hang
        before = database.reads
        assert await keys.find(KEY, 1) == FIRST
        for _ in range(3):
            with pytest.raises(Forbidden):
                await keys.find("b" * 32, 2)
        assert database.reads == before + 1
        resumed.set()
        assert await keys.find("b" * 32, 2) == NEW

    run(database, tmp_path, steps)


def test_a_full_disk_stops_no_refresh(tmp_path):
    database = Database(FIRST)

    async def steps(keys: ProjectKeys) -> None:
        keys._copy_path = tmp_path / "no such folder" / "keys.json"
        database.keys.append(NEW)
        await keys._refresh(since=time.monotonic())
        assert await keys.find("b" * 32, 2) == NEW

    run(database, tmp_path, steps)


def test_the_settings_of_projects_are_in_the_copy_too(tmp_path):
    limited = msgspec.structs.replace(FIRST, settings=IngestSettings(filter_messages=("x*",)))
    run(Database(limited), tmp_path, lambda keys: keys.find(KEY, 1))
    gone = Database()
    gone.away = True
    assert run(gone, tmp_path, lambda keys: keys.find(KEY, 1)) == limited


def test_a_copy_from_a_version_without_settings_is_read(tmp_path):
    old = {"public_key": KEY, "project_id": str(FIRST.project_id), "project_number": 1}
    (tmp_path / "keys.json").write_bytes(msgspec.json.encode([old]))
    gone = Database()
    gone.away = True
    assert run(gone, tmp_path, lambda keys: keys.find(KEY, 1)) == FIRST
