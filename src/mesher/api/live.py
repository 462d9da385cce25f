"""Live streams of a project or an organisation: server-sent events, and the same over a WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
import structlog
from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath, QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from mesher.accounts.access import (
    accessible_organization,
    accessible_project,
    projects_of_organization,
)
from mesher.accounts.actor import require_scope
from mesher.api.acting import ApiRequest, Connection, actor_of, is_by_session, reading_as
from mesher.api.searching import Environment, QueryText
from mesher.errors import AuthError, MesherError, ProtocolError
from mesher.ids import UserId
from mesher.live.stream import (
    Access,
    Subscription,
    cursor_of,
    encode,
    failure,
    watch,
)
from mesher.resources import Resources, resources_of
from mesher.search.asked import asked_query
from mesher.storage.database import ReadConnection, reading
from mesher.storage.live_log import Place
from mesher.types import Project

log = structlog.get_logger(__name__)

# A filter is a query of a thousand characters at most.
MAX_MESSAGE_BYTES: Final = 16 * 1024
# RFC 6455, section 7.4.2: 4000 and above are an application's own; behind the 4 is HTTP's status.
_CLOSE_CODE: Final = 4000
_FAILED: Final = 1011  # RFC 6455, section 7.4.1: an unexpected condition
# Proxies would otherwise gather what should arrive at once.
_SSE_HEADERS: Final = {"x-accel-buffering": "no", "cache-control": "no-store"}

_Cursor = Annotated[
    str | None,
    QueryParameter(
        name="cursor",
        description="Go on behind the message with this cursor; so does the header Last-Event-ID.",
    ),
]


def is_stream(path: str) -> bool:
    """Whether the answer to a path goes on until the client leaves."""
    return path.startswith("/api/v1/") and path.endswith("/live")


class Filter(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="filter",
):
    """What a watcher sends over a WebSocket to see other events from now on."""

    query: str = ""
    environment: str | None = None


async def stream_project(
    request: ApiRequest,
    project_id: FromPath[str],
    *,
    text: QueryText = "",
    environment: Environment = None,
    cursor: _Cursor = None,
) -> ServerSentEvent:
    """
    What happens in a project, as it happens: events that a query finds, issues that change, alerts.

    Server-sent events, each with JSON that has a ``type``; docs/live.md describes them.
    """
    access = _access(request, project_id=project_id)
    return await _sse(request, access, text, environment, cursor)


async def stream_organization(
    request: ApiRequest,
    org_id: FromPath[str],
    *,
    text: QueryText = "",
    environment: Environment = None,
    cursor: _Cursor = None,
) -> ServerSentEvent:
    """The same over all projects of an organisation that the caller sees."""
    access = _access(request, org_id=org_id)
    return await _sse(request, access, text, environment, cursor)


async def watch_project(socket: WebSocket[Any, Any, Any], project_id: FromPath[str]) -> None:
    """What happens in a project, over a WebSocket."""
    await _serve_socket(socket, _access(socket, project_id=project_id))


async def watch_organization(socket: WebSocket[Any, Any, Any], org_id: FromPath[str]) -> None:
    """What happens in an organisation, over a WebSocket."""
    await _serve_socket(socket, _access(socket, org_id=org_id))


def _access(connection: Connection, *, project_id: str = "", org_id: str = "") -> Access:
    """Asked again at each look, so that a stream ends with the right to see it."""

    async def access(conn: ReadConnection) -> tuple[UserId, Sequence[Project]]:
        actor = await actor_of(conn, connection)
        require_scope(actor, "read")
        if project_id:
            return actor.viewer.user_id, [await accessible_project(conn, actor, project_id)]
        organization = await accessible_organization(conn, actor, org_id)
        return actor.viewer.user_id, await projects_of_organization(conn, actor, organization)

    return access


async def _sse(
    request: ApiRequest, access: Access, text: str, environment: str | None, cursor: str | None
) -> ServerSentEvent:
    resources = resources_of(request)
    async with reading_as(request) as (conn, _):
        user_id, _projects = await access(conn)
    place = _place(request.headers.get("last-event-id") or cursor)
    query = asked_query(text, environment=environment)
    subscription = Subscription(access, query=query, place=place)
    resources.live.require_room(user_id)

    async def content() -> AsyncIterator[ServerSentEventMessage]:
        async for message in watch(resources.live, resources.engine, user_id, subscription):
            yield ServerSentEventMessage(data=encode(message), id=cursor_of(message))

    return ServerSentEvent(content(), headers=_SSE_HEADERS)


def _place(cursor: str | None) -> Place | None:
    return Place.parse(cursor) if cursor else None


async def _serve_socket(socket: WebSocket[Any, Any, Any], access: Access) -> None:
    await socket.accept()
    resources = resources_of(socket)
    try:
        _require_own_origin(socket, resources.url)
        wanted = socket.query_params
        async with reading(resources.engine) as conn:
            user_id, _projects = await access(conn)
        subscription = Subscription(
            access,
            query=asked_query(wanted.get("query", ""), environment=wanted.get("environment")),
            place=_place(wanted.get("cursor")),
        )
        resources.live.require_room(user_id)
    except MesherError as error:
        await socket.send_text(encode(failure(error)))
        await socket.close(_CLOSE_CODE + error.status, error.message[:100])
        return
    sending = asyncio.create_task(_send(socket, resources, user_id, subscription))
    listening = asyncio.create_task(_take_filters(socket, subscription))
    done, _ = await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
    for task in (sending, listening):
        task.cancel()
    await asyncio.gather(sending, listening, return_exceptions=True)
    for task in done:
        failed = task.exception()
        if failed is not None and not isinstance(failed, WebSocketDisconnect):
            log.error("live_socket_failed", path=socket.scope["path"], exc_info=failed)
            await socket.close(_FAILED)


async def _send(
    socket: WebSocket[Any, Any, Any],
    resources: Resources,
    user_id: UserId,
    subscription: Subscription,
) -> None:
    async for message in watch(resources.live, resources.engine, user_id, subscription):
        await socket.send_text(encode(message))
    await socket.close(1001)  # RFC 6455, section 7.4.1: going away


async def _take_filters(socket: WebSocket[Any, Any, Any], subscription: Subscription) -> None:
    """Take filters until the client leaves; one that cannot be read is answered and not taken."""
    while True:
        try:
            wanted = _read_filter(await socket.receive_data("text"))
            subscription.query = asked_query(wanted.query, environment=wanted.environment)
        except WebSocketDisconnect:
            return
        except MesherError as error:
            await socket.send_text(encode(failure(error)))


def _read_filter(message: str | bytes) -> Filter:
    if len(message) > MAX_MESSAGE_BYTES:
        raise ProtocolError(f"a filter is longer than {MAX_MESSAGE_BYTES} bytes")
    try:
        return msgspec.json.decode(message, type=Filter)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ProtocolError(
            f"this is no filter: {error}", hint='send {"type": "filter", "query": "level:error"}'
        ) from error


def _require_own_origin(socket: Connection, url: str) -> None:
    """
    Refuse another site's page that opens a socket with its visitor's cookie.

    A browser sends the cookie wherever the page came from, and no preflight precedes a WebSocket
    (RFC 6455, section 10.2).
    """
    origin = socket.headers.get("origin")
    own = {urlsplit(url).netloc, socket.headers.get("host", "")}
    if is_by_session(socket) and (origin is None or urlsplit(origin).netloc not in own):
        raise AuthError(
            "a page of another site asks", hint="send an API token instead of a session"
        )
