"""Release health: what a session update or an aggregate counts, and what is not believed."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.errors import ProtocolError
from mesher.protocol.session import SessionCount, read_session, read_sessions

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = NOW.timestamp()
ATTRS = {"release": "shop@1", "environment": "prod"}


def session(**changes) -> SessionCount:
    values = {"sid": "1", "started": NOW.isoformat(), "status": "exited", "attrs": ATTRS}
    payload = json.dumps({**values, **changes}).encode()
    return read_session(payload, received_at=AT, sent_at=None)


@pytest.mark.parametrize(
    ("values", "endings", "why"),
    [
        ({"status": "exited", "errors": 0}, {"exited": 1}, "a healthy end"),
        ({"status": "exited", "errors": 2}, {"errored": 1}, "an end after errors"),
        ({"status": "exited", "errors": "2"}, {"exited": 1}, "errors that are no number"),
        ({"status": "crashed"}, {"crashed": 1}, "a crash"),
        ({"status": "abnormal"}, {"abnormal": 1}, "killed from outside"),
        ({"status": "unhandled"}, {"unhandled": 1}, "an error that nobody caught"),
        ({"status": "errored"}, {"errored": 1}, "the older word"),
        ({"status": "ok", "init": True}, {}, "a beginning"),
        ({"status": "ok", "errors": 1}, {}, "an update in between"),
        ({"status": "new word"}, {}, "unknown words are taken for ok"),
        ({"status": None}, {}, "no status"),
    ],
)
def test_a_session_is_counted_once_by_how_it_ends(values, endings, why):
    assert session(**values) == SessionCount("shop@1", "prod", AT, endings), why


@pytest.mark.parametrize("release", [None, "", "latest", "a/b", "x\ny", [], {}])
def test_a_session_without_a_usable_release_is_refused(release):
    with pytest.raises(ProtocolError):
        session(attrs={"release": release})


def test_a_session_without_an_environment_has_none():
    assert session(attrs={"release": "1"}).environment == ""


@pytest.mark.parametrize("name", ["started", "timestamp"])
def test_times_of_the_far_past_and_of_the_future_are_refused(name):
    for age in (timedelta(days=5), timedelta(seconds=-60)):
        assert session(**{name: (NOW - age).isoformat()})
        too_far = NOW - age - timedelta(seconds=1 if age > timedelta() else -1)
        with pytest.raises(ProtocolError):
            session(**{name: too_far.isoformat()})
    with pytest.raises(ProtocolError):
        session(**{name: "yesterday"})


def test_the_drift_of_a_clients_clock_is_undone_first():
    ahead = NOW + timedelta(days=30)
    payload = json.dumps(
        {"started": ahead.isoformat(), "status": "exited", "attrs": ATTRS}
    ).encode()
    read = read_session(payload, received_at=AT, sent_at=ahead.timestamp())
    assert read.started_at == AT


def aggregates(*given, attrs=ATTRS) -> list[SessionCount]:
    payload = json.dumps({"aggregates": list(given), "attrs": attrs}).encode()
    return read_sessions(payload, received_at=AT, sent_at=None)


def test_aggregates_are_counts_of_their_endings():
    started = NOW.isoformat()
    [count] = aggregates({"started": started, "exited": 3, "crashed": 1, "errored": 0, "odd": 9})
    assert count == SessionCount("shop@1", "prod", AT, {"exited": 3, "crashed": 1})


@pytest.mark.parametrize("count", [-1, True, 1.5, "3", None, 10**9 + 1])
def test_a_count_that_is_none_counts_nothing(count):
    [read] = aggregates({"started": NOW.isoformat(), "exited": count})
    assert read.endings == {}


def test_an_aggregate_that_does_not_fit_is_left_out_and_its_siblings_are_kept():
    good = {"started": NOW.isoformat(), "exited": 1}
    assert len(aggregates(good, 7, {"started": "?"}, {"started": 0})) == 1
    with pytest.raises(ProtocolError):
        aggregates({"started": 0})


@given(st.binary(max_size=200))
def test_any_bytes_give_counts_or_a_protocol_error(data):
    for read in (read_session, read_sessions):
        with contextlib.suppress(ProtocolError):
            read(data, received_at=AT, sent_at=None)
