"""The message of an event, from a text or a template with its parameters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.protocol.message import fill_template


@pytest.mark.parametrize(
    ("given", "formatted", "template", "why"),
    [
        ("disk full", "disk full", None, "a text"),
        ({"formatted": "disk full"}, "disk full", None, "its long form"),
        ({"message": "disk full"}, "disk full", None, "a template without parameters is the text"),
        ({"message": "a %s", "formatted": "a b"}, "a b", "a %s", "both"),
        ({"message": "a b", "formatted": "a b"}, "a b", None, "both the same"),
        ({"message": "a %s", "params": ["b"]}, "a b", "a %s", "filled in by us"),
        ({"message": "a %s", "params": []}, "a %s", None, "no parameters"),
        ({"message": "a %s", "params": "b"}, "a %s", None, "parameters of another type"),
        ({"message": {"a": 1}}, '{"a":1}', None, "a message that is an object"),
        (42, "42", None, "a number"),
        ({"a": 1}, '{"a":1}', None, "any object"),
        ([1], "[1]", None, "a list"),
    ],
)
def test_a_message_is_read(read, given, formatted, template, why):
    entry = read({"logentry": given}).logentry
    assert (entry.formatted, entry.message) == (formatted, template), why


@pytest.mark.parametrize("given", ["", False, {}, [], {"params": [1]}, {"message": ""}, None])
def test_what_says_nothing_is_no_message(read, given):
    assert read({"logentry": given}).logentry is None


def test_long_messages_are_cut(read, noted):
    event = read({"logentry": {"message": "%s" + "x" * 9000, "params": ["y" * 500]}})
    assert len(event.logentry.formatted) == len(event.logentry.message) == 8192
    assert noted(event) == [
        ("value_too_long", "logentry.message"),
        ("value_too_long", "logentry.formatted"),
    ]


def test_parameters_are_bounded(read, noted):
    event = read({"logentry": {"message": "%s", "params": ["x" * 5000]}})
    assert len(event.logentry.params[0]) < 2048
    assert ("value_too_long", "logentry.params") in noted(event)


@pytest.mark.parametrize(
    ("template", "params", "text", "why"),
    [
        ("%s and %d", ["a", 1], "a and 1", "by position"),
        ("%(x)s", {"x": "a"}, "a", "by name"),
        ("%5.2f%%", [1.234], " 1.23%", "with width and precision"),
        ("%s", ["a", "b"], "%s", "too many"),
        ("%s %s", ["a"], "%s %s", "too few"),
        ("%d", ["a"], "%d", "of another type"),
        ("%(y)s", {"x": "a"}, "%(y)s", "without its name"),
        ("100% of %s", ["a"], "100% of %s", "a percent sign that is none"),
        ("%c", [0], "%c", "a character that no column can hold"),
        ("%s %c", ["a", 0], "%s %c", "the same beside one that fits"),
        ("%999999999d", [1], "%999999999d", "a width of gigabytes"),
        ("%*d", [9**9, 1], "%*d", "the same by parameter"),
        ("{} {}", ["a", "b"], "a b", "braces by position"),
        ("{1} {0} {9}", ["a", "b"], "b a {9}", "by number"),
        ("{x} {y}", {"x": "a"}, "a {y}", "by name"),
        ("{x.__class__}", {"x": "a"}, "{x.__class__}", "attributes are not reached"),
        ("{named}", ["a"], "{named}", "a name without names"),
        ("{} {}", ["a"], "a {}", "too few"),
    ],
)
def test_a_template_is_filled(template, params, text, why):
    assert fill_template(template, params) == text, why


@given(
    st.text(st.sampled_from("%{}()sdrxfa019.-+# \0é"), max_size=40),
    st.one_of(
        st.lists(st.one_of(st.text(), st.integers(), st.floats()), max_size=4),
        st.dictionaries(st.text(max_size=2), st.one_of(st.text(), st.integers()), max_size=4),
    ),
)
def test_any_template_gives_a_text_that_is_not_much_longer(template, params):
    assert len(fill_template(template, params)) <= 40 * (200 + len(str(params)))
