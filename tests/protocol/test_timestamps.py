"""Timestamps in every form that clients send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.protocol.limits import LATEST_TIMESTAMP
from mesher.protocol.timestamps import parse_timestamp, parse_timestamp_text

MOMENT = 1_795_534_440.0  # 2026-11-24T15:34:00Z


@pytest.mark.parametrize(
    ("value", "seconds", "why"),
    [
        ("2026-11-24T15:34:00Z", MOMENT, "with Z"),
        ("2026-11-24t15:34:00z", MOMENT, "in lower case, which RFC 3339 allows"),
        ("2026-11-24T15:34:00", MOMENT, "no offset means UTC"),
        (" 2026-11-24 15:34:00 ", MOMENT, "a blank for the T, and around"),
        ("2026-11-24T16:34:00+01:00", MOMENT, "with an offset"),
        ("2026-11-24T15:34:00.5Z", MOMENT + 0.5, "one digit of a fraction"),
        ("2026-11-24T15:34:00.123456789Z", MOMENT + 0.123456, "nine: Go, Java"),
        (1795534440, MOMENT, "seconds"),
        (1795534440.25, MOMENT + 0.25, "with a fraction: JavaScript, Python"),
        (0, 0.0, "the epoch itself"),
        (LATEST_TIMESTAMP, LATEST_TIMESTAMP, "the end of the year 9999"),
    ],
)
def test_a_timestamp_is_read(value, seconds, why):
    assert parse_timestamp(value) == pytest.approx(seconds, abs=1e-6), why


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "nothing"),
        ("", "empty"),
        ("yesterday", "words"),
        ("1795534440", "a number as text"),
        ("1969-12-31T23:59:59Z", "before 1970"),
        ("0001-01-01T00:00:00+14:00", "before time itself"),
        ("9999-12-31T23:59:59-10:00", "after the year 9999"),
        (-1, "negative"),
        (1795534440000 * 1000, "microseconds"),
        (10**400, "more than a float holds"),
        (True, "a boolean"),
        ([2026], "a list"),
    ],
)
def test_what_is_no_timestamp_is_none(value, why):
    assert parse_timestamp(value) is None, why


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()))
def test_any_value_gives_a_time_in_range_or_none(value):
    seconds = parse_timestamp(value)
    assert seconds is None or 0 <= seconds <= LATEST_TIMESTAMP


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1700000000.5", 1700000000.5),
        ("2023-11-14T22:13:20Z", 1700000000.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_text_may_hold_the_seconds_as_a_number(text, seconds):
    assert parse_timestamp_text(text) == seconds
