"""
What rules, a version or a merge would do to a project's issues: told from the events of its last
days, in memory, before anything is changed.

A look runs in a thread on a connection of its own, for as long as a request should take; what it did
not get to is said.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping
from datetime import datetime

import msgspec
import psycopg
import structlog

from mesher.errors import Unavailable
from mesher.grouping.preview import Plan, Share
from mesher.ingest.regroup import Look, Regroup, look_at, plan_of
from mesher.storage.connection import connect
from mesher.storage.database import RETRY_AFTER_SECONDS
from mesher.storage.regroup import find_titles

MAX_DAYS = 30
# Half a second of one core, in steps that let the other threads of the process go between.
MAX_EVENTS = 5000
# Nobody waits longer; a slow disk may take this for fewer events.
MAX_SECONDS = 5.0
# What a person reads of it.
MAX_LISTED = 50

log = structlog.get_logger(__name__)


class PreviewShare(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an issue's events."""

    issue_id: uuid.UUID | None  # None: of an issue that would be new
    title: str
    events: int
    sample_event_ids: list[uuid.UUID]


class PreviewJoin(msgspec.Struct, frozen=True, kw_only=True):
    """Events of several issues that would be in one."""

    issue_id: uuid.UUID | None  # None: a new one
    title: str
    events: int
    issues: list[PreviewShare]  # where they are, the most first


class PreviewSplit(msgspec.Struct, frozen=True, kw_only=True):
    """An issue whose events would be in several."""

    issue_id: uuid.UUID
    title: str
    events: int
    into: list[PreviewShare]  # where they would be, the most first


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What would happen, as far as it was looked at."""

    events: int  # that were looked at, latest first
    oldest_event_at: datetime | None  # of these; None: there are none
    cut: str  # why no more were looked at; empty: these are all
    events_moved: int
    issues: int  # that have events among these
    issues_untouched: int  # that would neither gain nor lose any
    joins: list[PreviewJoin]  # the largest first, at most 50 of them
    joins_total: int
    splits: list[PreviewSplit]  # the same
    splits_total: int


async def preview(
    database_url: str, project_id: uuid.UUID, regroup: Regroup, *, since: datetime
) -> Preview:
    """
    Look at a project's events since a time: at most ``MAX_EVENTS``, for ``MAX_SECONDS``.

    Raises:
        Unavailable: the database is away.
    """
    try:
        return await asyncio.to_thread(_preview, database_url, project_id, regroup, since)
    except psycopg.OperationalError as error:
        log.warning("database_away", reason=str(error).strip())
        raise Unavailable(
            "the database cannot be reached", retry_after_seconds=RETRY_AFTER_SECONDS
        ) from error


def report(look: Look, plan: Plan, titles: Mapping[uuid.UUID, str], *, cut: str = "") -> Preview:
    """
    A look and its plan, as people read it.

    Args:
        look: at some events.
        plan: of that look.
        titles: of all issues in the plan.
        cut: why no more events were looked at.
    """

    def title(where: uuid.UUID | str) -> str:
        if isinstance(where, str):
            return look.looks[where].title
        return titles.get(where, "")

    def shown(share: Share, where: uuid.UUID | str) -> PreviewShare:
        return PreviewShare(
            issue_id=None if isinstance(where, str) else where,
            title=title(where),
            events=share.events,
            sample_event_ids=share.samples,
        )

    return Preview(
        events=look.tally.events,
        oldest_event_at=look.oldest,
        cut=cut,
        events_moved=plan.moved_events,
        issues=plan.issues,
        issues_untouched=plan.untouched_issues,
        joins=[
            PreviewJoin(
                issue_id=None if isinstance(one.where, str) else one.where,
                title=title(one.where),
                events=one.events,
                issues=[shown(share, share.issue_id) for share in one.shares[:MAX_LISTED]],
            )
            for one in plan.joins[:MAX_LISTED]
        ],
        joins_total=len(plan.joins),
        splits=[
            PreviewSplit(
                issue_id=one.issue_id,
                title=title(one.issue_id),
                events=one.events,
                into=[shown(share, share.where) for share in one.shares[:MAX_LISTED]],
            )
            for one in plan.splits[:MAX_LISTED]
        ],
        splits_total=len(plan.splits),
    )


def issues_in(plan: Plan) -> set[uuid.UUID]:
    """The issues of which a plan says something."""
    shares = [share for join in plan.joins for share in join.shares]
    shares += [share for split in plan.splits for share in split.shares]
    places = {share.where for share in shares if not isinstance(share.where, str)}
    return places | {share.issue_id for share in shares}


def _preview(
    database_url: str, project_id: uuid.UUID, regroup: Regroup, since: datetime
) -> Preview:
    look, cut = Look(), ""
    deadline = time.monotonic() + MAX_SECONDS
    with connect(database_url, application_name="mesher-preview") as conn:
        for _ in look_at(conn, project_id, look, regroup, since=since):
            if look.tally.events >= MAX_EVENTS:
                cut = f"only the latest {look.tally.events:,} events were looked at"
                break
            if time.monotonic() > deadline:
                cut = f"only {look.tally.events:,} events were looked at in {MAX_SECONDS:g} seconds"
                break
        plan = plan_of(conn, project_id, look)
        titles = find_titles(conn, project_id, issues_in(plan))
    return report(look, plan, titles, cut=cut)
