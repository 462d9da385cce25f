"""What explanations tell people: what was replaced, and where two groupings part."""

from __future__ import annotations

from typing import get_args

import pytest

from mesher.grouping.account import VARIANTS, Replaced, account, compare
from mesher.grouping.explanation import Variant
from mesher.grouping.fingerprint import group
from mesher.grouping.rules.ruleset import compile_rules

CALLS = [
    {"module": "shop", "function": "serve", "in_app": True},
    {"module": "till", "function": "pay", "in_app": True},
]


def failure(kind, *functions, value="v"):
    frames = [{"module": "shop", "function": name, "in_app": True} for name in functions]
    return {"exception": [{"type": kind, "value": value, "stacktrace": {"frames": frames}}]}


def explained(event):
    return account(group(event).explanation, event)


def test_a_message_tells_which_of_its_values_were_replaced(event):
    told = explained(event(message="user 17 of 10.0.0.7 waited 3.5 s"))
    assert told.by == VARIANTS["message"]
    [part] = told.parts
    assert part.value == "user <number> of <ip> waited <duration>"
    assert part.replaced == [
        Replaced("17", "number"),
        Replaced("10.0.0.7", "ip"),
        Replaced("3.5 s", "duration"),
    ]


def test_so_does_a_template_of_a_message(event):
    told = explained(event(logentry={"message": "user %s of 10.0.0.7", "params": ["x"]}))
    assert told.parts[0].replaced == [Replaced("10.0.0.7", "ip")]


def test_so_does_the_value_of_an_exception_without_calls(event):
    told = explained(event(exception=[{"type": "E", "value": "port 8080 is taken"}]))
    assert [(part.label, part.replaced) for part in told.parts] == [
        ("exception type", []),
        ("exception value", [Replaced("8080", "number")]),
    ]


def test_values_of_other_parts_are_as_they_are(event):
    told = explained(event(**failure("E", "f1")))
    assert all(part.replaced == [] for part in told.parts)


def test_without_the_event_nothing_is_known_to_be_replaced(event):
    told = account(group(event(message="user 17")).explanation, None)
    assert told.parts[0].value == "user <number>"
    assert told.parts[0].replaced == []


def test_every_variant_has_a_name():
    assert VARIANTS.keys() == set(get_args(Variant))


@pytest.fixture
def compared(event):
    return lambda one, other: compare(
        group(event(**one)).explanation, group(event(**other)).explanation
    )


def test_two_that_group_alike_do_not_differ(compared):
    found = compared(failure("E", "a"), failure("E", "a", value="other"))
    assert (found.same, found.first_difference) == (True, "")
    assert all(row.same for row in found.parts)


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (
            failure("E", "a"),
            failure("F", "a"),
            "from the start: the one has the exception type “E”, the other the exception type “F”",
        ),
        (
            failure("E", "a", "b"),
            failure("E", "a", "c"),
            "the one has the function “b”, the other the function “c”",
        ),
        (
            failure("E", "a", "b"),
            failure("E", "a"),
            "the one has the module “shop”, the other no more",
        ),
        (
            failure("E", "a"),
            {"message": "m"},
            "the one by the calls of the application itself, the other by the message",
        ),
        (
            {"fingerprint": ["a", "b"]},
            {"fingerprint": ["a", "c"]},
            "after one value that is the same: the one has the fingerprint “b”",
        ),
    ],
)
def test_the_first_difference_is_told_in_words(compared, one, other, words):
    found = compared(one, other)
    assert not found.same
    assert words in found.first_difference


def test_calls_that_both_have_stand_beside_each_other_after_one_that_one_lacks(compared):
    found = compared(failure("E", "a", "b", "c"), failure("E", "a", "c"))
    assert [row.same for row in found.parts] == [True] * 3 + [False, False] + [True] * 2
    assert [row.other for row in found.parts if not row.same] == [None, None]


def test_rules_of_the_project_are_told_and_what_sets_the_fingerprint_is_named(event):
    given = event(**failure("E", "serve", "pay"), fingerprint=["theirs"])
    for text, by in {
        "type:E -> ours": "the fingerprint that a rule of the project sets",
        "function:pay -app": "the fingerprint that the client sent",
    }.items():
        rules, _ = compile_rules(text)
        told = account(group(given, rules).explanation, given)
        assert told.by == by
        assert [(rule.line, rule.text) for rule in told.rules] == [(1, text)]
