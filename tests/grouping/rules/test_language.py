"""The language of rules: what it says, and what it answers to what it does not know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.errors import ProtocolError
from mesher.grouping.rules.language import parse_rules
from mesher.grouping.rules.matchers import Matcher
from mesher.grouping.rules.rule import (
    MAX_MATCHERS,
    MAX_PATTERN_CHARACTERS,
    MAX_RULES,
    MAX_TEXT_CHARACTERS,
    MAX_VALUES,
    CallRule,
    FingerprintRule,
    Mark,
)
from mesher.grouping.rules.ruleset import checked_rules


def _rule(text: str):
    [rule], errors = parse_rules(text)
    assert errors == []
    return rule


def test_a_rule_with_an_arrow_sets_a_fingerprint():
    text = 'type:*Error !tags.shop:"a b" -> db, {{ tags.shard }} title="Down: {{ type }}"'
    assert _rule(text) == FingerprintRule(
        line=1,
        text=text,
        matchers=(Matcher("type", "*Error"), Matcher("tags.shop", "a b", negated=True)),
        values=("db", "{{ tags.shard }}"),
        title="Down: {{ type }}",
    )


def test_a_rule_without_says_what_becomes_of_calls():
    text = "[ function:a ] | module:b app:yes | [ !path:c ] ^-app v+group -group max-frames=3"
    assert _rule(text) == CallRule(
        line=1,
        text=text,
        matchers=(Matcher("module", "b"), Matcher("app", "yes")),
        caller=(Matcher("function", "a"),),
        callee=(Matcher("path", "c", negated=True),),
        marks=(
            Mark("app", on=False, reach="^"),
            Mark("group", on=True, reach="v"),
            Mark("group", on=False, reach=""),
        ),
        at_most=3,
    )


def test_long_names_are_the_short_ones():
    names = ["stack.function", "stack.module", "stack.abs_path", "stack.package"]
    names += ["error.type", "error.value", "error.mechanism"]
    rule = _rule(" ".join(f"{name}:x" for name in names) + " -app")
    found = [one.name for one in rule.matchers]
    assert found == ["function", "module", "path", "package", "type", "value", "mechanism"]


def test_comments_and_empty_lines_are_passed_over_and_lines_are_counted():
    text = "# why\n\n  type:#1 -> a # why\r\n\tfunction:b#c -app\n   # end"
    rules, errors = parse_rules(text)
    assert errors == []
    assert [(rule.line, rule.text) for rule in rules] == [
        (3, "type:#1 -> a # why"),
        (4, "function:b#c -app"),
    ]
    assert rules[0].matchers == (Matcher("type", "#1"),)
    assert rules[1].matchers == (Matcher("function", "b#c"),)


def test_in_quotation_marks_blanks_and_escaped_marks_are_text():
    rule = _rule(r'value:"say \"a\\b\" # now" -> "one, two"')
    assert rule.matchers == (Matcher("value", r'say "a\b" # now'),)
    assert rule.values == ("one, two",)


@pytest.mark.parametrize(
    ("line", "column", "message", "hint"),
    [
        ("-> a", 1, "expected a matcher, found '-> a'", "name:pattern"),
        ("type: A -> a", 1, "expected a matcher, found 'type: A -> a'", "name:pattern"),
        ("type:A fuction:b -app", 8, "'fuction' is nothing that a rule can match", "function"),
        ("tags.:b -app", 1, "'tags.' is nothing that a rule can match", "tags.NAME"),
        ("type: -> a", 1, "expected a matcher", "name:pattern"),
        ("type:", 6, "expected a pattern for type, found the end of the line", 'type:"with'),
        ('type:"" -> a', 9, "expected a pattern for type", "type:pattern"),
        ('type:"A -> a', 6, "the quotation mark is not closed", 'write "'),
        ("app:maybe -app", 5, "'maybe' is neither yes nor no", "app:yes"),
        ("app:yes !app:no -app", 9, "app is asked for twice", "one of"),
        ("path:a**/b -app", 6, "** stands beside other text in 'a**'", "**/*.py"),
        (f"type:{'x' * (MAX_PATTERN_CHARACTERS + 1)} -> a", 6, "201 characters; 200", "put *"),
        ("type:A", 7, "expected another matcher, -> or an action, found the end", "-app"),
        ("type:A app", 8, "expected another matcher, -> or an action, found 'app'", "-app"),
        ("type:A -> ", 11, "expected a value, found the end of the line", "-> value"),
        ('type:A -> ""', 13, "expected a value", "-> value"),
        ("type:A -> a,", 13, "expected a value", "-> value"),
        ("type:A -> a b", 13, "expected a comma and another value", 'stand in "'),
        ("type:A -> title=a", 17, "expected a value", "-> value"),
        ("type:A -> a title=b", 19, "expected the title in quotation marks", 'title="'),
        ("type:A -> {{ shop }}", 11, "{{ shop }} is no variable", "{{ tags.NAME }}"),
        ("type:A -> {{ }}", 11, "{{ }} is no variable", "{{ tags.NAME }}"),
        ('type:A -> a title="{{ x }}"', 28, "{{ x }} is no variable", "{{ tags.NAME }}"),
        ("type:A -> " + ", ".join("a" * (MAX_VALUES + 1)), 41, "more than 10 values", "join"),
        ("[ function:a | function:b -app", 14, "expected another matcher or ]", "` ]`"),
        ("[ function:a] | function:b -app", 13, "closed without a blank before it", "` ]`"),
        ("[ ] | function:b -app", 3, "expected a matcher", "name:pattern"),
        ("[ function:a ] function:b -app", 16, "expected |, found 'function:b -app'", "| matchers"),
        ("function:a | function:b -app", 14, "expected [, found", "[ matchers of the callee ]"),
        ("[ type:A ] | function:b -app", 3, "type is not of a call", "before the brackets"),
        ("[ function:a ] | type:A -> b", 25, "cannot depend on who calls whom", "without brackets"),
        ("function:a -app x", 17, "expected another action or the end", "max-frames=n"),
        ("function:a -apple", 12, "expected another matcher, -> or an action", "-app"),
        ("function:a max-frames=0", 12, "0 is no number of calls", "1 to 1000"),
        ("function:a category=x", 12, "categories are not supported", "becomes of the call"),
        ("type:A " * (MAX_MATCHERS + 1) + "-app", 1, "more than 20 matchers", "split the rule"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_write(error_of, line, column, message, hint):
    error = error_of(f"# rules\n{line}")
    assert (error.line, error.column) == (2, column)
    assert error.message.startswith(f"line 2, column {column}: ")
    assert message in error.message
    assert hint in error.hint
    assert error.field == "rules"


def test_every_line_that_is_wrong_is_told_and_the_others_are_rules():
    rules, errors = parse_rules("type:A -> a\nnonsense\ntype:B -> b\nmore nonsense")
    assert [rule.line for rule in rules] == [1, 3]
    assert [error.line for error in errors] == [2, 4]


def test_too_many_rules_are_an_error_at_the_first_that_is_too_many():
    rules, [error, *_] = parse_rules("type:A -> a\n" * (MAX_RULES + 2))
    assert len(rules) == MAX_RULES
    assert error.line == MAX_RULES + 1


def test_a_text_that_is_too_long_holds_no_rules():
    rules, [error] = parse_rules("#" * (MAX_TEXT_CHARACTERS + 1))
    assert rules == []
    assert "20,001 characters; 20,000 are allowed" in error.message


@given(st.text('typeapfunction:*#"\\![]|->{}^v+-, =ag\n', max_size=80))
def test_any_text_is_read_without_failing(text):
    rules, errors = parse_rules(text)
    assert len(rules) + len(errors) <= text.count("\n") + 1


def test_who_writes_rules_gets_them_or_the_first_mistake_with_the_number_of_others():
    assert checked_rules("# nothing") is None
    assert checked_rules("type:A -> a") is not None
    for lines, others in {1: "", 2: " (and 1 more line with a mistake)"}.items():
        with pytest.raises(ProtocolError) as raised:
            checked_rules("type:A -> a\n" + "nonsense\n" * lines)
        assert raised.value.message == (
            f"line 2, column 1: expected a matcher, found 'nonsense'{others}"
        )
        assert (raised.value.field, raised.value.hint[:12]) == ("rules", "name:pattern")
    with pytest.raises(ProtocolError, match="and 2 more lines with a mistake"):
        checked_rules("nonsense\n" * 3)
