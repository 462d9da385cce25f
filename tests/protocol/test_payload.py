"""A payload decoded in one go, and the same interface by interface."""

from __future__ import annotations

import json

import msgspec
import pytest

import captures
from mesher.protocol.event import Event
from mesher.protocol.parse import read_payload
from mesher.protocol.payload import (
    Payload,
    decode_any_form,
    decode_payload,
    decode_well_formed,
)

ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def event_of(sent: Payload) -> Event:
    """The event with its notes, before anything is derived from it."""
    event, notes = read_payload(sent, ID, 0.0)
    event.errors = notes.errors
    return event


def test_nearly_every_captured_event_is_well_formed_and_both_ways_say_the_same():
    payloads = [
        payload
        for capture in captures.read_captures()
        for payload in captures.event_payloads(capture)
    ]
    well_formed = 0
    for payload in payloads:
        try:
            sent = decode_well_formed(payload)
        except msgspec.DecodeError:
            continue
        well_formed += 1
        assert event_of(sent) == event_of(decode_any_form(payload))
    assert well_formed > 0.95 * len(payloads)


@pytest.mark.parametrize(
    "attribute",
    [
        {"exception": "boom"},
        {"threads": [{"id": {}}]},
        {"stacktrace": [{"function": "f"}]},
        {"breadcrumbs": [{"level": []}]},
        {"contexts": []},
        {"extra": [1]},
        {"modules": {"a": 1}},
        {"sdk": {"name": 7}},
        {"sentry.interfaces.Exception": 7},
    ],
    ids=lambda attribute: next(iter(attribute)),
)
def test_what_does_not_fit_its_type_costs_nothing_of_the_rest(attribute):
    rest = {"message": "m", "exception": [{"type": "T", "value": "v"}], "extra": {"a": 1}}
    sent = decode_payload(json.dumps({**rest, **attribute}).encode())
    event, plain = event_of(sent), event_of(decode_payload(json.dumps(rest).encode()))
    assert event.logentry == plain.logentry
    if "exception" not in attribute:
        assert event.exception == plain.exception
    if "extra" not in attribute:
        assert event.extra == plain.extra


@pytest.mark.parametrize("absent", [None, []])
def test_an_interface_that_says_nothing_leaves_its_place_to_the_old_name(absent):
    given = {"exception": absent, "sentry.interfaces.Exception": [{"type": "Old"}]}
    [exception] = event_of(decode_payload(json.dumps(given).encode())).exception
    assert exception.type == "Old"
