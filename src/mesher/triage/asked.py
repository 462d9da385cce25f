"""What can be decided about issues, and what contradicts itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from mesher.errors import ProtocolError
from mesher.types import IssueStatus

# One to three seconds of work, during which events of these issues wait to be stored.
MAX_CHANGED_AT_ONCE = 10_000
# Somebody who waits for more wants "for ever", or an alert.
MAX_AWAITED_EVENTS = 1_000_000
# Those within a window are counted again with each batch that has one of the issue.
MAX_EVENTS_IN_WINDOW = 1000
MAX_WINDOW_MINUTES = 7 * 24 * 60
MAX_ARCHIVE_TIME = timedelta(days=36525)  # what PostgreSQL and Python can both write in UTC
# Names of people and releases; longer ones are none.
MAX_REFERENCE_CHARACTERS = 250

_Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_REFERENCE_CHARACTERS)]


class Resolving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Since which release an issue is resolved; one of these, or as of now."""

    in_release: _Reference | None = None
    in_current_release: bool = False
    in_next_release: bool = False


class Archiving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ends that an issue is archived, whichever comes first; nothing of it: for ever."""

    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    events: Annotated[int, msgspec.Meta(ge=1, le=MAX_AWAITED_EVENTS)] | None = None
    window_minutes: Annotated[int, msgspec.Meta(ge=1, le=MAX_WINDOW_MINUTES)] | None = None
    until_escalating: bool = False


class IssueChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be decided about issues; what is absent stays as it is."""

    status: IssueStatus | msgspec.UnsetType = msgspec.UNSET
    resolution: Resolving | None = None  # with the status resolved
    archive: Archiving | None = None  # with the status archived
    # The id or e-mail of a member, "me", or None for nobody.
    assigned_to: _Reference | msgspec.UnsetType | None = msgspec.UNSET


def check_change(change: IssueChange) -> None:
    """
    Refuse what cannot be decided, whichever issues are meant.

    Raises:
        ProtocolError: the change contradicts itself, or says nothing.
    """
    if change.resolution is not None:
        if change.status != "resolved":
            raise ProtocolError(
                "only a resolved issue has a resolution",
                hint='send it with "status": "resolved"',
                field="resolution",
            )
        asked = change.resolution
        if bool(asked.in_release) + asked.in_current_release + asked.in_next_release > 1:
            raise ProtocolError("an issue is resolved in one release", field="resolution")
    if change.archive is not None:
        if change.status != "archived":
            raise ProtocolError(
                "only an archived issue has something that ends it",
                hint='send it with "status": "archived"',
                field="archive",
            )
        _check_archive(change.archive)
    if change.status is msgspec.UNSET and change.assigned_to is msgspec.UNSET:
        raise ProtocolError("nothing is to be changed", hint="name a status or assigned_to")


def _check_archive(archive: Archiving) -> None:
    if archive.until is not None:
        wait = archive.until - datetime.now(UTC)
        if not timedelta() < wait <= MAX_ARCHIVE_TIME:
            raise ProtocolError(
                "until is over already, or more than a hundred years away",
                hint="archive it without a time, where it is for ever",
                field="archive.until",
            )
    if archive.window_minutes is not None:
        if archive.events is None:
            raise ProtocolError(
                "a window is one for events", hint="name how many", field="archive.window_minutes"
            )
        if archive.events > MAX_EVENTS_IN_WINDOW:
            raise ProtocolError(
                f"within a window at most {MAX_EVENTS_IN_WINDOW} events are counted",
                field="archive.events",
            )
