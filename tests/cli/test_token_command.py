"""``mesher token``: what it prints opens the API and tells sentry-cli where Mesher is."""

from __future__ import annotations

import base64
import json

import psycopg
import pytest

from mesher.accounts.tokens import hash_token


@pytest.fixture
def organization(database_url):
    with psycopg.connect(database_url) as conn:
        org = conn.execute(
            "INSERT INTO organizations (name, slug) VALUES ('Shop', 'shop') RETURNING id"
        ).fetchone()[0]
        user = conn.execute(
            "INSERT INTO users (email, password_hash, display_name)"
            " VALUES ('ada@example.com', '-', 'Ada') RETURNING id"
        ).fetchone()[0]
        conn.execute(
            "INSERT INTO org_memberships (user_id, org_id, role) VALUES (%s, %s, 'owner')",
            (user, org),
        )
        conn.execute("INSERT INTO projects (org_id, name, slug) VALUES (%s, 'p', 'web')", (org,))
    return org


def kept(database_url, token):
    with psycopg.connect(database_url) as conn:
        return conn.execute(
            "SELECT name, scope, project_id IS NOT NULL FROM api_tokens WHERE token_hash = %s",
            (hash_token(token),),
        ).fetchone()


def test_a_pipelines_token_names_server_and_organisation(run, database_url, organization):
    made = run(
        *("token", "create", "build"),
        MESHER_DATABASE_URL=database_url,
        MESHER_URL="https://errors.example.com/",
    )

    token = made.stdout.strip()
    prefix, readable, secret = token.split("_")
    assert (prefix, len(secret)) == ("sntrys", 43)
    facts = json.loads(base64.b64decode(readable))
    assert (facts["url"], facts["org"]) == ("https://errors.example.com", "shop")
    assert kept(database_url, token) == ("build", "ci", False)


def test_a_token_for_people_may_be_for_one_project(run, database_url, organization):
    made = run(
        *("token", "create", "look", "--scope", "read", "--project", "web"),
        MESHER_DATABASE_URL=database_url,
    )
    token = made.stdout.strip()
    assert token.startswith("mshr_api_")
    assert kept(database_url, token) == ("look", "read", True)


def test_what_is_not_there_is_named(run, database_url, organization):
    for arguments, said in (
        (("--organization", "bank"), "bank"),
        (("--project", "api"), "api"),
        (("--scope", "root"), "root"),
    ):
        refused = run("token", "create", "x", *arguments, MESHER_DATABASE_URL=database_url)
        assert refused.returncode != 0
        assert said in refused.stderr


def test_without_an_organisation_there_is_nothing_to_make_a_token_for(run, database_url):
    refused = run("token", "create", "x", MESHER_DATABASE_URL=database_url)
    assert refused.returncode == 1
    assert "start Mesher first" in refused.stderr
