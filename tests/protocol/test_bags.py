"""Free-form maps that stay JSON text on the way in: what is stored is as if they had been opened."""

from __future__ import annotations

import json

import msgspec
import pytest

from mesher.errors import ProtocolError
from mesher.protocol import limits
from mesher.protocol.event import Event
from mesher.protocol.free_form import NO_BAG
from mesher.protocol.lenient import Notes, fit_bag
from mesher.protocol.normalize import event_from_payload

LIMIT = limits.SMALL_BAG


def fitted(text, notes=None):
    return fit_bag(msgspec.Raw(text), LIMIT, notes or Notes(), "bag")


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": 1}',
        b'{"a": {"b": {"c": {"d": 1}}}}',
        b'{"a": "[[[[[[["}',
        b'{"a": [[1], [2], [3], [4]]}',
    ],
)
def test_a_map_within_the_limit_stays_as_it_came(text):
    assert bytes(fitted(text)) == text


@pytest.mark.parametrize("text", [b"null", b"{}"])
def test_what_says_nothing_is_none(text):
    assert fitted(text) is NO_BAG


def test_a_deeper_map_is_flattened():
    given = b'{"a":{"b":{"c":{"d":{"e":{"f":1}}}}}}'
    assert fitted(given) == {"a": {"b": {"c": {"d": {"e": '{"f":1}'}}}}}


def test_a_larger_map_is_cut_and_noted():
    notes = Notes()
    kept = fitted(json.dumps({"a": "x" * 5000, "b": 1}).encode(), notes)
    assert kept["a"].endswith("...")
    assert kept["b"] == 1
    assert [(note.type, note.name) for note in notes.errors] == [("value_too_long", "bag")]


def test_what_is_no_map_is_left_out_and_noted():
    notes = Notes()
    assert fitted(b'"text"', notes) is NO_BAG
    assert [(note.type, note.name) for note in notes.errors] == [("invalid_data", "bag")]


def test_an_escaped_half_of_a_surrogate_pair_in_a_bag_is_replaced(read):
    frame = b'{"function": "f", "vars": {"a": "\\ud800"}}'
    event = read(
        b'{"exception": {"values": [{"type": "E", "stacktrace": {"frames": [%s]}}]}}' % frame
    )
    assert event.exception[0].stacktrace.frames[0].vars == {"a": "\ufffd" * 3}


def test_broken_utf8_in_a_bag_is_replaced(read):
    event = read(b'{"breadcrumbs": [{"message": "m", "data": {"a": "\xff"}}]}')
    assert event.breadcrumbs[0].data == {"a": "\ufffd"}


def test_a_payload_that_is_broken_inside_a_bag_is_refused():
    with pytest.raises(ProtocolError):
        event_from_payload(
            b'{"breadcrumbs": [{"data": {"a": tru}}]}',
            event_id="a" * 32,
            received_at=0.0,
            sent_at=None,
            client=None,
            client_ip=None,
        )


def test_a_written_event_is_read_again_with_its_bags_open(read):
    event = read({"exception": [{"type": "E", "stacktrace": {"frames": [{"vars": {"a": [1]}}]}}]})
    assert isinstance(event, Event)
    assert event.exception[0].stacktrace.frames[0].vars == {"a": [1]}
