"""From payload to event: times, type, and the promise that any payload gives an event."""

from __future__ import annotations

import pytest

from mesher.protocol.event import message_text

RECEIVED_AT = 1_795_534_440.0
HOUR = 3600
DAY = 24 * HOUR


def test_an_empty_event_has_its_defaults(read):
    event = read({})
    assert (event.platform, event.level, event.type) == ("other", "error", "default")
    assert event.timestamp == RECEIVED_AT
    assert event.tags == {"level": "error"}
    assert event.errors == []


@pytest.mark.parametrize(
    ("age", "sent_age", "corrected_age", "notes"),
    [
        (10, None, 10, []),  # a few seconds old
        (10, 0, 10, []),  # and the client's clock is right
        (10 + HOUR, HOUR, 10, ["clock_drift"]),  # a clock that is slow by an hour
        (10 - HOUR, -HOUR, 10, ["clock_drift"]),  # or fast
        (10 + 50 * 60, 50 * 60, 10 + 50 * 60, []),  # a little drift is believed
        (-30, None, -30, []),  # half a minute in the future is believed
        (-HOUR, None, 0, ["future_timestamp"]),  # more is not
        (30 * DAY, 0, 30 * DAY, []),  # an offline cache, sent with the right clock
        (91 * DAY, 0, 0, ["past_timestamp"]),  # older than anything is kept
    ],
)
def test_times_are_corrected(read, age, sent_age, corrected_age, notes):
    event = read(
        {"timestamp": RECEIVED_AT - age},
        sent_at=None if sent_age is None else RECEIVED_AT - sent_age,
    )
    assert event.timestamp == RECEIVED_AT - corrected_age
    assert [error.type for error in event.errors] == notes


def test_breadcrumbs_move_with_their_event(read):
    crumbs = [{"message": "m", "timestamp": RECEIVED_AT - 70}, {"message": "n"}]
    event = read(
        {"timestamp": RECEIVED_AT + HOUR, "breadcrumbs": crumbs}, sent_at=RECEIVED_AT + HOUR
    )
    assert [crumb.timestamp for crumb in event.breadcrumbs] == [
        RECEIVED_AT - 70 - HOUR,
        RECEIVED_AT,
    ]


def test_a_breadcrumb_never_moves_before_time_began(read):
    crumbs = [{"message": "m", "timestamp": 5}]
    event = read({"breadcrumbs": crumbs}, sent_at=RECEIVED_AT + HOUR)
    assert event.breadcrumbs[0].timestamp == 0


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ({"exception": [{"type": "T"}], "csp": {}}, "error"),
        ({"csp": {"effective_directive": "img-src"}}, "csp"),
        ({"message": "m", "type": "error"}, "default"),
        ({"type": "csp"}, "default"),
        ({"type": "transaction"}, "transaction"),
        ({"type": "feedback", "exception": [{"type": "T"}]}, "feedback"),
        ({"type": ["feedback"]}, "default"),
    ],
)
def test_the_type_follows_from_what_is_there(read, payload, kind):
    assert read(payload).type == kind


def test_the_message_of_an_event_is_what_people_read(read):
    assert message_text(read({"logentry": {"message": "a %s", "params": ["b"]}})) == "a b"
    assert message_text(read({})) == ""


def test_the_same_payload_gives_the_same_event(read):
    payload = {"message": "m", "tags": {"a": 1}, "exception": [{"type": "T", "value": {}}]}
    assert read(payload) == read(payload)
