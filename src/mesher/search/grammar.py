"""
The grammar of queries, for lark's LALR parser.

Words that stand beside each other are joined by AND, which binds closer than OR. The lexer is the
contextual one: behind a key, other things may stand than in front of it.
"""

from __future__ import annotations

from functools import cache

from lark import Lark

_GRAMMAR = r"""
start: [either]
?either: all_of ("OR" all_of)*
?all_of: one (["AND"] one)*
?one: "!" one -> negated
    | "(" either ")"
    | KEY _value -> term
    | QUOTED -> quoted
    | WORD -> word

_value: [COMPARISON] _operand
_operand: BARE | BARE_QUOTED | list
list: "[" _item ("," _item)* "]"
_item: BARE_ITEM | BARE_QUOTED

// A colon with something directly behind it; else the word is free text, as in "TypeError: x",
// "https://example.com", "std::bad_alloc".
KEY.3: /(?:tags\[[^\]\s"]{1,200}\]|[A-Za-z_][A-Za-z0-9_.\-]{0,199}):(?=[^\s):])(?!\/\/)/
COMPARISON.4: ">=" | "<=" | ">" | "<" | "="
QUOTED.2: /"(?:[^"\\]|\\.)*"/
BARE_QUOTED.3: /"(?:[^"\\]|\\.)*"/
// Brackets within a word belong to it, as in "render(props)".
WORD: /[^\s()"!](?:[^\s()"]|\([^\s()"]*\))*/
BARE: /(?!\[|"|[<>=])[^\s()"](?:[^\s()"]|\([^\s()"]*\))*/
BARE_ITEM: /[^\s,"\[\]]+/

%import common.WS
%ignore WS
"""


@cache
def query_parser() -> Lark:
    """The parser, made when the first query comes."""
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", propagate_positions=True)
