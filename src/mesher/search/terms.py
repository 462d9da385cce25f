"""From a term of a query, ``key:value``, to what it asks for: one reader for each kind of key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, get_args

from lark import Token

from mesher.search.keys import ABSENT, ALIASES, BY_NAME, STATE_ALIASES, Key
from mesher.search.mistakes import QueryError
from mesher.search.tree import (
    And,
    AssignedTo,
    Comparison,
    HandledIs,
    Has,
    HasTag,
    IdIs,
    InLatestRelease,
    Node,
    Not,
    NumberIs,
    Or,
    Pattern,
    State,
    StateIs,
    TagIs,
    TextIs,
    TimeIs,
)
from mesher.search.values import read_id, read_number, read_pattern, read_time
from mesher.values.event import SEVERITIES

_STATES = get_args(State)


class Value(NamedTuple):
    """A value as it stands there."""

    text: str
    quoted: bool
    position: int

    def pattern(self) -> Pattern:
        """Its text with stars for anything, in quotes too, as in Sentry."""
        return read_pattern(self.text)


class _Term(NamedTuple):
    key: Key
    comparison: Comparison | None
    values: Sequence[Value]


def read_term(
    name: str, comparison: Token | None, values: Sequence[Value], position: int, now: datetime
) -> Node:
    """
    What ``key:value`` asks for.

    Args:
        name: of the key or tag, as it was written.
        comparison: what stands between the colon and the values; ``None`` = nothing.
        values: one, or those of a list.
        position: where the term begins.
        now: what relative times count from.

    Raises:
        QueryError: there is no such key, or it takes no such value.
    """
    if name.startswith("tags["):
        return _tag(name[5:-1], comparison, values)
    lowered = name.lower()
    known = ALIASES.get(lowered, lowered)
    _refuse_absent(name, position)
    key = BY_NAME.get(known)
    if key is None:
        # Names of tags are case-sensitive; those of ours are not.
        return _tag(ALIASES.get(lowered, name), comparison, values)
    term = _Term(key, _comparison(comparison), values)
    if term.comparison not in {None, "="} and key.kind not in {"number", "time"}:
        raise QueryError(f"{key.name} has no order", position=position, hint="leave < or > out")
    return _READERS[key.kind](term, now)


def _comparison(token: Token | None) -> Comparison | None:
    for known in get_args(Comparison):
        if token == known:
            comparison: Comparison = known
            return comparison
    return None


def _refuse_absent(name: str, position: int) -> None:
    hint = ABSENT.get(name.lower())
    if hint is not None:
        raise QueryError(f"Mesher has no {name}", position=position, hint=hint)


def _tag(tag: str, comparison: Token | None, values: Sequence[Value]) -> Node:
    if comparison not in {None, "="}:
        raise QueryError(
            f"{tag} is a tag, and tags have no order",
            position=values[0].position,
            hint="use a wildcard, or a list",
        )
    return _with_none(values, HasTag(tag), lambda patterns: TagIs(tag, patterns))


def _with_none(
    values: Sequence[Value], has: Node, fits: Callable[[tuple[Pattern, ...]], Node]
) -> Node:
    """What fits one of the values, of which an empty one stands for having none, as in Sentry."""
    given = tuple(value.pattern() for value in values if value.text)
    none = [Not(has)] if len(given) < len(values) else []
    return _any_of([*none, *([fits(given)] if given else [])])


def _read_text(term: _Term, _: datetime) -> Node:
    name = term.key.name
    return _with_none(term.values, Has(name), lambda patterns: TextIs(name, patterns))


def _read_number(term: _Term, _: datetime) -> Node:
    comparison = term.comparison or "="
    return _any_of(
        [NumberIs(term.key.name, comparison, _checked(value, read_number)) for value in term.values]
    )


def _read_time(term: _Term, now: datetime) -> Node:
    def read(value: Value) -> Node:
        bounds = _checked(value, lambda text: read_time(text, term.comparison or "=", now))
        nodes = tuple(TimeIs(term.key.name, bound.comparison, bound.moment) for bound in bounds)
        return nodes[0] if len(nodes) == 1 else And(nodes)

    return _any_of([read(value) for value in term.values])


def _read_id(term: _Term, _: datetime) -> Node:
    return IdIs(term.key.name, tuple(_checked(value, read_id) for value in term.values))


def _read_state(term: _Term, _: datetime) -> Node:
    return _any_of([StateIs(_one_of(value, _STATES, STATE_ALIASES)) for value in term.values])


def _read_level(term: _Term, _: datetime) -> Node:
    levels = [
        _one_of(value, SEVERITIES, {"warn": "warning", "critical": "fatal"})
        for value in term.values
    ]
    return TextIs("level", tuple(Pattern((level,)) for level in levels))


def _read_person(term: _Term, _: datetime) -> Node:
    return AssignedTo(tuple(map(_person, term.values)))


def _person(value: Value) -> str:
    person = value.text.lower() or "none"
    if person.startswith("#") or person == "my_teams":
        raise QueryError(
            "Mesher has no teams", position=value.position, hint="expected me, none or an e-mail"
        )
    if person not in {"me", "none"} and "@" not in person:
        raise QueryError(
            f"{value.text!r} is nobody's e-mail",
            position=value.position,
            hint="expected me, none or an e-mail",
        )
    return person


def _read_handled(term: _Term, _: datetime) -> Node:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    unhandled = term.key.name == "error.unhandled"
    found = [words[_one_of(value, tuple(words), {})] for value in term.values]
    return _any_of([HandledIs(one is not unhandled) for one in found])


def _read_release(term: _Term, _: datetime) -> Node:
    named = [value for value in term.values if value.text != "latest" or value.quoted]
    latest = [InLatestRelease()] if len(named) < len(term.values) else []
    return _any_of([*latest, *([_tag("release", None, named)] if named else [])])


def _read_has(term: _Term, _: datetime) -> Node:
    def read(name: str) -> Node:
        known = ALIASES.get(name.lower(), name)
        key = BY_NAME.get(known.lower())
        if key is None or key.kind == "release":
            return HasTag(known)
        return Has(key.name)

    for value in term.values:
        _refuse_absent(value.text, value.position)
    return _any_of([read(value.text) for value in term.values])


def _one_of(value: Value, allowed: Sequence[str], aliases: Any) -> Any:
    word = aliases.get(value.text.lower(), value.text.lower())
    if word not in allowed:
        raise QueryError(
            f"{value.text!r} is not known here",
            position=value.position,
            hint=f"expected {', '.join(allowed)}",
        )
    return word


def _checked(value: Value, read: Callable[[str], Any]) -> Any:
    try:
        return read(value.text)
    except ValueError as error:
        raise QueryError(f"expected {error}", position=value.position) from error


def _any_of(nodes: Sequence[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))


_READERS: dict[str, Callable[[_Term, datetime], Node]] = {
    "text": _read_text,
    "phrase": _read_text,
    "number": _read_number,
    "time": _read_time,
    "id": _read_id,
    "state": _read_state,
    "person": _read_person,
    "handled": _read_handled,
    "level": _read_level,
    "release": _read_release,
    "has": _read_has,
}
