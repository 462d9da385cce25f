"""Breadcrumbs."""

from __future__ import annotations

from typing import Any

import pytest

from mesher.protocol import limits
from mesher.protocol.event import Breadcrumb


@pytest.fixture
def crumb(read):
    """Reads one breadcrumb that is not empty."""

    def read_one(**attributes: Any) -> Breadcrumb:
        return read({"breadcrumbs": [{"category": "c", **attributes}]}).breadcrumbs[0]

    return read_one


@pytest.mark.parametrize(
    "given",
    [
        {"values": [{"message": "m"}]},
        [{"message": "m"}],
        {"values": [None, {"message": "m"}, "odd", {}]},
    ],
)
def test_breadcrumbs_come_in_several_forms(read, given):
    assert [one.message for one in read({"breadcrumbs": given}).breadcrumbs] == ["m"]


@pytest.mark.parametrize(
    ("attribute", "given", "kept", "why"),
    [
        ("timestamp", 1_795_534_000.5, 1_795_534_000.5, "seconds"),
        ("timestamp", "2026-11-24T15:33:00Z", 1_795_534_380.0, "a text"),
        ("timestamp", "long ago", 1_795_534_440.0, "no time: that of its event"),
        ("timestamp", [], 1_795_534_440.0, "a list"),
        ("level", "log", "info", "JavaScript's alias"),
        ("level", 40, "error", "Python's number"),
        ("level", "warn", "info", "not a level"),
        ("level", None, "info", "the default"),
        ("level", [], "info", "a list"),
        ("type", None, "default", "the default"),
        ("type", 7, "7", "a number is text"),
        ("category", "x" * 200, "x" * 125 + "...", "cut"),
        ("message", 7, "7", "a number"),
        ("message", ["a"], '["a"]', "a list: what console.log was given"),
        ("message", "", None, "empty"),
        ("data", {"a": 1}, {"a": 1}, "data"),
        ("data", {}, None, "no data"),
        ("data", ["a"], {"0": "a"}, "a list"),
        ("data", "a", None, "a text is none"),
        ("event_id", "x", "x", "of the event that it stands for"),
    ],
)
def test_a_breadcrumb_attribute_is_read(crumb, attribute, given, kept, why):
    assert getattr(crumb(**{attribute: given}), attribute) == kept, why


def test_a_wrong_time_is_noted(read, noted):
    event = read({"breadcrumbs": [{"message": "m", "timestamp": "long ago"}]})
    assert noted(event) == [("invalid_data", "breadcrumbs.timestamp")]


def test_a_breadcrumb_that_is_only_a_time_is_kept(read):
    assert len(read({"breadcrumbs": [{"timestamp": 1_795_534_000}]}).breadcrumbs) == 1


def test_the_newest_breadcrumbs_are_kept_in_either_way_of_reading(read):
    many: list[Any] = [{"message": str(number)} for number in range(limits.MAX_BREADCRUMBS + 5)]
    for crumbs in (many, [*many[:-1], {**many[-1], "type": 7}]):
        kept = read({"breadcrumbs": crumbs}).breadcrumbs
        assert len(kept) == limits.MAX_BREADCRUMBS
        assert kept[0].message == "5"


def test_data_is_bounded_with_a_note(read, noted):
    event = read({"breadcrumbs": [{"data": {"a": "x" * 5000}}]})
    assert event.breadcrumbs[0].data["a"].endswith("...")
    assert noted(event) == [("value_too_long", "breadcrumbs.data")]


def test_a_wrong_attribute_leaves_the_level_as_it_is(crumb):
    assert crumb(level="error", message={"not": "a text"}).level == "error"
