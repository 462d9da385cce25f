"""
Explanations for people: what was replaced in a message before it counted, and where two groupings
first differ. On read only; nothing here is computed when an event is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

import msgspec

from mesher.grouping.explanation import AppliedRule, Explanation, Ignored, Part, Variant
from mesher.grouping.message import parameterize, replaced_values
from mesher.protocol.event import Event

# What the variants are called.
VARIANTS: dict[Variant, str] = {
    "checksum": "the checksum that the client sent",
    "custom": "the fingerprint that the client sent",
    "built-in": "a fingerprint of Mesher's own, for a problem that comes in many shapes",
    "hybrid": "the fingerprint that the client sent, together with the default one",
    "app": "the calls of the application itself",
    "system": "all calls, because none is marked as one of the application",
    "exception": "type and value of the exception",
    "template": "the line of the template",
    "csp": "the directive and what it blocked",
    "message": "the message, with numbers and names in it left open",
    "fallback": "their level and type, because nothing else is known",
}
# Parts whose value is a text with some of its values replaced.
_TEXTS = frozenset({"message", "exception value"})
# Parts that belong to the call that the part before them began.
_CALL_GOES_ON = frozenset({"function", "line"})


class Replaced(msgspec.Struct, frozen=True):
    """A value in a text that gave way to its kind."""

    text: str
    kind: str  # int, uuid, ip, ...


class ToldPart(msgspec.Struct, frozen=True, kw_only=True):
    """One value that counts, and what was replaced in it."""

    label: str
    value: str
    replaced: list[Replaced] = []


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Why an event belongs to its issue, for people."""

    variant: Variant
    by: str  # the variant in words
    parts: list[ToldPart]
    ignored: list[Ignored]
    rules: list[AppliedRule]  # of the project, that had a say


class ComparedPart(msgspec.Struct, frozen=True, kw_only=True):
    """Values of two groupings beside each other; of a pair that differs one may be missing."""

    one: Part | None
    other: Part | None
    same: bool


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What two groupings have in common, and where they part."""

    same: bool
    first_difference: str  # in words; empty when they are the same
    parts: list[ComparedPart]


def account(explanation: Explanation, event: Event | None) -> Account:
    """
    An explanation, with what was replaced in the texts of an event that it is of.

    Args:
        explanation: of the event, or of its issue.
        event: ``None`` where none is kept; then nothing is known to be replaced.
    """
    texts = {parameterize(text): text for text in _texts(event)} if event else {}
    return Account(
        variant=explanation.variant,
        by=_named(explanation),
        parts=[
            ToldPart(label=part.label, value=part.value, replaced=_replaced(part, texts))
            for part in explanation.parts
        ],
        ignored=explanation.ignored,
        rules=explanation.rules,
    )


def compare(one: Explanation, other: Explanation) -> Comparison:
    """Put the parts of two groupings beside each other, and say where they first differ."""
    rows = list(_aligned(one.parts, other.parts))
    same = one.variant == other.variant and all(row.same for row in rows)
    return Comparison(
        same=same,
        first_difference="" if same else _first_difference(one, other, rows),
        parts=rows,
    )


def _named(explanation: Explanation) -> str:
    named = VARIANTS[explanation.variant]
    # Where a rule sets the fingerprint, the client's own is not asked for.
    if any(rule.sets_fingerprint for rule in explanation.rules):
        return named.replace("the client sent", "a rule of the project sets")
    return named


def _texts(event: Event) -> Iterator[str]:
    if event.logentry:
        yield event.logentry.formatted or ""
        yield event.logentry.message or ""
    for exception in event.exception:
        yield exception.value or ""


def _replaced(part: Part, texts: dict[str, str]) -> list[Replaced]:
    text = texts.get(part.value) if part.label in _TEXTS else None
    return [Replaced(value, kind) for value, kind in replaced_values(text)] if text else []


def _aligned(one: Sequence[Part], other: Sequence[Part]) -> Iterator[ComparedPart]:
    mine, theirs = list(_units(one)), list(_units(other))
    # At most MAX_TOLD_PARTS each, so the quadratic worst case is some milliseconds.
    matcher = SequenceMatcher(a=list(map(_key, mine)), b=list(map(_key, theirs)), autojunk=False)
    for _, begin, end, other_begin, other_end in matcher.get_opcodes():
        beside = zip_longest(mine[begin:end], theirs[other_begin:other_end], fillvalue=())
        for unit, other_unit in beside:
            for left, right in zip_longest(unit, other_unit):
                yield ComparedPart(one=left, other=right, same=left == right)


def _units(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """The parts of a call together, every other part alone."""
    unit: list[Part] = []
    for part in parts:
        if unit and part.label not in _CALL_GOES_ON:
            yield unit
            unit = []
        unit.append(part)
    if unit:
        yield unit


def _key(unit: Sequence[Part]) -> tuple[tuple[str, str], ...]:
    return tuple((part.label, part.value) for part in unit)


def _first_difference(one: Explanation, other: Explanation, rows: Sequence[ComparedPart]) -> str:
    if one.variant != other.variant:
        return (
            f"they are grouped by different things: the one by {_named(one)}, "
            f"the other by {_named(other)}"
        )
    at, row = next((at, row) for at, row in enumerate(rows) if not row.same)
    before = {0: "from the start", 1: "after one value that is the same"}
    place = before.get(at, f"after {at} values that are the same")
    return f"{place}: the one has {_told(row.one)}, the other {_told(row.other)}"


def _told(part: Part | None) -> str:
    return f"the {part.label} “{part.value}”" if part else "no more"
