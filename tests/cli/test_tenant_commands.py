"""``mesher organization``, ``project``, ``key`` and ``user`` as they are typed."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from mesher.storage.database import create_engine
from tenants import make_tenant


@pytest.fixture
def tenant(database_url):
    async def make():
        engine = create_engine(database_url, pool_size=1)
        try:
            return await make_tenant(engine, "ada")
        finally:
            await engine.dispose()

    return asyncio.run(make())


@pytest.fixture
def mesher(run, database_url, tenant):
    """Runs a command on the tenant's database; what it printed."""

    def command(*arguments, fails=False):
        done = run(
            *arguments,
            MESHER_DATABASE_URL=database_url,
            MESHER_URL="https://errors.example.com",
        )
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr if fails else done.stdout

    return command


def test_an_operator_makes_organisations_for_people_with_accounts(mesher):
    assert (
        mesher("organization", "create", "Café Ltd", "--owner", "ADA@example.com") == "cafe-ltd\n"
    )
    assert mesher("organization", "list") == "ada\tada\ncafe-ltd\tCafé Ltd\n"
    unknown = mesher("organization", "create", "x", "--owner", "eve@example.com", fails=True)
    assert "eve@example.com" in unknown


def test_a_project_is_made_with_its_dsn_and_deleted_when_told_to(mesher, database_url):
    slug, dsn = mesher("project", "create", "Till", "--platform", "go").rstrip().split("\t")
    assert slug == "till"
    assert dsn.startswith("https://")
    number = dsn.rpartition("/")[2]
    assert f"{number}\ttill\tTill\n" in mesher("project", "list")
    mesher("project", "delete", "till", fails=True)  # nobody confirms
    mesher("project", "delete", "till", "--yes")
    assert "till" not in mesher("project", "list")
    assert "till" in mesher("project", "delete", "till", "--yes", fails=True)
    with psycopg.connect(database_url) as conn:
        record = conn.execute("SELECT action, actor_id, actor_name FROM audit_log").fetchall()
    assert [row[0] for row in record] == ["project.created", "key.created", "project.deleted"]
    assert all(row[1] is None and row[2].startswith("cli:") for row in record)


def test_keys_are_listed_made_and_revoked(mesher):
    dsn = mesher("key", "create", "ada-shop", "browsers")
    _, line = mesher("key", "list", "ada-shop").splitlines()
    key_id, value, state, label = line.split("\t")
    assert (state, label) == ("valid", "browsers")
    assert value.removeprefix("mshr_") in dsn
    mesher("key", "revoke", "ada-shop", key_id)
    assert "revoked" in mesher("key", "list", "ada-shop").splitlines()[1]
    assert "already" in mesher("key", "revoke", "ada-shop", key_id, fails=True)


def test_where_there_are_several_organisations_one_is_named(mesher):
    mesher("organization", "create", "Bank", "--owner", "ada@example.com")
    assert "--organization" in mesher("project", "create", "x", fails=True)
    assert mesher("project", "create", "x", "--organization", "bank").startswith("x\t")


def test_an_operator_makes_accounts_and_resets_passwords(mesher, database_url):
    password = mesher("user", "create", "Bob@Example.com", "--name", "Bob").strip()
    assert len(password) >= 12
    assert "bob@example.com\tBob" in mesher("user", "list")
    assert "already" in mesher("user", "create", "bob@example.com", fails=True)
    with psycopg.connect(database_url) as conn:
        before = conn.execute(
            "SELECT password_hash FROM users WHERE display_name = 'Bob'"
        ).fetchone()
        assert mesher("user", "reset-password", "bob@example.com").strip() != password
        after = conn.execute(
            "SELECT password_hash FROM users WHERE display_name = 'Bob'"
        ).fetchone()
        assert before != after
        actions = conn.execute("SELECT action, actor_id FROM audit_log ORDER BY id").fetchall()
    assert actions == [("user.created", None), ("user.password_changed", None)]
    assert "nobody has an account" in mesher(
        "user", "reset-password", "eve@example.com", fails=True
    )
