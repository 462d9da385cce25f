"""What a rule is, once it is read, and how much of it there may be."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from mesher.grouping.rules.matchers import Matcher

# Each event of the project is held against all of them, on its way to the database.
MAX_RULES = 200
# Some hundred rules with long patterns; digest reads the texts of all projects every few seconds.
MAX_TEXT_CHARACTERS = 20_000
# A path or the recognisable part of a message: more of it costs time and tells nothing.
MAX_PATTERN_CHARACTERS = 200
MAX_MATCHERS = 20  # of one rule, with those of its neighbours
MAX_VALUES = 10  # of a fingerprint; nobody was seen to use more than four
MAX_CALLS = 1000  # in max-frames and min-frames: more than an event may have


class Mark(NamedTuple):
    """What a rule does with calls."""

    what: Literal["app", "group"]
    on: bool
    reach: Literal["", "^", "v"]  # the call; all newer ones; all older ones


class CallRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule about calls."""

    line: int
    text: str
    matchers: tuple[Matcher, ...]
    caller: tuple[Matcher, ...] = ()  # of the call before, the older one
    callee: tuple[Matcher, ...] = ()  # of the call after, the newer one
    marks: tuple[Mark, ...] = ()
    at_most: int | None = None  # calls that count
    at_least: int | None = None


class FingerprintRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that sets the fingerprint."""

    line: int
    text: str
    matchers: tuple[Matcher, ...]
    values: tuple[str, ...]  # texts and variables
    title: str | None = None  # may hold variables


Rule = CallRule | FingerprintRule
