"""
Secrets inside one text: ``key=value`` in all the ways in which programs write it, and what
``patterns`` knows.

A text may be a sentence, a query, a dump of headers, the ``repr`` of a value, JSON within JSON, or a
line of source code. In code only literals are replaced: ``password = read()`` says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from mesher.scrubbing.addresses import treat_addresses
from mesher.scrubbing.keys import Kind
from mesher.scrubbing.patterns import replace_patterns
from mesher.scrubbing.rules import Rules

FILTERED: Final = "[Filtered]"
SENSITIVE_KEY: Final = "sensitive key"
ADDRESS: Final = "address"

Found = Callable[[str, str], None]  # told the key and what was found

_ASSIGNMENT = re.compile(
    r"""
    (?<![\w$.@-])
    (?P<key>[\w$.@-]++(?:(?:\[|%5[Bb])[\w.-]*+(?:\]|%5[Dd]))*+)
    (?P<end>\\*+["'])?+
    \]?+
    (?P<sep>\s*+(?:=>|:=|%3[Dd]|[:=,])\s*+|>)
    (?P<type>[bBuUrRfF]{1,2}(?=\\*["']))?
    (?P<open>\\*["'])?
    """,
    re.VERBOSE,  # without IGNORECASE, which makes each class of characters slower
)
# A tuple or list of two, and no call.
_PAIR_BEGIN = re.compile(r"""(?:(?<![\w\])])\(|[\[,]\s*\[)\s*[bu]?\\*["']\Z""")
_PAIR_END = re.compile(r"""\\*["']\s*[)\]]|\Z""")
_LONGEST_PAIR_BEGIN = 8  # characters
# What stands for a value that is not there.
PLACEHOLDER: Final = re.compile(
    r"""['"]{0,2}(?:\s*|none|null|nil|true|false|undefined|(?:bearer|basic|token)\s*|\*+|x{3,}|\[[A-Za-z ]*\]|\{\s*\}|\(\s*\)"""
    r"""|<[\w .']+>|%\(?\w*\)?[sr]|\$\d+|\$?\{\{?\s*[\w.]*\s*\}?\}|\?|:[A-Za-z_]+)['"]{0,2}""",
    re.IGNORECASE,
)
_IN_QUOTES = {
    '"': re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL),
    "'": re.compile(r"[^'\\]*+(?:\\.[^'\\]*+)*+", re.DOTALL),
}
_PLAIN = re.compile(
    r"""(?!=)(?:(?:bearer|basic|token|digest|apikey)(?:\s+|%20|\+))?"""
    r"""[^\s&;"'<>\\(\[{][^\s&;"'<>\\]*(?<![,)\]}.])""",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"""(?:\$?\{\{?\s*[\w.]*\s*\}?\}|%\(\w*\)s)(?=[\s&;,"')\]]|\Z)""")
# Behind "token:", what is no word of a sentence.
_TOKEN = re.compile(r"(?=[\w.+/=~:%-]{0,200}?\d)[\w.+/=~:%-]{8,}")
_REST_OF_LINE = re.compile(r"""[^\r\n"'<>\\]+""")
_OBJECT = re.compile(r"<[^<>\r\n]*>")
_TAG_CONTENT = re.compile(r"[^<]+")
_WORD_OF_SENTENCE = re.compile(r"""[A-Za-z'-]+(?:[.,]?(?=\s+[\w(])|(?=\s*\())""")
_COOKIE = re.compile(r"([^=;,\s]+)=([^;]*)")
# Of Set-Cookie (RFC 6265, section 4.1): how long and where it counts.
_COOKIE_ATTRIBUTES = frozenset(["path", "domain", "expires", "max-age", "samesite", "version"])
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


def scrub_text(text: str, rules: Rules, found: Found, *, key: str = "", code: bool = False) -> str:
    """
    ``text`` without the secrets in it.

    Args:
        text: any.
        rules: the project's.
        found: told of each, with the key that it stood under.
        key: that the whole text stands under, for what is known by its form.
        code: whether it is a line of source code.
    """
    if not rules.secrets:
        return _scrub_assignments(text, rules, found, code=code)
    return replace_patterns(
        _scrub_assignments(text, rules, found, code=code), lambda name: found(key, name)
    )


def scrub_value(value: str, kind: Kind, rules: Rules) -> str:
    """A text that stands under a key of this kind; unchanged where it says nothing."""
    if kind == "address":
        return treat_addresses(value, rules.addresses)
    if value == FILTERED or PLACEHOLDER.fullmatch(value):
        return value
    if kind == "cookies" and "=" in value:
        return _COOKIE.sub(lambda match: _scrub_cookie(match, rules), value)
    return FILTERED


def _scrub_cookie(match: re.Match[str], rules: Rules) -> str:
    name, value = match[1], match[2]
    harmless = name.lower() in _COOKIE_ATTRIBUTES or rules.is_safe(name)
    return match[0] if harmless or PLACEHOLDER.fullmatch(value) else f"{name}={FILTERED}"


def _scrub_assignments(text: str, rules: Rules, found: Found, *, code: bool) -> str:
    kept: list[str] = []
    done = position = 0
    while match := _ASSIGNMENT.search(text, position):
        position = match.end()
        kind = rules.kind_of(match["key"])
        if not kind:
            continue
        in_sentence = match["sep"].strip() == ":" and not match["end"]
        if in_sentence and kind == "weak" and not _TOKEN.match(text, position):
            continue
        end = _end_of_value(text, match, kind, code=code)
        value = text[position:end]
        scrubbed = scrub_value(value, kind, rules)
        if scrubbed != value:
            kept += [text[done:position], scrubbed]
            done = end
            found(match["key"], ADDRESS if kind == "address" else SENSITIVE_KEY)
        position = max(position, end)
    return "".join([*kept, text[done:]]) if kept else text


def _end_of_value(text: str, match: re.Match[str], kind: Kind, *, code: bool) -> int:
    """Where the value ends that begins behind an assignment; at its begin where there is none."""
    begin, quote, separator = match.end(), match["open"], match["sep"].strip()
    if separator == ",":
        is_pair = quote and match["end"] and _begins_pair(text, match.start())
        end = _end_of_quoted(text, begin, quote) if is_pair else begin
        return end if _PAIR_END.match(text, end) else begin
    if separator == ">":
        is_tag = not quote and text[match.start() - 1 : match.start()] == "<"
        return _end_of(_TAG_CONTENT, text, begin) if is_tag else begin
    if quote:
        is_template = code and "f" in (match["type"] or "").lower()
        return begin if is_template else _end_of_quoted(text, begin, quote)
    if code and text[match.start() - 1 : match.start()] not in ("&", "?"):
        return begin
    in_sentence = separator == ":" and not match["end"]
    return _end_of_unquoted(text, begin, kind, in_sentence=in_sentence)


def _begins_pair(text: str, key: int) -> bool:
    """Whether the key, in quotes, is the first in a tuple or list."""
    return _PAIR_BEGIN.search(text, max(0, key - _LONGEST_PAIR_BEGIN), key) is not None


def _end_of_quoted(text: str, begin: int, quote: str) -> int:
    if len(quote) == 1:
        return _end_of(_IN_QUOTES[quote], text, begin)
    # Within JSON within JSON: the same number of backslashes ends it.
    end = text.find(quote, begin)
    while end > 0 and text[end - 1] == "\\":
        end = text.find(quote, end + 1)
    return len(text) if end < 0 else end


def _end_of_unquoted(text: str, begin: int, kind: Kind, *, in_sentence: bool) -> int:
    """
    Args:
        in_sentence: behind a word and a colon, where the next word may just as well go on in a
            sentence ("password: is required").
    """
    first = text[begin : begin + 1]
    if _TEMPLATE.match(text, begin):
        return begin
    if first in _BRACKETS:
        return _end_of_brackets(text, begin)
    if first == "<":
        return _end_of(_OBJECT, text, begin)
    if in_sentence and kind in {"credentials", "cookies"}:
        return _end_of(_REST_OF_LINE, text, begin)
    is_word = in_sentence and kind != "address" and _WORD_OF_SENTENCE.match(text, begin)
    return begin if is_word else _end_of(_PLAIN, text, begin)


def _end_of_brackets(text: str, begin: int) -> int:
    """The end of a list, tuple or map; of the text where nothing closes it."""
    depth = 0
    for match in re.finditer(r"[()\[\]{}]", text[begin:]):
        depth += 1 if match[0] in _BRACKETS else -1
        if depth == 0:
            return begin + match.end()
    return len(text)


def _end_of(pattern: re.Pattern[str], text: str, begin: int) -> int:
    match = pattern.match(text, begin)
    return match.end() if match else begin
