"""What people decide about an issue, beyond its status."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, get_args

import msgspec

# How it is that an issue is unresolved. New: nobody has decided anything, and it is young; regressed:
# it came back after it was resolved; escalating: it came back because it became more frequent.
IssueSubstatus = Literal["new", "ongoing", "regressed", "escalating"]
ISSUE_SUBSTATUSES: tuple[IssueSubstatus, ...] = get_args(IssueSubstatus)


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """
    Since which release an issue is resolved; one that is resolved as of now has none.

    Of the two texts at least one is there.
    """

    in_release: str | None = None  # which has the fix; None: the next one, which is not there yet
    after_release: str | None = None  # "in the next": the newest one when it was resolved


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """What ends that an issue is archived, whichever comes first; for ever has none of it."""

    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    events: int | None = None  # that have to come
    window_minutes: int | None = None  # within which; None: however long it takes
    events_left: int | None = None  # of those without a window
    until_escalating: bool = False
