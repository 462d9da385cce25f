"""``mesher migrate`` as it is typed."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg

from mesher.storage.schema_version import known_revisions


def migrate(*arguments: str, database_url: str = "") -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MESHER_")}
    if database_url:
        environ["MESHER_DATABASE_URL"] = database_url
    command = [sys.executable, "-m", "mesher", "migrate", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ)


def test_up_status_and_down_tell_what_they_did(empty_database_url):
    before = migrate("status", database_url=empty_database_url)
    up = migrate("up", database_url=empty_database_url)
    again = migrate("up", database_url=empty_database_url)
    after = migrate("status", database_url=empty_database_url)
    down = migrate("down", database_url=empty_database_url)

    assert before.returncode == 1
    assert f"pending {known_revisions()[0]}" in before.stdout
    assert up.stdout.splitlines() == [f"applied {revision}" for revision in known_revisions()]
    assert again.stdout == "nothing to do\n"
    assert (after.returncode, after.stdout) == (0, f"at {known_revisions()[-1]}\n")
    assert f"taken back {known_revisions()[0]}" in down.stdout


def test_the_option_stands_in_for_the_variable(empty_database_url):
    assert "pending" in migrate("status", "--database-url", empty_database_url).stdout


def test_up_says_when_the_server_does_not_have_pgcrypto(empty_database_url):
    assert "pgcrypto" in migrate("up", database_url=empty_database_url).stderr


def test_down_with_projects_fails_and_says_how_to_go_on(database_url):
    with psycopg.connect(database_url) as conn:
        conn.execute(
            "WITH org AS (INSERT INTO organizations (name, slug) VALUES ('a', 'a') RETURNING id)"
            " INSERT INTO projects (org_id, name) SELECT id, 'shop' FROM org"
        )
    refused = migrate("down", database_url=database_url)
    assert refused.returncode == 1
    assert "shop" in refused.stderr
    assert "--yes" in refused.stderr
    assert migrate("down", "--yes", database_url=database_url).returncode == 0


def test_without_a_database_it_says_what_to_set():
    refused = migrate("up")
    assert refused.returncode == 1
    assert "MESHER_DATABASE_URL" in refused.stderr
