"""Whether a database has the schema that this Mesher needs."""

from __future__ import annotations

import pytest

from mesher import migrations
from mesher.errors import SetupError
from mesher.storage.connection import connect
from mesher.storage.schema_version import check_schema, current_revision, known_revisions


def check(database_url: str) -> None:
    with connect(database_url, application_name="test") as conn:
        check_schema(conn)


def test_a_database_at_the_newest_revision_is_fine(database_url):
    check(database_url)


def test_an_empty_database_is_refused_with_the_command_that_helps(empty_database_url):
    with pytest.raises(SetupError, match="empty") as refused:
        check(empty_database_url)
    assert "mesher migrate up" in refused.value.hint


def test_an_outdated_database_is_refused_with_its_revision(database_url):
    migrations.downgrade(database_url, known_revisions()[0])
    with pytest.raises(SetupError, match=known_revisions()[0]) as refused:
        check(database_url)
    assert "mesher migrate up" in refused.value.hint


def test_a_database_of_a_newer_release_is_refused(database_url):
    with connect(database_url, application_name="test") as conn:
        conn.execute("UPDATE alembic_version SET version_num = '20990101000000_tomorrow'")
    with pytest.raises(SetupError, match="20990101000000_tomorrow") as refused:
        check(database_url)
    assert "newer release" in refused.value.hint


def test_a_database_that_was_taken_down_has_no_revision(database_url):
    migrations.downgrade(database_url)
    with connect(database_url, application_name="test") as conn:
        assert current_revision(conn) is None
