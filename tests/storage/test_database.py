"""How processes connect, and what they are told when the database is away."""

from __future__ import annotations

import asyncio
from datetime import UTC

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from mesher.errors import SetupError, Unavailable
from mesher.storage.connection import connect
from mesher.storage.database import create_engine, reading, writing

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


async def with_engine(database_url, work):
    engine = create_engine(database_url, pool_size=1)
    try:
        return await work(engine)
    finally:
        await engine.dispose()


def run(database_url, work):
    return asyncio.run(with_engine(database_url, work))


def test_a_connection_commits_each_statement_by_itself(database_url):
    with connect(database_url, application_name="test") as conn:
        conn.execute("CREATE TABLE kept ()")
        with connect(database_url, application_name="test") as other:
            assert other.execute("SELECT to_regclass('kept')").fetchone() == ("kept",)


def test_a_connection_names_its_process_and_reads_times_in_utc(database_url):
    with connect(database_url, application_name="mesher-test") as conn:
        assert conn.execute("SHOW application_name").fetchone() == ("mesher-test",)
        assert conn.execute("SHOW TimeZone").fetchone() == ("UTC",)


def test_options_of_the_url_are_kept(database_url):
    url = f"{database_url}&options=-c%20statement_timeout%3D1234"
    with connect(url, application_name="test") as conn:
        assert conn.execute("SHOW statement_timeout").fetchone() == ("1234ms",)
        assert conn.execute("SHOW TimeZone").fetchone() == ("UTC",)


def test_a_url_that_cannot_be_read_is_not_repeated_with_its_password():
    with pytest.raises(SetupError) as refused:
        connect("postgresql+other://someone:secret@host/db", application_name="test")
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_server_that_is_away_is_the_drivers_error():
    with pytest.raises(psycopg.OperationalError):
        connect(NOWHERE, application_name="test")


def test_writing_commits_at_its_end(database_url):
    async def work(engine):
        async with writing(engine) as conn:
            await conn.execute(text("INSERT INTO organizations (name, slug) VALUES ('a', 'a')"))
        async with reading(engine) as conn:
            return await conn.scalar(text("SELECT count(*) FROM organizations"))

    assert run(database_url, work) == 1


def test_writing_rolls_back_when_it_is_left_by_an_error(database_url):
    async def fail(engine):
        async with writing(engine) as conn:
            await conn.execute(text("INSERT INTO organizations (name, slug) VALUES ('a', 'a')"))
            raise LookupError

    with pytest.raises(LookupError):
        run(database_url, fail)
    with connect(database_url, application_name="test") as conn:
        assert conn.execute("SELECT count(*) FROM organizations").fetchone() == (0,)


def test_reading_cannot_write(database_url):
    async def work(engine):
        async with reading(engine) as conn:
            await conn.execute(text("INSERT INTO organizations (name, slug) VALUES ('a', 'a')"))

    with pytest.raises(InternalError, match="read-only transaction"):
        run(database_url, work)


def test_a_pooled_connection_writes_again_after_it_was_used_for_reading(database_url):
    async def work(engine):
        async with reading(engine) as conn:
            await conn.scalar(text("SELECT 1"))
        async with writing(engine) as conn:
            await conn.execute(text("INSERT INTO organizations (name, slug) VALUES ('a', 'a')"))

    run(database_url, work)


def test_times_are_read_in_utc_and_json_as_values(database_url):
    async def work(engine):
        async with reading(engine) as conn:
            return (await conn.execute(text("SELECT now(), '{\"a\": [1]}'::jsonb"))).one()

    now, value = run(database_url, work)
    assert now.utcoffset() == UTC.utcoffset(None)
    assert value == {"a": [1]}


@pytest.mark.parametrize("opened", [reading, writing])
def test_a_database_that_is_away_makes_a_request_unavailable(opened):
    async def work(engine):
        async with opened(engine):
            pass

    with pytest.raises(Unavailable) as refused:
        run(NOWHERE, work)
    assert refused.value.retry_after_seconds > 0


@pytest.mark.parametrize("opened", [reading, writing])
def test_a_connection_that_breaks_under_a_request_makes_it_unavailable(database_url, opened):
    async def work(engine):
        async with opened(engine) as conn:
            await conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(Unavailable):
        run(database_url, work)


def test_the_request_after_a_restart_of_the_server_is_served(database_url):
    async def work(engine):
        async with reading(engine) as conn:
            pid = await conn.scalar(text("SELECT pg_backend_pid()"))
        with connect(database_url, application_name="test") as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        async with reading(engine) as conn:
            return await conn.scalar(text("SELECT 1"))

    assert run(database_url, work) == 1
