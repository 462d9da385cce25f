"""What is kept of a storm: tables of minutes, events and decisions."""

from __future__ import annotations

import pytest

from mesher.ingest.spike import (
    FLOOR_EVENTS,
    KEEP_ONE_IN,
    KEPT_OF_EACH_ISSUE,
    MAX_ISSUES,
    MINUTES_TO_LEARN,
    Storm,
    keep_event,
)

FACTOR = 10.0
NOW = 29_000_000  # a minute, since the epoch


def send(storm: Storm, fingerprint: str, count: int, *, minute: int) -> int:
    """How many of ``count`` events of one issue are kept."""
    return sum(keep_event(storm, fingerprint, minute=minute, factor=FACTOR) for _ in range(count))


def used_to(events_per_minute: int) -> Storm:
    """A project that has had the same rate for an hour, up to the minute before ``NOW``."""
    storm = Storm()
    for minute in range(NOW - 60, NOW):
        for number in range(events_per_minute):
            keep_event(storm, f"usual {number}", minute=minute, factor=FACTOR)
    return storm


@pytest.mark.parametrize(
    ("usual", "sent", "kept"),
    [
        # Up to ten times the usual rate, and up to the floor, all are kept.
        (100, 990, 990),
        (10, FLOOR_EVENTS, FLOOR_EVENTS),
        (0, FLOOR_EVENTS, FLOOR_EVENTS),
        # Beyond it one in a hundred: number 600, 700, … of the issue.
        (10, FLOOR_EVENTS + 1000, FLOOR_EVENTS + 10),
        (0, FLOOR_EVENTS + 1000, FLOOR_EVENTS + 10),
    ],
)
def test_an_issue_that_storms_is_thinned_out_from_the_limit_on(usual, sent, kept):
    storm = used_to(usual) if usual else Storm(minutes_seen=MINUTES_TO_LEARN)
    assert send(storm, "loop", sent, minute=NOW) == kept
    assert storm.thinned == sent - kept


def test_new_and_rare_issues_come_through_a_storm_whole():
    storm = used_to(1)
    send(storm, "loop", 10_000, minute=NOW)
    for number in range(200):
        assert send(storm, f"rare {number}", KEPT_OF_EACH_ISSUE, minute=NOW) == KEPT_OF_EACH_ISSUE


def test_of_an_issue_that_begins_in_a_storm_the_first_are_kept_and_then_one_in_a_hundred():
    storm = used_to(1)
    send(storm, "loop", 10_000, minute=NOW)
    assert send(storm, "second loop", 1000, minute=NOW) == KEPT_OF_EACH_ISSUE + 1000 // KEEP_ONE_IN


def test_with_the_next_minute_everything_is_kept_again():
    storm = used_to(1)
    send(storm, "loop", 10_000, minute=NOW)
    assert send(storm, "loop", FLOOR_EVENTS, minute=NOW + 1) == FLOOR_EVENTS


def test_a_record_that_comes_late_counts_in_the_latest_minute():
    storm = used_to(1)
    send(storm, "loop", 10_000, minute=NOW + 5)
    assert send(storm, "loop", 50, minute=NOW + 4) == 0


def test_before_it_is_known_what_is_usual_everything_is_kept():
    storm = Storm()
    assert send(storm, "loop", 5000, minute=NOW) == 5000
    assert send(storm, "loop", 5000, minute=NOW + MINUTES_TO_LEARN - 1) == 5000


def test_a_rate_that_lasts_becomes_usual():
    storm = used_to(10)
    kept = [send(storm, "loop", 3000, minute=NOW + minute) for minute in range(30)]
    assert kept[0] < 600
    assert kept[-1] == 3000


def test_silence_makes_less_usual():
    storm = used_to(1000)
    assert send(storm, "loop", 5000, minute=NOW) == 5000
    assert send(storm, "loop", 5000, minute=NOW + 120) < 600


def test_beyond_the_most_issues_of_a_minute_memory_does_not_grow_and_the_others_are_kept():
    storm = used_to(1)
    kept = sum(send(storm, f"issue {number}", 1, minute=NOW) for number in range(MAX_ISSUES + 100))
    assert kept == MAX_ISSUES + 100
    assert len(storm.by_issue) == MAX_ISSUES
