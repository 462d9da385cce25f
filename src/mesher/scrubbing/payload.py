"""
JSON of any form without the secrets in it: ``scrub_payload``.

    triggers → what stands around each → the few strings that matter → the same JSON with new ones

What is replaced stays of a form that fits its place: texts and numbers become texts, maps and lists
keep their keys. The cost is one pass over the bytes and a look at each trigger.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from mesher.protocol.json_text import clean_text
from mesher.scrubbing import json_bytes
from mesher.scrubbing.addresses import REMOVED
from mesher.scrubbing.cards import CARD_BYTES, MIN_DIGITS, is_card_number
from mesher.scrubbing.keys import Kind
from mesher.scrubbing.rules import Rules
from mesher.scrubbing.text import ADDRESS, FILTERED, SENSITIVE_KEY, scrub_text, scrub_value
from mesher.scrubbing.triggers import KEY, URL

# What stands behind a word of a key: the rest of the key and the end of its string ...
_KEY_END = re.compile(rb"""[\w.$\[\]'-]*+"\s*+[:,]""")
# ... or, within a text, what parts a name from its value.
_ASSIGNMENT = re.compile(
    rb"""[\w.$\[\]-]*+(?:%5[dD])*+(?:\\*+["'])?+\]?+(?:\s|\\[nrt])*+(?:[:=>,]|%3[dD])"""
)
# Of a token; a slash may be escaped.
_TAIL = re.compile(rb"[\w.+/=~%:\\-]*+")
_USERINFO = re.compile(rb"""[^\s/"'<>@:?#]*+:[^\s/"'<>@?#]++@""")
_FILTERED = b'"[Filtered]"'
_VALUE_ATTRIBUTE = re.compile(rb'\s*,\s*"[vV]alue"\s*:\s*')
_VERSION = re.compile(rb'"\d[\w.+!-]{0,40}"')
# How events say what was scrubbed, as they are stored.
SCRUBBED_NOTE = "scrubbed"
_NOTE_OF_OURS = f'"type":"{SCRUBBED_NOTE}","name":'.encode()
_NAME_ATTRIBUTES = frozenset(["name", "key", "Name", "Key"])
# How SDKs say under ``_meta`` what they have removed themselves; Mesher does not keep it.
_NOTE_OF_SDK = re.compile(
    rb'(?:\{\s*"[^"\\]+"\s*:\s*){0,7}\{\s*""\s*:\s*\{\s*"(?:rem|len|err|chunks)"'
)
_COLON, _COMMA, _HYPHEN = b":,-"
_BEFORE_NUMBER = b":,[- \t\r\n"  # outside of strings
_CODE_KEY = "context_line"
_CODE_LINES = b'_context"'
_MODULES = b'"modules"'
# Texts of one payload that are looked into, which takes some microseconds each; an event that people
# can read has some hundred. Of a body that is made to take long, further ones go as a whole.
MAX_TEXTS = 5000


class Finding(NamedTuple):
    """What was replaced."""

    key: str  # that it stood under; empty in a list
    what: str  # "sensitive key", or the name of a pattern


class Scrubbed(NamedTuple):
    """JSON, and what is no longer in it."""

    payload: bytes
    findings: Counter[Finding]


def scrub_payload(payload: bytes, rules: Rules) -> Scrubbed:
    """
    Remove secrets from JSON.

    Args:
        payload: JSON in any spelling; also what is not quite JSON comes back, scrubbed as far as it
            has strings.
        rules: the project's.

    Returns:
        The payload itself where it holds nothing sensitive.
    """
    scan = _Scan(payload, rules)
    meanings = rules.triggers.meanings
    for index, begin, end in rules.triggers.find(payload):
        if begin < scan.done:
            continue
        meaning = meanings[index]
        if meaning >= 0:
            if rules.secrets and scan.is_token(begin, end, meaning):
                scan.look_at_text(begin)
        elif meaning == URL:
            if rules.secrets and _USERINFO.match(payload, end):
                scan.look_at_text(begin)
        else:
            word_end = end + meaning - KEY
            if (match := _KEY_END.match(payload, word_end)) is not None:
                scan.look_at_key(begin, match.end())
            elif _ASSIGNMENT.match(payload, word_end):
                scan.look_at_text(begin)
    return Scrubbed(scan.result(), scan.findings)


class _Scan:
    """One payload while it is scrubbed; offsets only grow."""

    def __init__(self, data: bytes, rules: Rules) -> None:
        self._data = data
        self._rules = rules
        self._edits: list[tuple[int, int, bytes]] = []
        self._known = 0  # up to here it is known whether ...
        self._in_string = False  # ... a string is open
        self._code = (0, 0)  # the last list of lines of code
        self._modules = (0, 0)  # the last list of libraries, or what is known to be none
        self._texts = 0  # that were looked into
        self._searched = 0  # up to here such lists are looked for
        self.done = 0  # what begins before needs no second look
        self.findings: Counter[Finding] = Counter()

    def result(self) -> bytes:
        """The payload with all changes."""
        if not self._edits:
            return self._data
        kept: list[bytes] = []
        done = 0
        for begin, end, text in self._edits:
            kept += [self._data[done:begin], text]
            done = end
        return b"".join([*kept, self._data[done:]])

    def is_token(self, begin: int, end: int, min_tail: int) -> bool:
        """Whether a secret may begin here; numbers that stand alone are replaced at once."""
        data = self._data
        first = data[begin : begin + 1]
        if first.isdigit():
            return self._is_card_in_string(begin)
        tail = _TAIL.match(data, end)
        return tail is not None and len(tail[0]) >= min_tail

    def look_at_key(self, begin: int, behind: int) -> None:
        """
        Args:
            begin: in a string that ends with a word of a key.
            behind: the offset behind the colon or comma that follows this string.
        """
        data = self._data
        quote = json_bytes.opening_quote(data, begin)
        if quote < 0:
            return
        if data[behind - 1] == _COLON:
            end = json_bytes.skip_space_back(data, behind - 1)
            value = behind
        else:
            before = data[quote - 1]
            if (
                before == _COMMA and data[quote + 1] != _HYPHEN
            ):  # an element of a list: most of them
                return
            end = json_bytes.skip_space_back(data, behind - 1)
            value = self._value_elsewhere(quote, end, before)
            if not value:
                return
        kind = self._rules.kind_of_json(data[quote + 1 : end - 1])
        if kind:
            value = json_bytes.skip_space(data, value)
            is_known = data.startswith(_FILTERED, value) or _NOTE_OF_SDK.match(data, value)
            if not is_known and not self._is_version(quote, value):
                self._scrub_value(value, kind, json_bytes.read_string(data, quote, end))

    def look_at_text(self, inside: int) -> None:
        """The string around an offset, which holds something that looks like a secret."""
        data = self._data
        begin = json_bytes.opening_quote(data, inside)
        end = json_bytes.end_of_string(data, begin) if begin >= 0 else None
        if end is None:
            return
        self.done = end
        literal = data[begin:end]
        if self._rules.is_harmless(literal, code=False):
            return
        key = self._key_of(begin)
        code = key == _CODE_KEY or self._is_line_of_code(begin)
        if self._rules.is_safe(key) or (code and self._rules.is_harmless(literal, code=True)):
            return
        text = json_bytes.read_string(data, begin, end)
        self._texts += 1
        if self._texts > MAX_TEXTS:
            scrubbed = FILTERED
        else:
            scrubbed = scrub_text(text, self._rules, self._note, key=key, code=code)
        if scrubbed != text:
            self._edits.append((begin, end, json_bytes.write_string(scrubbed)))
        else:
            self._rules.note_harmless(literal, code=code)

    def _note(self, key: str, what: str) -> None:
        # Cleaned, because it goes into the event after what the event holds was.
        self.findings[Finding(clean_text(key), what)] += 1

    def _is_card_in_string(self, begin: int) -> bool:
        data = self._data
        match = CARD_BYTES.match(data, begin)
        if match is None or not is_card_number(match[0].decode()):
            return False
        if begin and data[begin - 1] not in _BEFORE_NUMBER:  # told without counting quotes
            return True
        quotes = json_bytes.count_quotes(data, self._known, begin)
        self._known, self._in_string = begin, self._in_string ^ (quotes % 2 == 1)
        if self._in_string:
            return True
        number = json_bytes.NUMBER.match(data, begin)
        if number is not None and len(number[0]) >= MIN_DIGITS and data[begin - 1 : begin] != b"-":
            self._replace(begin, number.end(), "[card number]")
            self._note(self._key_of(begin), "card number")
        return False

    def _value_elsewhere(self, quote: int, end: int, before: int) -> int:
        """
        Where the value of a key begins that is not behind a colon: of a pair in a list, of ``{"name":
        "token", "value": …}``, of an option in a list of arguments. 0 where there is none.
        """
        data = self._data
        if before == _COLON or before in b" \t\r\n":  # a value, or JSON with spaces
            attribute = _VALUE_ATTRIBUTE.match(data, end)
            is_named = attribute and self._key_of(quote) in _NAME_ATTRIBUTES
            if attribute and is_named and not data.endswith(_NOTE_OF_OURS, 0, quote):
                return attribute.end()
        if before == _COLON:
            return 0
        is_option = data[quote + 1 : quote + 2] == b"-" and not self._key_of(quote)
        if is_option or json_bytes.is_first_of_pair(data, quote, end):
            value = json_bytes.skip_space(data, json_bytes.skip_space(data, end) + 1)
            return value if data[value : value + 1] == b'"' else 0
        return 0

    def _is_version(self, quote: int, value: int) -> bool:
        """Whether this is a library and its version: ``"modules": {"google-auth": "2.40"}``."""
        data = self._data
        if _VERSION.match(data, value) is None:
            return False
        if quote >= self._modules[1]:
            start = data.rfind(_MODULES, self._modules[1], quote)
            end = data.find(b"}", start) if start >= 0 else quote  # the map is flat
            self._modules = (start, max(end, quote))
        return 0 <= self._modules[0] < quote < self._modules[1]

    def _scrub_value(self, begin: int, kind: Kind, name: str) -> None:
        first = self._data[begin : begin + 1]
        if first in (b"{", b"["):
            for leaf in json_bytes.leaves(self._data, begin):
                if isinstance(leaf, int):
                    self.done = leaf
                else:
                    self._scrub_leaf(leaf, kind, name)
        elif first == b'"':
            end = json_bytes.end_of_string(self._data, begin)
            if end is not None:
                self._scrub_string(begin, end, kind, name)
        elif (number := json_bytes.NUMBER.match(self._data, begin)) and kind != "address":
            self._replace(begin, number.end(), FILTERED)
            self._note(name, SENSITIVE_KEY)

    def _scrub_leaf(self, leaf: json_bytes.Leaf, kind: Kind, name: str) -> None:
        own = json_bytes.read_string(self._data, *leaf.key) if leaf.key else ""
        if self._rules.is_safe(own):
            return
        # A cookie's value is not again a list of cookies.
        kind = "strong" if kind == "cookies" and leaf.key else kind
        if self._data[leaf.begin : leaf.begin + 1] == b'"':
            self._scrub_string(leaf.begin, leaf.end, kind, own or name)
        elif kind != "address":
            self._replace(leaf.begin, leaf.end, FILTERED)
            self._note(own or name, SENSITIVE_KEY)

    def _scrub_string(self, begin: int, end: int, kind: Kind, name: str) -> None:
        text = json_bytes.read_string(self._data, begin, end)
        scrubbed = scrub_value(text, kind, self._rules)
        if scrubbed != text:
            # No text at all, where an interface wants an address.
            self._replace(begin, end, None if scrubbed == REMOVED else scrubbed)
            self._note(name, ADDRESS if kind == "address" else SENSITIVE_KEY)
        if kind != "address" or scrubbed != text:
            self.done = end

    def _replace(self, begin: int, end: int, text: str | None) -> None:
        new = b"null" if text is None else json_bytes.write_string(text)
        self._edits.append((begin, end, new))
        self.done = end

    def _key_of(self, begin: int) -> str:
        key = json_bytes.key_before(self._data, begin)
        return json_bytes.read_string(self._data, *key) if key else ""

    def _is_line_of_code(self, begin: int) -> bool:
        """Whether a string is in the list of lines before or behind a call."""
        if begin >= self._code[1]:
            start = self._data.rfind(_CODE_LINES, self._searched, begin)
            self._searched = begin  # so that no part is searched twice
            if start >= 0:
                behind = start + len(_CODE_LINES)
                self._code = (start, json_bytes.end_of_texts(self._data, behind))
        return self._code[0] <= begin < self._code[1]
