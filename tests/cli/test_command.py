"""What holds for every command: help, version, and how failures are told."""

from __future__ import annotations

import re

import pytest

from mesher import __version__
from mesher.cli.failure import show_failure
from mesher.cli.welcome import compose_ready
from mesher.errors import SetupError
from mesher.settings import Settings


def test_the_version_is_told(run):
    assert run("--version").stdout == f"mesher {__version__}\n"


def test_help_lists_the_commands_that_are_for_people(run):
    shown = run("--help").stdout

    for command in ("up", "serve", "check", "migrate", "schema", "journal", "quarantine"):
        assert re.search(rf"\b{command}\b", shown)
    assert "prepare" not in shown


@pytest.mark.parametrize("command", ["up", "serve"])
def test_the_help_of_each_option_names_its_variable(run, command):
    shown = run(command, "--help", COLUMNS="200").stdout

    for option in ("data-dir", "host", "port"):
        [line] = [line for line in shown.splitlines() if f"--{option} " in line]
        assert f"MESHER_{option.replace('-', '_').upper()}" in line


def test_settings_that_do_not_fit_are_told_all_at_once_without_a_traceback(run):
    done = run("check", MESHER_PORT="x", MESHER_LOG_LEVEL="loud")

    assert done.returncode == 1
    assert "MESHER_PORT='x'" in done.stderr
    assert "MESHER_LOG_LEVEL='loud'" in done.stderr
    assert "Traceback" not in done.stderr


def test_verbose_shows_where_an_error_comes_from(run):
    done = run("-v", "check")

    assert "Traceback" in done.stderr
    assert "error: no database is given" in done.stderr


def test_a_failure_is_told_with_its_causes_and_what_to_do(capsys):
    try:
        try:
            raise ConnectionRefusedError(111, "Connection refused")
        except OSError as cause:
            raise ValueError("no such\n  server") from cause
    except ValueError as cause:
        error = SetupError("the database cannot be reached", hint="start it")
        error.__cause__ = cause

    show_failure(error, verbose=False)

    assert capsys.readouterr().err.splitlines() == [
        "error: the database cannot be reached",
        "because: no such server",
        "because: [Errno 111] Connection refused",
        "what to do: start it",
    ]


def test_a_cause_that_the_message_says_already_is_not_repeated(capsys):
    error = SetupError("cannot listen: Address already in use")
    error.__cause__ = OSError(98, "Address already in use")

    show_failure(error, verbose=False)

    assert capsys.readouterr().err == "error: cannot listen: Address already in use\n"


def test_a_login_that_is_not_known_here_leaves_the_ready_file_with_the_addresses():
    ready = compose_ready(Settings(database_url="postgresql://db/mesher"), None)

    assert (ready.url, ready.database_url) == ("http://127.0.0.1:8000", "postgresql://db/mesher")
    assert ready.dsn is None
