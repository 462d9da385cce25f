"""
Where in a payload a look is worthwhile: one pass over its bytes that finds hundreds of literals.

The literals that it looks for are made of the tables of ``keys``, ``patterns`` and ``addresses``, so
that none can be forgotten: whatever they know has a trigger in it. A trigger alone says little
(``token`` is in most events); ``payload`` looks at what stands around it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mesher.scrubbing.addresses import ADDRESS_TRIGGERS, SHORT_ADDRESS_KEY
from mesher.scrubbing.keys import ENDINGS, EXACT, FORMS, PHRASES, STRONG, WEAK, split_words
from mesher.scrubbing.literals import Literals
from mesher.scrubbing.patterns import PATTERNS, URL_TRIGGERS, fold

# A list of matches of a body made of triggers alone would take 40 times its size; a piece of this
# size bounds that, and nearly all bodies are one piece.
PIECE_BYTES: Final = 256 * 1024

# What a trigger means: a number from 0 up is the least length of what follows in a token. Below it, a
# word of a key ends so many bytes plus one before the trigger does.
KEY: Final = -1
SHORT_KEY: Final = -2
URL: Final = -9  # whether a password follows is seen at once

Match = tuple[int, int, int]  # which trigger, begin, end


class Triggers:
    """What one set of rules looks for."""

    def __init__(self, extra_keys: Iterable[str], *, addresses: bool) -> None:
        """
        Args:
            extra_keys: further keys, as a project names them.
            addresses: whether keys of IP addresses count.
        """
        meanings = dict.fromkeys(_SHORT_KEY_LITERALS, SHORT_KEY)
        meanings.update(dict.fromkeys(_KEY_LITERALS, KEY))
        meanings.update(dict.fromkeys(_literals_of(extra_keys), KEY))
        if addresses:
            meanings.update(dict.fromkeys(ADDRESS_TRIGGERS, KEY))
            meanings.update(dict.fromkeys(_short_literals([SHORT_ADDRESS_KEY]), SHORT_KEY))
        for pattern in PATTERNS:
            meanings.update(pattern.triggers)
        meanings.update(dict.fromkeys(URL_TRIGGERS, URL))
        # The longest first, so that of those that end together it is found first.
        literals = sorted(meanings, key=len, reverse=True)
        self.meanings = [meanings[literal] for literal in literals]  # of each trigger
        self._lengths = list(map(len, literals))
        self._literals = Literals(literals)

    def find(self, data: bytes) -> Iterable[Match]:
        """
        Every match, in the order of its end; of those that overlap, the one that ends first, and of
        those that end together the longest.

        One across the border of two pieces may come twice.
        """
        if len(data) <= PIECE_BYTES:
            return self._apart(data, 0)
        return self._find_in_pieces(data)

    def _find_in_pieces(self, data: bytes) -> Iterator[Match]:
        longest = self._lengths[0]
        for offset in range(0, len(data), PIECE_BYTES):
            yield from self._apart(data[offset : offset + PIECE_BYTES + longest], offset)

    def _apart(self, piece: bytes, offset: int) -> Sequence[Match]:
        """The matches in a piece that do not overlap."""
        lengths = self._lengths
        matches: list[Match] = []
        done = 0
        for end, index in self._literals.find(piece):
            begin = end - lengths[index]
            if begin >= done:
                matches.append((index, offset + begin, offset + end))
                done = end
        return matches


def _literals_of(keys: Iterable[str]) -> Iterator[bytes]:
    """The longest word of each key, as it is and as JSON may write it."""
    for key in keys:
        longest = max(split_words(key), key=len)
        yield fold(longest.encode())
        yield fold(json.dumps(longest)[1:-1].encode())


def _key_literals() -> Iterator[bytes]:
    for word in {*STRONG, *ENDINGS} - WEAK:
        yield word.encode()
    for word in WEAK:
        for form in FORMS:
            for separator in ("", "_", "-"):
                yield f"{word}{separator}{form}".encode()
    for phrase in PHRASES:
        for separator in ("", "_", "-", ".", " "):
            yield phrase.replace(" ", separator).encode()


def _short_literals(words: Iterable[str]) -> Iterator[bytes]:
    """A short word is part of many others: with what can stand behind it, it is rare."""
    for word in words:
        for behind in ('"', "'", "\\", "=", ":", "%", "]", " ", ">", "0", "_0", "-0"):
            yield f"{word}{behind}".encode()


_KEY_LITERALS = tuple(_key_literals())
# Words that count at the end of a key alone; in most places where they stand they do not end one.
_SHORT_KEY_LITERALS = tuple(_short_literals((*WEAK, *EXACT, "connect.sid")))
