"""Events: the list of an issue's, and one in full."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
from litestar.params import FromPath, FromQuery

from mesher.accounts.access import (
    accessible_issue,
    accessible_project,
    event_of_issue,
    event_of_project,
    issue_of_event,
)
from mesher.api.acting import ApiRequest, reading_as
from mesher.api.json_forms import extend, extended
from mesher.api.projects import PageLimit
from mesher.protocol.event import Event as FullEvent
from mesher.storage import events
from mesher.storage.database import ReadConnection
from mesher.storage.events import EventSummary
from mesher.storage.pages import Page
from mesher.types import Event, Issue

EVENT_DETAIL = extended(
    "EventDetail",
    Event,
    without=("payload",),
    payload=FullEvent,  # the whole normalised event, decompressed
    grouping=dict[str, Any] | None,  # why the event is in its issue
    previous_event_id=uuid.UUID | None,  # of the same issue, received just before
    next_event_id=uuid.UUID | None,
)


async def list_events(
    request: ApiRequest,
    issue_id: FromPath[str],
    limit: PageLimit = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[EventSummary]:
    """An issue's events, latest first."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        return await events.list_events(conn, issue, limit=limit, cursor=cursor)


async def get_issue_event(
    request: ApiRequest, issue_id: FromPath[str], event_id: FromPath[str]
) -> msgspec.Struct:
    """One event of an issue in full: by its id, or the ``latest`` or ``oldest``."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        event = await event_of_issue(conn, issue, event_id)
        return await _detail(conn, event, issue)


async def get_project_event(
    request: ApiRequest, project_id: FromPath[str], event_id: FromPath[str]
) -> msgspec.Struct:
    """One event of a project in full, by the id that its SDK knows."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        event = await event_of_project(conn, project, event_id)
        issue = await issue_of_event(conn, actor, event)
        return await _detail(conn, event, issue)


async def _detail(conn: ReadConnection, event: Event, issue: Issue) -> msgspec.Struct:
    neighbours = await events.find_neighbours(conn, event)
    return extend(
        EVENT_DETAIL,
        event,
        payload=events.full_event(event),
        grouping=issue.grouping,
        previous_event_id=neighbours.previous,
        next_event_id=neighbours.next,
    )
