"""Giving issues a status: since which release they are resolved, what ends an archive."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC
from typing import Any

import msgspec

from mesher.accounts.actor import Actor
from mesher.errors import Conflict
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.issue_activity import insert_entry
from mesher.storage.issue_states import IssueState, set_status
from mesher.storage.project_versions import has_release, list_latest_versions
from mesher.triage.asked import Archiving, IssueChange, Resolving
from mesher.values.release_version import current_version
from mesher.values.triage import Archive, Resolution

# Among so many of a project's releases is the current one: it was not made before all of these.
RELEASES_LOOKED_AT = 100


class NoRelease(Conflict):
    """A project has not the release that its issues were to be resolved in."""


async def give_status(
    conn: WriteConnection,
    actor: Actor,
    project_id: uuid.UUID,
    states: Sequence[IssueState],
    change: IssueChange,
) -> list[IssueState]:
    """
    Give issues of one project the status; those that have it already are not among the result.

    Raises:
        NoRelease: the project has not the release.
    """
    assert change.status is not msgspec.UNSET  # noqa: S101 - the caller has looked
    resolution = await find_resolution(conn, project_id, change.resolution or Resolving())
    archive = _archive(change.archive or Archiving())
    wanted = (change.status, resolution, archive)
    differing = [
        state.id for state in states if (state.status, state.resolution, state.archive) != wanted
    ]
    if not differing:
        return []
    changed = await set_status(
        conn,
        differing,
        status=change.status,
        substatus="ongoing" if change.status == "unresolved" else None,
        resolution=resolution,
        archive=archive,
    )
    details: dict[str, Any] = {}
    if resolution is not None:
        details["resolution"] = resolution
    if archive is not None:
        details["archive"] = archive
    await insert_entry(conn, differing, kind=change.status, author=actor.author, details=details)
    return changed


async def find_resolution(
    conn: ReadConnection, project_id: uuid.UUID, asked: Resolving
) -> Resolution | None:
    """
    What issues of a project are resolved in; ``None`` = as of now, in no release.

    Raises:
        NoRelease: the project has not the release.
    """
    if asked.in_release is not None:
        if not await has_release(conn, project_id, asked.in_release):
            raise NoRelease(
                f"the project has no release {asked.in_release}",
                hint="make it first, as sentry-cli does, or have an event name it",
                field="resolution.in_release",
            )
        return Resolution(in_release=asked.in_release)
    if not (asked.in_current_release or asked.in_next_release):
        return None
    latest = await list_latest_versions(conn, project_id, limit=RELEASES_LOOKED_AT)
    current = current_version(latest)
    if current is None:
        raise NoRelease(
            "the project has no release, so nothing tells which one would be the next",
            hint="name releases in events, or resolve the issue as of now",
            field="resolution",
        )
    if asked.in_current_release:
        return Resolution(in_release=current)
    return Resolution(after_release=current)


def _archive(asked: Archiving) -> Archive | None:
    if asked == Archiving():
        return None
    return Archive(
        until=asked.until.astimezone(UTC) if asked.until else None,
        events=asked.events,
        window_minutes=asked.window_minutes,
        events_left=asked.events if asked.window_minutes is None else None,
        until_escalating=asked.until_escalating,
    )
