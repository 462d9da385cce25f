"""From the text of a query to its tree, or to where and why it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, get_args

from lark import Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from mesher.errors import ProtocolError
from mesher.search.grammar import query_parser
from mesher.search.keys import ABSENT, ALIASES, BY_NAME, STATE_ALIASES, Key
from mesher.search.tree import (
    And,
    AssignedTo,
    Comparison,
    FreeText,
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

# A screenful; each term is a condition that the database checks.
MAX_CHARACTERS = 2000
MAX_TERMS = 50
# Brackets and negations within each other; nobody reads deeper ones.
MAX_DEPTH = 20
# Values of one list.
MAX_LIST = 100

_EVENT_ID = re.compile(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_STATES = get_args(State)
_WORDS = {
    "KEY": "a key with its value, as level:error",
    "WORD": "a word",
    "QUOTED": "a quoted text",
    "BARE": "a value",
    "BARE_QUOTED": "a quoted value",
    "BARE_ITEM": "a value",
    "COMPARISON": "a comparison",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "COMMA": ",",
    "BANG": "!",
    "OR": "OR",
    "AND": "AND",
    "$END": "the end",
}


class QueryError(ProtocolError):
    """A query that cannot be read, and where: ``position`` counts characters from 0."""

    code = "invalid_query"

    def __init__(self, message: str, *, position: int, hint: str = "") -> None:
        super().__init__(f"{message} (character {position + 1})", hint=hint, field="query")
        self.position = position


class _Value(NamedTuple):
    """A value as it stands there."""

    text: str
    quoted: bool
    position: int

    def pattern(self) -> Pattern:
        # What is quoted is meant to the letter, except for its stars, as in Sentry.
        return read_pattern(self.text)


class _Term(NamedTuple):
    key: Key
    comparison: Comparison | None
    values: Sequence[_Value]


def parse_query(query: str, now: datetime) -> Node:
    """
    Read a query.

    Args:
        query: as people typed it.
        now: what relative times count from; with a time zone.

    Raises:
        QueryError: it cannot be read, or asks for what there is not; says where and what was expected.
    """
    if len(query) > MAX_CHARACTERS:
        raise QueryError(
            f"the query is longer than {MAX_CHARACTERS} characters", position=MAX_CHARACTERS
        )
    query = query.replace("\0", " ")  # no text in the database has one
    try:
        tree = query_parser().parse(query)
    except UnexpectedInput as error:
        raise _syntax_error(query, error) from error
    reader = _Reader(now)
    content = _trees(tree)
    return reader.node(content[0]) if content else And(())


def _syntax_error(query: str, error: UnexpectedInput) -> QueryError:
    position = error.pos_in_stream if isinstance(error.pos_in_stream, int) else len(query)
    expected: set[str] = set()
    if isinstance(error, UnexpectedToken):
        expected = error.accepts or error.expected
        if error.token.type == "$END":
            position = len(query)
    elif isinstance(error, UnexpectedCharacters):
        expected = error.allowed or set()
        if query[position : position + 1] == '"':
            return QueryError(
                "a quoted text does not end", position=position, hint='close it with "'
            )
    words = sorted({_WORDS.get(name, name) for name in expected})
    return QueryError(
        "the query cannot be read here",
        position=position,
        hint=f"expected {', '.join(words)}" if words else "",
    )


class _Reader:
    """Makes nodes of what the parser found."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._terms = 0

    def node(self, found: Tree[Token], depth: int = 0) -> Node:
        if depth > MAX_DEPTH:
            raise QueryError(
                f"brackets and negations are nested deeper than {MAX_DEPTH}",
                position=found.meta.start_pos,
            )
        match found.data:
            case "either":
                return Or(tuple(self.node(child, depth + 1) for child in _trees(found)))
            case "all_of":
                return And(tuple(self.node(child, depth + 1) for child in _trees(found)))
            case "negated":
                [inner] = _trees(found)
                return Not(self.node(inner, depth + 1))
        return self._leaf(found)

    def _leaf(self, found: Tree[Token]) -> Node:
        position = found.meta.start_pos
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise QueryError(f"the query has more than {MAX_TERMS} terms", position=position)
        try:
            if found.data == "term":
                name, *rest = found.children
                return self._term(str(name)[:-1], rest, position)
            [word] = map(str, found.children)
            if found.data == "quoted":
                return FreeText(read_pattern(_unquoted(word)))
            return _word(word, position)
        except ValueError as error:
            raise QueryError(f"expected {error}", position=position) from error

    def _term(self, name: str, rest: Sequence[Any], position: int) -> Node:
        comparison, operand = rest
        values = _values(operand)
        if len(values) > MAX_LIST:
            raise QueryError(f"a list has more than {MAX_LIST} values", position=position)
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
        return _READERS[key.kind](term, self._now)


def _word(word: str, position: int) -> Node:
    if _EVENT_ID.fullmatch(word):  # as people find it in their logs
        return IdIs("id", (read_id(word),))
    name = word.removesuffix(":").lower()
    if word.endswith(":") and (name in BY_NAME or name in ALIASES or name in ABSENT):
        raise QueryError(
            f"nothing stands behind {word}",
            position=position + len(word),
            hint='leave no blank before the value; a text with a colon is to be "in quotes"',
        )
    return FreeText(read_pattern(word))


def _trees(found: Tree[Token]) -> list[Tree[Token]]:
    return [child for child in found.children if isinstance(child, Tree)]


def _values(operand: Token | Tree[Token]) -> list[_Value]:
    tokens = [operand] if isinstance(operand, Token) else operand.children
    return [
        _Value(
            _unquoted(token) if token.startswith('"') else str(token),
            token.startswith('"'),
            token.start_pos or 0,
        )
        for token in tokens
        if isinstance(token, Token)
    ]


def _unquoted(token: str) -> str:
    return token[1:-1].replace('\\"', '"')


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


def _tag(tag: str, comparison: Token | None, values: Sequence[_Value]) -> Node:
    if comparison not in {None, "="}:
        raise QueryError(
            f"{tag} is a tag, and tags have no order",
            position=values[0].position,
            hint="use a wildcard, or a list",
        )
    return _with_none(values, HasTag(tag), lambda patterns: TagIs(tag, patterns))


def _with_none(
    values: Sequence[_Value], has: Node, fits: Callable[[tuple[Pattern, ...]], Node]
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
    def read(value: _Value) -> Node:
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


def _person(value: _Value) -> str:
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


def _one_of(value: _Value, allowed: Sequence[str], aliases: Any) -> Any:
    word = aliases.get(value.text.lower(), value.text.lower())
    if word not in allowed:
        raise QueryError(
            f"{value.text!r} is not known here",
            position=value.position,
            hint=f"expected {', '.join(allowed)}",
        )
    return word


def _checked(value: _Value, read: Callable[[str], Any]) -> Any:
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
