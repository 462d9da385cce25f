"""
Merges and splits as a request makes them: decided in one transaction, then events are moved for as
long as a request should take. What is left the jobs process moves.

They run on a connection of their own in a thread, on the statements that the jobs process uses too.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence

import msgspec
import psycopg
import structlog
from psycopg.rows import TupleRow

from mesher.accounts.actor import Actor
from mesher.errors import Conflict, Unavailable
from mesher.explaining import grouping_of, rules_of
from mesher.resources import Resources
from mesher.storage.connection import connect
from mesher.storage.database import RETRY_AFTER_SECONDS, reading
from mesher.storage.events import find_event, full_event
from mesher.storage.issue_changes import Author, Change, continue_change, find_change
from mesher.storage.issue_merges import merge_issues, undo_merge
from mesher.storage.issue_moves import Selection, find_selected
from mesher.storage.issue_splits import Looks, Splitting, selection_of, split_issue, undo_split
from mesher.storage.job_queue import defer_moves
from mesher.types import Issue, Project

# Some thousand events take about a second.
MAX_EVENTS_AT_ONCE = 5000
# A person picks them one by one; each is locked until all are merged.
MAX_MERGED_AT_ONCE = 50

_Decide = Callable[[psycopg.Connection[TupleRow]], Sequence[Change]]

log = structlog.get_logger(__name__)


async def merge(
    resources: Resources, actor: Actor, target: Issue, sources: Sequence[Issue]
) -> list[uuid.UUID]:
    """
    Merge issues of one project into one.

    Returns:
        The ids of the changes, one for each source.

    Raises:
        Conflict: more than ``MAX_MERGED_AT_ONCE``; or as ``merge_issues``.
        NotFound, ProtocolError: as ``merge_issues``.
        Unavailable: the database is away; nothing was merged.
    """
    if len(sources) > MAX_MERGED_AT_ONCE:
        raise Conflict(
            f"{len(sources)} issues are too many to merge at once",
            hint=f"merge at most {MAX_MERGED_AT_ONCE} at a time",
        )
    return await _change(
        resources,
        lambda conn: merge_issues(
            conn,
            project_id=target.project_id,
            target=target.id,
            sources=[source.id for source in sources],
            author=_author(actor),
        ),
    )


async def split(resources: Resources, actor: Actor, issue: Issue, by: Splitting) -> list[uuid.UUID]:
    """
    Split an issue.

    Returns:
        The id of the change.

    Raises:
        Conflict: no stored event is of that release or has that call; or as ``split_issue``.
        NotFound, ProtocolError: as ``split_issue``.
        Unavailable: the database is away; nothing was split.
    """
    looks = await _looks(resources, issue, by)
    return await _change(
        resources,
        lambda conn: [
            split_issue(
                conn,
                project_id=issue.project_id,
                issue_id=issue.id,
                by=by,
                looks=looks,
                author=_author(actor),
            )
        ],
    )


async def undo(
    resources: Resources, actor: Actor, project: Project, change_id: uuid.UUID
) -> list[uuid.UUID]:
    """
    Undo a merge or split of a project.

    Returns:
        The id of the change.

    Raises:
        NotFound, Conflict: as ``undo_merge`` and ``undo_split``.
        Unavailable: the database is away; nothing was undone.
    """

    def decide(conn: psycopg.Connection[TupleRow]) -> list[Change]:
        kind = find_change(conn, project.id, change_id).kind
        act = undo_merge if kind == "merge" else undo_split
        return [act(conn, project_id=project.id, change_id=change_id, author=_author(actor))]

    return await _change(resources, decide)


async def _looks(resources: Resources, issue: Issue, by: Splitting) -> Looks:
    """How the split-off issue looks: as if the latest of its events had made it."""
    event_id = await asyncio.to_thread(
        _find_selected, resources.database_url, issue, selection_of(by)
    )
    if event_id is None and not by.fingerprints:
        raise Conflict(
            "no stored event of this issue is of that release or has that call",
            hint="look up how they are written in an event",
        )
    stored, rules = None, None
    if event_id is not None:
        async with reading(resources.engine) as conn:
            stored = await find_event(conn, issue, event_id)
            rules = await rules_of(conn, issue)
    if stored is None:
        return Looks(
            title=issue.title,
            culprit=issue.culprit,
            platform=issue.platform,
            grouping=issue.grouping,
        )
    grouping = grouping_of(stored, rules)
    return Looks(
        title=grouping.title,
        culprit=grouping.culprit,
        platform=full_event(stored).platform,
        grouping=msgspec.to_builtins(grouping),
    )


async def _change(resources: Resources, decide: _Decide) -> list[uuid.UUID]:
    return await asyncio.to_thread(_change_now, resources.database_url, decide)


def _change_now(database_url: str, decide: _Decide) -> list[uuid.UUID]:
    with _connected(database_url) as conn:
        try:
            with conn.transaction():
                changes = decide(conn)
        except psycopg.OperationalError as error:
            raise _away(error) from error
        try:
            _move(conn, changes)
        except psycopg.OperationalError as error:
            # It is decided, and the jobs process will find it.
            log.warning("move_interrupted", reason=str(error).strip())
        return [change.id for change in changes]


def _move(conn: psycopg.Connection[TupleRow], changes: Sequence[Change]) -> None:
    moved = 0
    for change in changes:
        for events in continue_change(conn, change):
            moved += events
            if moved >= MAX_EVENTS_AT_ONCE:
                defer_moves(conn)
                return


def _find_selected(database_url: str, issue: Issue, only: Selection) -> uuid.UUID | None:
    with _connected(database_url) as conn:
        try:
            return find_selected(conn, project_id=issue.project_id, issue_id=issue.id, only=only)
        except psycopg.OperationalError as error:
            raise _away(error) from error


def _connected(database_url: str) -> psycopg.Connection[TupleRow]:
    try:
        return connect(database_url, application_name="mesher-web")
    except psycopg.OperationalError as error:
        raise _away(error) from error


def _away(error: psycopg.OperationalError) -> Unavailable:
    log.warning("database_away", reason=str(error).strip())
    return Unavailable("the database cannot be reached", retry_after_seconds=RETRY_AFTER_SECONDS)


def _author(actor: Actor) -> Author:
    return Author(user_id=actor.viewer.user_id, name=actor.name)
