"""Logs as they leave a process: every case is a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

BEGIN = """
import logging, structlog, threading
from mesher.logs import configure_logging
configure_logging(level="info", log_format={log_format!r}, process="web:0")
log = structlog.get_logger("mesher.test")
"""


def logged(code: str, *, log_format: str = "json") -> str:
    script = BEGIN.format(log_format=log_format) + code
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "", "logs belong to stderr"
    return done.stderr


def test_a_json_line_carries_event_level_time_logger_and_process():
    line = json.loads(logged("log.info('batch_digested', events=12)"))

    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "batch_digested",
        "events": 12,
        "level": "info",
        "logger": "mesher.test",
        "process": "web:0",
    }


def test_text_is_one_line_without_colours_where_no_terminal_is():
    text = logged("log.info('batch_digested', events=12)", log_format="text")

    assert len(text.splitlines()) == 1
    assert "batch_digested" in text
    assert "events=12" in text
    assert "\x1b" not in text


def test_other_threads_log_their_process_too():
    code = "t = threading.Thread(target=log.info, args=['x']); t.start(); t.join()"

    assert json.loads(logged(code))["process"] == "web:0"


def test_what_is_below_the_level_is_left_out():
    assert logged("log.debug('x')") == ""


def test_libraries_log_the_same_way():
    line = json.loads(logged("logging.getLogger('library').warning('careful, %s', 'you')"))

    assert (line["event"], line["level"], line["logger"]) == ("careful, you", "warning", "library")


def test_talkative_libraries_are_heard_from_warnings_on():
    assert logged("logging.getLogger('alembic.runtime').info('Context impl')") == ""
    assert "trouble" in logged("logging.getLogger('alembic.runtime').warning('trouble')")


def test_values_that_json_does_not_know_become_text():
    code = "import pathlib, uuid; log.info('x', path=pathlib.Path('/a'), ids={uuid.UUID(int=0): 1})"

    assert json.loads(logged(code))["path"] == "/a"


@pytest.mark.parametrize("log_format", ["json", "text"])
@pytest.mark.parametrize(
    "field", ["password", "api_token", "Authorization", "dsn", "session_cookie", "database_url"]
)
def test_fields_named_like_secrets_are_masked(log_format, field):
    text = logged(f"log.info('x', **{{{field!r}: 'hunter2'}})", log_format=log_format)

    assert "hunter2" not in text
    assert "[masked]" in text


def test_passwords_in_urls_are_masked_wherever_they_are():
    line = json.loads(logged("log.info('x', reason='no postgresql://me:hunter2@db/x')"))

    assert line["reason"] == "no postgresql://me:[masked]@db/x"


def test_the_secret_of_an_invitations_link_is_masked_wherever_it_is():
    line = json.loads(logged("log.info('x', path='/invitations/' + 43 * 's' + '?a=b')"))

    assert line["path"] == "/invitations/[masked]?a=b"


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_traceback_is_logged_without_local_variables(log_format):
    code = """
def fail():
    secret = "hunter" + "2"
    raise ValueError("told")
try:
    fail()
except ValueError:
    log.exception("failed")
"""
    text = logged(code, log_format=log_format)

    assert "ValueError: told" in text
    assert "hunter2" not in text
