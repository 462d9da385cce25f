"""Check-ins of jobs."""

from __future__ import annotations

import contextlib
import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.errors import ProtocolError
from mesher.protocol.check_in import CheckIn, read_check_in

ID = uuid.UUID("9ec79c33ec9942ab8353589fcb2e04dc")


def check_in(**changes) -> CheckIn:
    return read_check_in(
        json.dumps({"monitor_slug": "nightly", "status": "ok", **changes}).encode()
    )


def test_a_check_in_says_which_job_ran_how():
    config = {"schedule": {"type": "crontab", "value": "0 * * * *"}}
    read = check_in(
        check_in_id=ID.hex, duration=2.5, environment="dev", release="a@1", monitor_config=config
    )
    assert read == CheckIn("nightly", "ok", ID, "dev", 2.5, "a@1", config)


def test_what_is_missing_has_its_default():
    assert check_in() == CheckIn("nightly", "ok", None, "production", None, "", None)
    assert check_in(check_in_id="0" * 32).check_in_id is None


@pytest.mark.parametrize(
    ("given_slug", "slug"),
    [("Nightly Backup!", "nightly-backup"), ("a_b-c", "a_b-c"), ("x" * 60, "x" * 50)],
)
def test_a_slug_is_made_of_what_a_monitor_is_called(given_slug, slug):
    assert check_in(monitor_slug=given_slug).slug == slug


@pytest.mark.parametrize(("status", "kept"), [("in_progress", "in_progress"), ("missed", "error")])
def test_an_unknown_status_is_an_error(status, kept):
    assert check_in(status=status).status == kept


@pytest.mark.parametrize("duration", [-1, "2", True, 1e300, None])
def test_a_duration_that_is_none_is_left_out(duration):
    assert check_in(duration=duration).duration_seconds is None


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b'{"status":"ok"}',
        b'{"monitor_slug":"!","status":"ok"}',
        b'{"monitor_slug":"a"}',
    ],
)
def test_a_check_in_without_slug_or_status_is_refused(payload):
    with pytest.raises(ProtocolError):
        read_check_in(payload)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_check_in_or_a_protocol_error(data):
    with contextlib.suppress(ProtocolError):
        read_check_in(data)
