"""Queries and what they say, one a row."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mesher.search.keys import ALIASES, BY_NAME
from mesher.search.mistakes import QueryError
from mesher.search.parse import MAX_DEPTH, MAX_LIST, MAX_TERMS, parse_query
from mesher.search.suggestions import values_of_key, written_tag
from mesher.search.tree import (
    And,
    AssignedTo,
    FreeText,
    HandledIs,
    Has,
    HasTag,
    IdIs,
    InLatestRelease,
    Not,
    NumberIs,
    Or,
    Pattern,
    StateIs,
    TagIs,
    TextIs,
    TimeIs,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ID = uuid.UUID("6f2b9c1e4d5a47b0a1c2d3e4f5061728")


def _text(*parts: str) -> FreeText:
    return FreeText(Pattern(parts))


def _tag(tag: str, *values: str) -> TagIs:
    return TagIs(tag, tuple(Pattern(tuple(value.split("*"))) for value in values))


def _is(key: str, *values: str) -> TextIs:
    return TextIs(key, tuple(Pattern(tuple(value.split("*"))) for value in values))


def _time(key: str, comparison: Any, *when: int) -> TimeIs:
    return TimeIs(key, comparison, datetime(*when, tzinfo=UTC))  # type: ignore[misc,arg-type]


DAY = And((_time("timestamp", ">=", 2026, 1, 2), _time("timestamp", "<", 2026, 1, 3)))


@pytest.mark.parametrize(
    ("query", "node"),
    [
        ("", And(())),
        ("   ", And(())),
        ("timeout", _text("timeout")),
        ('"connection refused"', _text("connection refused")),
        ("a b", And((_text("a"), _text("b")))),
        ("a AND b", And((_text("a"), _text("b")))),
        ("a OR b", Or((_text("a"), _text("b")))),
        ("a b OR c", Or((And((_text("a"), _text("b"))), _text("c")))),
        ("a (b OR c)", And((_text("a"), Or((_text("b"), _text("c")))))),
        ("or and ORDER", And((_text("or"), _text("and"), _text("ORDER")))),
        ("!a", Not(_text("a"))),
        ("!(a OR b)", Not(Or((_text("a"), _text("b"))))),
        ("render(props)", _text("render(props)")),
        ("TypeError: x", And((_text("TypeError:"), _text("x")))),
        ("https://example.com/a", _text("https://example.com/a")),
        ("std::bad_alloc", _text("std::bad_alloc")),
        ("12:30", _text("12:30")),
        ("time*out", _text("time", "out")),
        (r"5\*3", _text("5*3")),
        (r"a\\*", _text("a\\", "")),
        (r'"say \"hi\""', _text('say "hi"')),
        (r'"C:\temp"', _text(r"C:\temp")),
        ("is:unresolved", StateIs("unresolved")),
        ("is:ignored", StateIs("archived")),
        ("is:[resolved, assigned]", Or((StateIs("resolved"), StateIs("assigned")))),
        ("status:RESOLVED", StateIs("resolved")),
        ("level:error", _is("level", "error")),
        ("level:[warn, fatal]", _is("level", "warning", "fatal")),
        ("!level:info", Not(_is("level", "info"))),
        ("assigned:me", AssignedTo(("me",))),
        ("assigned:[me, none]", AssignedTo(("me", "none"))),
        ("assigned_to:Ada@Example.com", AssignedTo(("ada@example.com",))),
        ("times_seen:100", NumberIs("times_seen", "=", 100)),
        ("timesSeen:>=1.5k", NumberIs("times_seen", ">=", 1500)),
        ("times_seen:[1,2]", Or((NumberIs("times_seen", "=", 1), NumberIs("times_seen", "=", 2)))),
        ("first_seen:-24h", TimeIs("first_seen", ">=", NOW - timedelta(hours=24))),
        ("age:+1w", TimeIs("first_seen", "<=", NOW - timedelta(weeks=1))),
        ("last_seen:>7d", TimeIs("last_seen", ">", NOW - timedelta(days=7))),
        ("timestamp:2026-01-02", DAY),
        ("timestamp:>2026-01-02T10:30+02:00", _time("timestamp", ">=", 2026, 1, 2, 8, 31)),
        ("timestamp:>2026-01-02", _time("timestamp", ">=", 2026, 1, 3)),
        ("timestamp:<2026-01-02", _time("timestamp", "<", 2026, 1, 2)),
        ("timestamp:<=2026-01-02T10:30", _time("timestamp", "<", 2026, 1, 2, 10, 31)),
        ("timestamp:>=2026-01-02T10:30:05+02:00", _time("timestamp", ">=", 2026, 1, 2, 8, 30, 5)),
        ("timestamp:>2026-01-02T10:30:05.5Z", _time("timestamp", ">=", 2026, 1, 2, 10, 30, 5, 500001)),
        (f"id:{ID.hex}", IdIs("id", (ID,))),
        (f"issue:[{ID}]", IdIs("issue", (ID,))),
        ("release:1.2.*", _tag("release", "1.2.*")),
        ("release:latest", InLatestRelease()),
        ('release:"latest"', _tag("release", "latest")),
        ("release:[latest, 1.0]", Or((InLatestRelease(), _tag("release", "1.0")))),
        ('release:""', Not(HasTag("release"))),
        ("environment:production", _tag("environment", "production")),
        ("tags[level]:gold", _tag("level", "gold")),
        ("tags[a:b]:c", _tag("a:b", "c")),
        ("customTag:x", _tag("customTag", "x")),
        ('tag:"a b"', _tag("tag", "a b")),
        ('tag:""', Not(HasTag("tag"))),
        ('tag:["", a]', Or((Not(HasTag("tag")), _tag("tag", "a")))),
        ('release:["", 1.0]', Or((Not(HasTag("release")), _tag("release", "1.0")))),
        ('sdk.name:["", a]', Or((Not(Has("sdk.name")), _is("sdk.name", "a")))),
        ('assigned:["", me]', AssignedTo(("none", "me"))),
        ("tag:=x", _tag("tag", "x")),
        ("http.url:*/checkout", _tag("url", "*/checkout")),
        ("message:foo(bar)", _is("message", "foo(bar)")),
        ('error.type:["A B", C]', _is("error.type", "A B", "C")),
        ('user.email:""', Not(Has("user.email"))),
        ("user.ip_address:10.*", _is("user.ip", "10.*")),
        ("platform.name:python", _is("platform", "python")),
        ("error.handled:true", HandledIs(True)),
        ("error.unhandled:[1, 0]", Or((HandledIs(False), HandledIs(True)))),
        ("has:user", HasTag("user")),
        ("!has:release", Not(HasTag("release"))),
        ("has:user.email", Has("user.email")),
        ("has:[url, assigned_to]", Or((HasTag("url"), Has("assigned")))),
        ("has:project", Has("project")),
        ("project:ada-shop", _is("project", "ada-shop")),
        ("geo.city:Berlin", _is("geo.city", "Berlin")),
        (ID.hex, IdIs("id", (ID,))),
        (str(ID).upper(), IdIs("id", (ID,))),
        (f'"{ID.hex}"', _text(ID.hex)),
        (f"{ID.hex}a", _text(f"{ID.hex}a")),
        ('"level:"', _text("level:")),
        ("Caused by:", And((_text("Caused"), _text("by:")))),
        ("a\0b", And((_text("a"), _text("b")))),
    ],
)  # fmt: skip
def test_a_query_says(query: str, node: Any) -> None:
    assert parse_query(query, NOW) == node


@pytest.mark.parametrize(
    ("query", "position", "said"),
    [
        ("(a", 2, ") "),
        ("a)", 1, "the end"),
        ("a:(", 2, "a value"),
        ('a "b', 2, "close it with"),
        ("a OR", 4, "a key with its value"),
        ("()", 1, "a word"),
        ("a:[b", 4, "]"),
        ("!", 1, "a word"),
        ("is:foo", 3, "expected unresolved"),
        ("a level:loud", 8, "expected fatal"),
        ("times_seen:many", 11, "a number"),
        ("first_seen:soon", 11, "a time"),
        ("first_seen:20260102", 11, "a time"),
        ("first_seen:2026-02-30", 11, "a time"),
        ("first_seen:+999999w", 11, "not as far away"),
        ("first_seen:9999-12-31", 11, "not as far away"),
        ("id:12", 3, "32 hexadecimal digits"),
        ("title:>a", 0, "has no order"),
        ("release:>1.0", 0, "has no order"),
        ("tag:>1", 5, "tags have no order"),
        ("level: error", 6, "nothing stands behind level:"),
        ("a firstSeen:", 12, "leave no blank before the value"),
        ("assigned:#team", 9, "Mesher has no teams"),
        ("assigned:my_teams", 9, "Mesher has no teams"),
        ("assigned:ada", 9, "nobody's e-mail"),
        ("has:[url, bookmarks]", 10, "Mesher has no bookmarks"),
        ("event.type:error", 0, "all events are of errors"),
        ("bookmarks:me", 0, "Mesher has no bookmarks"),
        ("release.version:>1.2", 0, "use release with a wildcard"),
        ("*".join("abcdefghijklm"), 0, "at most 10 wildcards"),
        ("error.handled:maybe", 14, "expected true"),
        ("x" * 2001, 2000, "longer than 2000"),
        ("(a " * 0 + "!" * (MAX_DEPTH + 2) + "a", MAX_DEPTH + 1, "nested deeper"),
        ("a " * (MAX_TERMS + 1), 2 * MAX_TERMS, "more than 50 terms"),
        (f"id:[{','.join(['1'] * (MAX_LIST + 1))}]", 0, "more than 100 values"),
    ],
)
def test_a_query_that_cannot_be_read_is_told_where_and_what_was_expected(
    query: str, position: int, said: str
) -> None:
    with pytest.raises(QueryError) as raised:
        parse_query(query, NOW)
    error = raised.value
    assert said in f"{error.message} {error.hint} "
    assert (error.position, error.field) == (position, "query")
    assert f"(character {position + 1})" in error.message


def test_brackets_that_change_nothing_may_be_many() -> None:
    assert parse_query("(" * 500 + "a" + ")" * 500, NOW) == _text("a")


def test_aliases_are_of_keys_or_tags_and_not_of_each_other() -> None:
    assert not set(ALIASES) & set(BY_NAME)
    assert not set(ALIASES) & set(ALIASES.values())


@pytest.mark.parametrize(
    ("key", "values"),
    [
        (
            "is",
            (
                *("unresolved", "resolved", "archived", "discarded", "assigned", "unassigned"),
                *("new", "ongoing", "regressed", "escalating"),
            ),
        ),
        ("error.handled", ("true", "false")),
        ("title", ()),
        ("id", ()),
        ("user.email", None),
        ("has", None),
        ("release", None),
        ("customTag", None),
    ],
)
def test_the_usual_values_of_a_key_are_known(key: str, values: Any) -> None:
    assert values_of_key(key) == values


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        ("customTag", "customTag"),
        ("title", "tags[title]"),
        ("http.url", "tags[http.url]"),
        ("bookmarks", "tags[bookmarks]"),
        ("a:b", "tags[a:b]"),
        ("1st", "tags[1st]"),
    ],
)
def test_a_tag_is_suggested_as_it_has_to_be_written(tag: str, written: str) -> None:
    assert written_tag(tag) == written
    assert parse_query(f"{written}:x", NOW) == _tag(tag, "x")
