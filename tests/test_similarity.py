"""How alike issues are, and by what it is found."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.similarity import Features, bands, features, likeness

PROJECT = uuid.UUID("6f9619ff-8b86-4011-b42d-00cf4fc964ff")


def grouping(*parts: tuple[str, str]) -> dict[str, Any]:
    return {"explanation": {"parts": [{"label": label, "value": value} for label, value in parts]}}


CALLS = [
    ("module", "shop.till"),
    ("function", "pay"),
    ("file", "run.py"),
    ("function", "main"),
    ("module", "worker"),
]


def test_an_issue_is_about_its_types_words_and_calls():
    found = features(
        "ValueError: order 12345 of jane.doe not found in db_7",
        grouping(("exception type", "ValueError"), *CALLS),
    )
    assert found.types == {"ValueError"}
    assert found.words == {"order", "of", "jane.doe", "not", "found", "in", "db"}
    assert found.calls == {"shop.till pay", "run.py main", "worker"}


def test_a_message_counts_by_its_words():
    found = features("Backup failed", grouping(("message", "Backup of <number> failed")))
    assert found.words == {"backup", "failed", "of", "number"}


def test_a_function_without_a_module_is_a_call():
    assert features("", grouping(("function", "pay"))).calls == {"pay"}


@pytest.mark.parametrize("stored", [None, {}, {"explanation": None}, grouping()])
def test_an_issue_without_explanation_is_about_its_title(stored):
    assert features("Disk full", stored) == Features(
        types=frozenset(), words=frozenset({"disk", "full"}), calls=frozenset()
    )


def test_issues_about_the_same_are_fully_alike():
    one = features("ValueError: bad", grouping(("exception type", "ValueError"), *CALLS))
    assert likeness(one, one).score == 1.0
    assert likeness(one, one).reasons == [
        "the same exception type: ValueError",
        "3 of 3 calls in common",
        "words in common: bad",
    ]


def test_issues_that_differ_by_a_call_are_alike_and_say_by_what():
    one = features("KeyError: x", grouping(("exception type", "KeyError"), *CALLS))
    other = features("KeyError: y", grouping(("exception type", "KeyError"), *CALLS[:4]))
    assert likeness(one, other).score == pytest.approx(5 / 6, abs=0.001)
    assert likeness(one, other).reasons == [
        "the same exception type: KeyError",
        "2 of 3 calls in common",
    ]


def test_issues_that_have_nothing_in_common_are_not_alike():
    one = features("KeyError", grouping(("exception type", "KeyError"), ("function", "a")))
    other = features("OSError", grouping(("exception type", "OSError"), ("function", "b")))
    assert likeness(one, other).score == 0
    assert likeness(one, other).reasons == ["different exception types", "no call in common"]


def test_nothing_is_not_like_nothing():
    nothing = features("", None)
    assert likeness(nothing, nothing).score == 0
    assert bands(nothing, PROJECT) == []


def test_a_signature_is_sixteen_numbers_that_a_bigint_holds():
    found = bands(features("some words of a title", None), PROJECT)
    assert len(found) == len(set(found)) == 16
    assert all(-(2**63) <= band < 2**63 for band in found)


def test_the_same_features_have_other_bands_in_another_project():
    same = features("some words of a title", None)
    assert not set(bands(same, PROJECT)) & set(bands(same, uuid.UUID(int=1)))


@given(st.sets(st.integers(0, 10**6), min_size=20, max_size=20))
def test_issues_that_are_mostly_alike_share_a_band(numbers):
    calls = [f"module f{number}" for number in sorted(numbers)]
    one, other = (
        Features(types=frozenset({"E"}), words=frozenset(), calls=frozenset(some))
        for some in (calls[2:], calls[:-2])
    )
    assert likeness(one, other).score > 0.8
    assert set(bands(one, PROJECT)) & set(bands(other, PROJECT))
