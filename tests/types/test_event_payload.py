"""What the native endpoints take for an event, and what they say when it is none."""

from __future__ import annotations

import typing

import msgspec
import pytest

from mesher.protocol import event as protocol_event
from mesher.types import EventPayload, Severity
from mesher.values.event import MAX_LIST_ITEMS, MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS


def read(text: str) -> EventPayload:
    return msgspec.json.decode(text, type=EventPayload)


def test_every_attribute_may_be_absent():
    assert read("{}") == EventPayload()


def test_an_attribute_that_is_not_known_is_not_an_error():
    assert read('{"message": "hi", "colour": "red"}').message == "hi"


def test_a_time_is_rfc_3339_or_seconds():
    assert read('{"timestamp": 1764000000.5}').timestamp == 1764000000.5
    assert read('{"timestamp": "2025-11-24T16:00:00Z"}').timestamp.year == 2025


def test_the_levels_are_those_of_the_protocol():
    assert typing.get_args(Severity) == typing.get_args(protocol_event.Level)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"message": 5}', "$.message"),
        ('{"level": "loud"}', "$.level"),
        ('{"exception": {"type": "E"}}', "$.exception"),
        ('{"exception": [{"type": 1}]}', "$.exception[0].type"),
        ('{"stacktrace": [{}, {"lineno": "x"}]}', "$.stacktrace[1].lineno"),
        ('{"breadcrumbs": [{"level": "loud"}]}', "$.breadcrumbs[0].level"),
        ('{"tags": {"a": 1}}', "$.tags[...]"),
        ('{"fingerprint": [1]}', "$.fingerprint[0]"),
        ('{"extra": []}', "$.extra"),
        (f'{{"message": "{"x" * (MAX_TEXT_CHARACTERS + 1)}"}}', "$.message"),
        (f'{{"release": "{"x" * (MAX_NAME_CHARACTERS + 1)}"}}', "$.release"),
        (f'{{"breadcrumbs": [{",".join(["{}"] * (MAX_LIST_ITEMS + 1))}]}}', "$.breadcrumbs"),
    ],
)
def test_an_error_names_the_attribute_that_does_not_fit(text, path):
    with pytest.raises(msgspec.ValidationError) as caught:
        read(text)
    assert f"`{path}`" in str(caught.value)
