"""Where and why a query cannot be read, in words for whoever wrote it."""

from __future__ import annotations

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from mesher.errors import ProtocolError

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


def syntax_error(query: str, error: UnexpectedInput) -> QueryError:
    """What the parser met, and what it would have taken there."""
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
