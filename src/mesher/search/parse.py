"""From the text of a query to its tree, or to where and why it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from mesher.search.grammar import query_parser
from mesher.search.keys import ABSENT, ALIASES, BY_NAME
from mesher.search.mistakes import QueryError, syntax_error
from mesher.search.terms import Value, read_term
from mesher.search.tree import And, FreeText, IdIs, Node, Not, Or
from mesher.search.values import read_id, read_pattern

# A screenful; each term is a condition that the database checks.
MAX_CHARACTERS = 2000
MAX_TERMS = 50
# Brackets and negations within each other; nobody reads deeper ones.
MAX_DEPTH = 20
# Values of one list.
MAX_LIST = 100

_EVENT_ID = re.compile(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


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
        raise syntax_error(query, error) from error
    reader = _Reader(now)
    content = _trees(tree)
    return reader.node(content[0]) if content else And(())


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
        return read_term(name, comparison, values, position, self._now)


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


def _values(operand: Token | Tree[Token]) -> list[Value]:
    tokens = [operand] if isinstance(operand, Token) else operand.children
    return [
        Value(
            _unquoted(token) if token.startswith('"') else str(token),
            token.startswith('"'),
            token.start_pos or 0,
        )
        for token in tokens
        if isinstance(token, Token)
    ]


def _unquoted(token: str) -> str:
    return token[1:-1].replace('\\"', '"')
