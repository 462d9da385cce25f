"""What came beside an event: its attachments, to list and to save, and what people wrote about it."""

from __future__ import annotations

import uuid
from urllib.parse import quote

from litestar import Response
from litestar.params import FromPath

from mesher.accounts.access import accessible_project
from mesher.api.acting import ApiRequest, reading_as
from mesher.errors import NotFound
from mesher.ids import parse_uuid
from mesher.storage import attachments, feedback
from mesher.storage.attachments import AttachmentSummary
from mesher.storage.feedback import UserFeedback


async def list_attachments(
    request: ApiRequest, project_id: FromPath[str], event_id: FromPath[str]
) -> list[AttachmentSummary]:
    """The files of an event, also of one that has not arrived itself."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return await attachments.list_attachments(conn, project, _event(event_id))


async def list_feedback(
    request: ApiRequest, project_id: FromPath[str], event_id: FromPath[str]
) -> list[UserFeedback]:
    """What people wrote about an event, the latest first."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return await feedback.list_feedback(conn, project, _event(event_id))


async def download_attachment(
    request: ApiRequest,
    project_id: FromPath[str],
    event_id: FromPath[str],
    attachment_id: FromPath[str],
) -> Response[bytes]:
    """The bytes of one file, never to be shown in place: they are whatever a client sent."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        parsed = parse_uuid(attachment_id)
        found = parsed and await attachments.find_attachment(
            conn, project, _event(event_id), parsed
        )
    if not found:
        raise NotFound("there is no such attachment")
    return Response(
        found.data,
        media_type="application/octet-stream",
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"
        },
    )


def _event(event_id: str) -> uuid.UUID:
    parsed = parse_uuid(event_id)
    if parsed is None:
        raise NotFound("there is no such event")
    return parsed
