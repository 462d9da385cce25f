"""When people are told: not in quiet hours, and never not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.alerting.firing import end_of_quiet, told_at
from mesher.values.alert_action import AlertAction, QuietHours

NIGHT = QuietHours(begin="22:00", end="06:30", time_zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-11-26T12:00:00Z", "2026-11-26T12:00:00Z"),
        ("2026-11-26T20:59:59Z", "2026-11-26T20:59:59Z"),
        ("2026-11-26T21:00:00Z", "2026-11-27T05:30:00Z"),
        ("2026-11-27T03:00:00Z", "2026-11-27T05:30:00Z"),
        ("2026-11-27T05:30:00Z", "2026-11-27T05:30:00Z"),
        # The clocks go back on 25 October 2026 and forward on 29 March 2026.
        ("2026-10-24T22:00:00Z", "2026-10-25T05:30:00Z"),
        ("2026-03-28T23:00:00Z", "2026-03-29T04:30:00Z"),
    ],
)
def test_what_happens_at_night_is_told_in_the_morning(at: str, told: str) -> None:
    assert end_of_quiet(NIGHT, datetime.fromisoformat(at)) == datetime.fromisoformat(told)


def test_quiet_hours_of_a_zone_that_is_no_more_are_those_of_utc() -> None:
    quiet = QuietHours(begin="01:00", end="02:00", time_zone="Nowhere/City")
    at = datetime(2026, 1, 1, 1, 30, tzinfo=UTC)
    assert end_of_quiet(quiet, at) == at + timedelta(minutes=30)


CLOCK = st.times().map(lambda time: f"{time:%H:%M}")


@given(
    CLOCK,
    CLOCK,
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    st.datetimes(
        datetime(2020, 1, 1),  # noqa: DTZ001 - what datetimes() asks for
        datetime(2030, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    st.integers(0, 1440),
)
def test_people_are_always_told_within_a_day_of_what_is_collected(
    begin: str, end: str, zone: str, now: datetime, digest: int
) -> None:
    quiet = QuietHours(begin=begin, end=end, time_zone=zone)
    at = told_at(AlertAction(quiet_hours=quiet, digest_minutes=digest), now)
    earliest = now + timedelta(minutes=digest)
    assert earliest <= at <= earliest + timedelta(hours=25)
    # And nothing is told in quiet hours, unless the clocks repeat the hour.
    assert end_of_quiet(quiet, at) - at <= timedelta(hours=1)
