"""
How alike two issues are: what they are about as a set of features, and a signature of that set by
which similar sets are found without comparing all.

Features are the words of the title, the exception types and the calls. The likeness of two sets is
their Jaccard index: what they share by weight, over all that either has. The signature is a MinHash
(Broder, "On the resemblance and containment of documents", 1997) of ``_HASHES`` hashes, of which each
pair makes a band: two sets of likeness s share at least one of 16 bands with a probability of
1 - (1 - s²)^16, which is 0.99 for s = 0.5 and 0.78 for s = 0.3. Pure.
"""

from __future__ import annotations

import hashlib
import re
import struct
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

# 4 bytes each, all of one digest. A band is two of them.
_HASHES = 32
_split = struct.Struct(f"<{_HASHES}I").unpack
# The calls nearest to the crash tell most; more would cost time on each new issue.
MAX_CALLS = 24
MAX_WORDS = 24
# An exception's type says more than a word or a call.
TYPE_WEIGHT = 3
# Words; names of classes and functions in them stay whole. Numbers and ids differ between events.
_WORD = re.compile(r"[^\W\d_][\w.]*[^\W\d_]")
_SIGNED = 1 << 63
_WRAP = (1 << 64) - 1
# Spreads what differs in few bits: the golden ratio in 64 bits.
_SPREAD = 0x9E3779B97F4A7C15

# The labels of parts of a grouping (``grouping.explanation``) that are of a call.
_CALL_BEGINS = frozenset({"module", "file"})
_CALL_GOES_ON = frozenset({"function", "line"})


class Features(msgspec.Struct, frozen=True, kw_only=True):
    """What an issue is about."""

    types: frozenset[str]
    words: frozenset[str]  # in lower case
    calls: frozenset[str]  # "module function"


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """How alike two issues are, and by what."""

    score: float  # 0 to 1
    reasons: list[str]  # for people, in words


def features(title: str, grouping: Mapping[str, Any] | None) -> Features:
    """
    What an issue is about.

    Args:
        title: the issue's.
        grouping: the issue's, as it is stored; may be of any version, or none.
    """
    explanation = (grouping or {}).get("explanation") or {}
    parts = [(part["label"], part["value"]) for part in explanation.get("parts", ())]
    types = {value for label, value in parts if label == "exception type"}
    text = " ".join([title, *(value for label, value in parts if label == "message")])
    words = [word.lower() for word in _WORD.findall(text) if word not in types]
    return Features(
        types=frozenset(types),
        words=frozenset(words[:MAX_WORDS]),
        calls=frozenset(list(_calls(parts))[-MAX_CALLS:]),
    )


def bands(of: Features, project_id: uuid.UUID) -> list[int]:
    """
    The bands of a signature: issues of a project that share one are worth a comparison.

    Returns:
        16 numbers of 64 bits with sign, or none where there are no features.
    """
    hashes = [_split(hashlib.shake_128(one.encode()).digest(4 * _HASHES)) for one in _weighed(of)]
    if not hashes:
        return []
    smallest = list(map(min, zip(*hashes, strict=True)))
    salt = project_id.int & _WRAP
    return [
        (((smallest[at] << 32 | smallest[at + 1]) ^ salt) * _SPREAD + at & _WRAP) - _SIGNED
        for at in range(0, _HASHES, 2)
    ]


def likeness(one: Features, other: Features) -> Likeness:
    """How alike two issues are; of issues without features 0."""
    weights = [
        (TYPE_WEIGHT, one.types, other.types),
        (1, one.words, other.words),
        (1, one.calls, other.calls),
    ]
    shared = sum(weight * len(mine & theirs) for weight, mine, theirs in weights)
    either = sum(weight * len(mine | theirs) for weight, mine, theirs in weights)
    return Likeness(
        score=round(shared / either, 3) if either else 0.0, reasons=list(_reasons(one, other))
    )


def _weighed(of: Features) -> Iterator[str]:
    """Each feature as often as it weighs, each time another text."""
    for name in of.types:
        for copy in range(TYPE_WEIGHT):
            yield f"type {copy} {name}"
    for word in of.words:
        yield f"word {word}"
    for call in of.calls:
        yield f"call {call}"


def _calls(parts: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Each call of a grouping's parts in one text, in their order."""
    call = ""
    for label, value in parts:
        if label in _CALL_GOES_ON:
            call = f"{call} {value}"
            continue
        if call:
            yield call.strip()
        call = value if label in _CALL_BEGINS else ""
    if call:
        yield call.strip()


def _reasons(one: Features, other: Features) -> Iterator[str]:
    types = sorted(one.types & other.types)
    if types:
        yield f"the same exception type: {', '.join(types)}"
    elif one.types and other.types:
        yield "different exception types"
    if calls := one.calls & other.calls:
        yield f"{len(calls)} of {len(one.calls | other.calls)} calls in common"
    elif one.calls and other.calls:
        yield "no call in common"
    if words := sorted(one.words & other.words):
        yield f"words in common: {', '.join(words[:8])}"
