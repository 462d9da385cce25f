"""Tags: those that clients send, and those that follow from the rest of the event."""

from __future__ import annotations

import pytest

from mesher.protocol import limits
from mesher.protocol.tags import short_logger


def sent(read, tags):
    return {key: text for key, text in read({"tags": tags}).tags.items() if key != "level"}


@pytest.mark.parametrize(
    ("given", "kept", "why"),
    [
        ({"a": "b"}, {"a": "b"}, "a map"),
        ([["a", "b"], None, ["odd"], ["c", "d"]], {"a": "b", "c": "d"}, "pairs"),
        ({"n": 5, "t": True, "f": 1.5}, {"n": "5", "t": "True", "f": "1"}, "numbers and booleans"),
        ({"my key": " b "}, {"my-key": "b"}, "blanks in a key become hyphens"),
        ({"ключ": "b"}, {}, "other characters in a key"),
        ({"": "b"}, {}, "no key"),
        ({"a": ""}, {}, "no value"),
        ({"a": None}, {}, "null"),
        ({"a": "b\nc"}, {}, "a line break"),
        ({"a": []}, {}, "a list"),
        ([["a", "1"], ["a", "2"]], {"a": "1"}, "of the same key the first counts"),
        ({"release": "x", "user": "y", "sentry:z": "z"}, {}, "reserved"),
        ({"k" * 201: "b"}, None, "a long key is cut"),
        ({"a": "x" * 201}, {"a": "x" * 197 + "..."}, "a long value is cut"),
        ("odd", {}, "no tags"),
    ],
)
def test_tags_are_read(read, given, kept, why):
    found = sent(read, given)
    if kept is None:
        [key] = found
        assert len(key) == limits.LINE_CHARACTERS[0] or key.endswith("..."), why
    else:
        assert found == kept, why


def test_tags_are_bounded_in_number_with_a_note(read, noted):
    event = read({"tags": {f"t{number}": "x" for number in range(limits.MAX_TAGS + 1)}})
    assert len(event.tags) == limits.MAX_TAGS + 1, "with the level"
    assert noted(event) == [("value_too_long", "tags")]


def test_attributes_win_over_tags_and_tags_over_what_follows_from_interfaces(read):
    request = {"url": "http://a/"}
    event = read({"level": "info", "tags": {"level": "x", "url": "mine"}, "request": request})
    assert (event.tags["level"], event.tags["url"]) == ("info", "mine")


def test_tags_that_follow_do_not_count_against_the_limit(read, noted):
    tags = {f"t{number}": "x" for number in range(limits.MAX_TAGS)}
    event = read({"tags": {**tags, "url": "u", "os": "o"}})
    assert len(event.tags) == limits.MAX_TAGS + 3, "with the level"
    assert noted(event) == []


@pytest.mark.parametrize(
    ("payload", "tags"),
    [
        ({"logger": "l"}, {"logger": "l"}),
        ({"transaction": "t", "server_name": "s", "site": "x"}, {"transaction": "t", "site": "x"}),
        ({"release": "r", "dist": "d", "environment": "e"}, {"release": "r", "dist": "d"}),
        ({"request": {"url": "http://a/b?c"}}, {"url": "http://a/b"}),
        ({"contexts": {"os": {"name": "O", "version": 1}}}, {"os": "O 1", "os.name": "O"}),
        ({"contexts": {"runtime": {"raw_description": "R 2"}}}, {"runtime": "R 2"}),
        ({"contexts": {"browser": {"version": "1"}}}, {}),
        ({"contexts": {"device": {"model": "M", "family": "F"}}}, {"device": "M"}),
        ({"contexts": {"trace": {"trace_id": "a" * 32}}}, {"trace": "a" * 32}),
        ({"transaction": "a\nb"}, {"transaction": "a b"}),
    ],
)
def test_tags_follow_from_the_event(read, payload, tags):
    assert tags.items() <= read(payload).tags.items()


@pytest.mark.parametrize(("handled", "tag"), [(True, "yes"), (False, "no"), (None, None)])
def test_how_the_last_exception_was_caught_is_a_tag(read, handled, tag):
    chain = [{"type": "A"}, {"type": "B", "mechanism": {"type": "m", "handled": handled}}]
    tags = read({"exception": chain}).tags
    assert (tags["mechanism"], tags.get("handled")) == ("m", tag)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        (None, None),
        ("short.name", "short.name"),
        ("com.example." + "x" * 50 + ".Logger", "c.e." + "x" * 50 + ".Logger"),
        ("com." + "x" * 60 + ".Logger", "c.x.Logger"),
        ("x" * 70, "x" * 64),
    ],
)
def test_a_long_logger_is_shortened_from_the_left(name, short):
    assert short_logger(name) == short
