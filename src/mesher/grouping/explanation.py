"""The account of a grouping: which values of an event decided, and what did not count and why."""

from __future__ import annotations

from typing import Literal

import msgspec

Variant = Literal[
    "checksum",  # the client's own hash
    "custom",  # the client's own fingerprint
    "hybrid",  # the client's own fingerprint, with the default one as a part of it
    "built-in",  # a fingerprint of Mesher's own, for a problem of many shapes
    "app",  # calls of the application's own code
    "system",  # all calls, because none is the application's own
    "exception",  # type and value of an exception without calls
    "template",  # the line of a template
    "csp",  # directive and source of a blocked resource
    "message",
    "fallback",  # nothing of the above: level and type
]


class Part(msgspec.Struct, frozen=True, gc=False):
    """One value that counts. All values in order, one after the other, make the fingerprint."""

    label: str  # exception type, module, file, function, message, ...
    value: str


class Ignored(msgspec.Struct, frozen=True, gc=False):
    """Something of the event that did not count."""

    what: str
    why: str


class AppliedRule(msgspec.Struct, frozen=True, gc=False):
    """A rule of the project that had a say."""

    line: int  # of the project's rules as they were then, from 1
    text: str
    sets_fingerprint: bool = False  # else it decided about calls


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why an event belongs to its issue."""

    variant: Variant
    parts: list[Part]
    ignored: list[Ignored] = []
    rules: list[AppliedRule] = []
