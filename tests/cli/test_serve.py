"""``mesher serve`` and ``mesher check``: a node on a database that is already there."""

from __future__ import annotations

import re

import httpx
import pytest


@pytest.mark.parametrize("command", ["serve", "check"])
def test_an_outdated_schema_is_refused_with_the_command_to_run(
    run, empty_database_url, tmp_path, command
):
    done = run(command, MESHER_DATABASE_URL=empty_database_url, MESHER_DATA_DIR=str(tmp_path))

    assert done.returncode == 1
    assert "mesher migrate up" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["serve", "check"])
def test_without_a_database_the_variable_is_named(run, tmp_path, command):
    done = run(command, MESHER_DATA_DIR=str(tmp_path))

    assert done.returncode == 1
    assert "error: no database is given" in done.stderr
    assert "MESHER_DATABASE_URL" in done.stderr


@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_database_that_cannot_be_reached_is_told_with_the_cause(run, tmp_path, command):
    url = "postgresql://mesher:hunter2@127.0.0.1:1/mesher"

    done = run(command, MESHER_DATABASE_URL=url, MESHER_DATA_DIR=str(tmp_path))

    assert done.returncode == 1
    assert "error: the database cannot be reached" in done.stderr
    assert "Connection refused" in done.stderr
    assert "hunter2" not in done.stderr


def test_a_database_that_is_ready_is_said_to_be(run, database_url):
    done = run("check", MESHER_DATABASE_URL=database_url)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ready: ")


def test_an_unknown_role_is_told_with_those_there_are(run, database_url):
    done = run("serve", "--role", "web,queue", MESHER_DATABASE_URL=database_url, COLUMNS="200")

    assert done.returncode == 2
    assert "web, digest, jobs" in done.stderr


def test_a_node_serves_requests_and_ends_when_asked(serve, database_url, tmp_path):
    node = serve("serve", "--data-dir", tmp_path, "--port", "0", MESHER_DATABASE_URL=database_url)

    [url] = re.findall(r"url=(\S+)", node.log)
    assert httpx.get(f"{url}/health/ready").status_code == 200
    assert node.stop() == 0


def test_a_node_runs_its_roles_alone(serve, database_url, tmp_path):
    node = serve(
        "serve", "--role", "digest,jobs", "--data-dir", tmp_path, MESHER_DATABASE_URL=database_url
    )

    assert node.child("digest:0")
    assert node.child("jobs")
    assert not node.child("web:0")


def test_nodes_of_different_roles_share_a_data_directory(serve, database_url, tmp_path):
    for roles in ("web", "digest"):
        serve(
            "serve",
            "--role",
            roles,
            "--port",
            "0",
            "--data-dir",
            tmp_path / "data",
            MESHER_DATABASE_URL=database_url,
        )
