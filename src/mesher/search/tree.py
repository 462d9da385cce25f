"""
What a query says, whichever way it was written.

An issue is found when one of its events, together with the issue, fits the tree; an event is found when
it does, together with its issue.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

import msgspec

Comparison = Literal["=", "<", "<=", ">", ">="]
# What has a status, somebody or nobody, or is unresolved in this way.
State = Literal[
    "unresolved",
    "resolved",
    "archived",
    "discarded",
    "assigned",
    "unassigned",
    "new",
    "ongoing",
    "regressed",
    "escalating",
]


class Pattern(msgspec.Struct, frozen=True):
    """A text with gaps: what stands between the wildcards. One part alone is the whole text."""

    parts: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        """Whether it has no wildcard."""
        return len(self.parts) == 1


class FreeText(msgspec.Struct, frozen=True):
    """Words that stand in the title or the message, in any case."""

    pattern: Pattern


class TextIs(msgspec.Struct, frozen=True):
    """
    One of the patterns fits the text under a key; of a phrase, it fits a part of it.

    An exact pattern is compared to the letter, one with wildcards in any case.
    """

    key: str
    patterns: tuple[Pattern, ...]


class TagIs(msgspec.Struct, frozen=True):
    """As ``TextIs``, of a tag."""

    tag: str
    patterns: tuple[Pattern, ...]


class NumberIs(msgspec.Struct, frozen=True):
    """A number compares so."""

    key: str
    comparison: Comparison
    number: float


class TimeIs(msgspec.Struct, frozen=True):
    """A time compares so."""

    key: str
    comparison: Comparison
    moment: datetime


class IdIs(msgspec.Struct, frozen=True):
    """An id is one of these."""

    key: str
    ids: tuple[uuid.UUID, ...]


class StateIs(msgspec.Struct, frozen=True):
    """The issue is so."""

    state: State


class AssignedTo(msgspec.Struct, frozen=True):
    """The issue is assigned to one of these: ``me``, ``none`` or an e-mail in lower case."""

    people: tuple[str, ...]


class HandledIs(msgspec.Struct, frozen=True):
    """Whether the program caught the error itself, as the SDK says."""

    handled: bool


class InLatestRelease(msgspec.Struct, frozen=True):
    """The event's release is the newest of its project."""


class Has(msgspec.Struct, frozen=True):
    """There is something under a key."""

    key: str


class HasTag(msgspec.Struct, frozen=True):
    """There is a tag of this name."""

    tag: str


class Not(msgspec.Struct, frozen=True):
    """The node does not fit."""

    node: Node


class And(msgspec.Struct, frozen=True):
    """All nodes fit; without any, everything does."""

    nodes: tuple[Node, ...]


class Or(msgspec.Struct, frozen=True):
    """At least one node fits."""

    nodes: tuple[Node, ...]


Leaf = (
    FreeText
    | TextIs
    | TagIs
    | NumberIs
    | TimeIs
    | IdIs
    | StateIs
    | AssignedTo
    | HandledIs
    | InLatestRelease
    | Has
    | HasTag
)
Node = Leaf | Not | And | Or
