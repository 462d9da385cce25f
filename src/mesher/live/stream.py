"""What one watcher is told, message by message, until it leaves or may see it no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import zip_longest

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from mesher.errors import MesherError, Unavailable
from mesher.ids import UserId
from mesher.live.hub import LiveHub, Watcher
from mesher.search.tree import And, Node
from mesher.storage.database import ReadConnection, reading
from mesher.storage.events import EventSummary
from mesher.storage.live_log import Look, Place, find_end, has_forgotten, look
from mesher.types import Alert, Issue, Project

# Proxies close a connection that is silent for a minute, often less.
HEARTBEAT_SECONDS = 15.0
# A session, token or membership that has ended ends the stream within this time.
RECHECK_SECONDS = 2.0
# Events in one message. Each is some kilobytes at most, and clients refuse messages above a megabyte.
MAX_TOGETHER = 50
# While the database is away.
RETRY_SECONDS = 1.0

# Who watches, and the projects that they see now; raises as ``accounts.access`` does when that ends.
Access = Callable[[ReadConnection], Awaitable[tuple[UserId, Sequence[Project]]]]


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    pass


class EventsArrived(_Message, frozen=True, kw_only=True, tag="events"):
    """Some events that fit, in order; the cursor is behind the last."""

    cursor: str
    events: list[EventSummary]


class IssueChanged(_Message, frozen=True, kw_only=True, tag="issue"):
    """An issue to which something happened, as it is now."""

    cursor: str
    issue: msgspec.Struct


class AlertChanged(_Message, frozen=True, kw_only=True, tag="alert"):
    """An alert that was raised, acknowledged or resolved, as it is now."""

    cursor: str
    alert: msgspec.Struct


class Counts(_Message, frozen=True, kw_only=True, tag="counts"):
    """How many events came since the message before, by project, whether or not they fit."""

    cursor: str
    events: dict[str, int]


class Dropped(_Message, frozen=True, kw_only=True, tag="dropped"):
    """So many events were too many to be told, or the watcher too slow; the oldest are left out."""

    events: int


class Gap(_Message, frozen=True, kw_only=True, tag="gap"):
    """The cursor is too old: what happened behind it is told from where it is still known."""


class Heartbeat(_Message, frozen=True, kw_only=True, tag="heartbeat"):
    """Nothing happened."""

    cursor: str


class Failed(_Message, frozen=True, kw_only=True, tag="error"):
    """Why the stream ends, or why a filter was not taken."""

    code: str
    message: str
    hint: str = ""


Message = EventsArrived | IssueChanged | AlertChanged | Counts | Dropped | Gap | Heartbeat | Failed


class Subscription:
    """What a watcher wants to see; the query may change at any time."""

    def __init__(
        self, access: Access, *, query: Node | None = None, place: Place | None = None
    ) -> None:
        self.access = access
        self.query = query or And(())
        self.place = place  # None: from now on


async def watch(
    hub: LiveHub, engine: AsyncEngine, user_id: UserId, subscription: Subscription
) -> AsyncIterator[Message]:
    """
    All that a watcher is told. The first message says where it begins; each place is told once.

    Args:
        hub: of this process.
        engine: of the database.
        user_id: who watches.
        subscription: what.

    Yields:
        Messages, the last of which is a ``Failed`` where the watcher may see it no more.
    """
    with hub.watching(user_id) as watcher:
        try:
            await hub.wait_until_ready()
            async for message in _messages(watcher, engine, subscription):
                yield message
        except MesherError as error:
            yield failure(error)


def failure(error: MesherError) -> Failed:
    """The message of an error."""
    return Failed(code=error.code, message=error.message, hint=error.hint)


async def _messages(
    watcher: Watcher, engine: AsyncEngine, subscription: Subscription
) -> AsyncIterator[Message]:
    now = asyncio.get_running_loop().time
    place, has_gap = await _begin(engine, subscription)
    if has_gap:
        yield Gap()
    yield Heartbeat(cursor=str(place))
    told_at = now()
    while not watcher.is_over:
        found = await _look(engine, subscription, place)
        if found is not None:
            for message in _told(found):
                yield message
                told_at = now()
            place = found.place
        if now() - told_at >= HEARTBEAT_SECONDS:
            yield Heartbeat(cursor=str(place))
            told_at = now()
        await watcher.wait(RECHECK_SECONDS)


async def _begin(engine: AsyncEngine, subscription: Subscription) -> tuple[Place, bool]:
    """Where to begin, and whether something before it is lost."""
    async with reading(engine) as conn:
        await subscription.access(conn)
        if subscription.place is None:
            return await find_end(conn), False
        if not await has_forgotten(conn, subscription.place):
            return subscription.place, False
        end = await find_end(conn)
        return min(subscription.place, end), True


async def _look(engine: AsyncEngine, subscription: Subscription, place: Place) -> Look | None:
    """What is new; ``None`` while the database is away."""
    try:
        async with reading(engine) as conn:
            viewer, projects = await subscription.access(conn)
            return await look(conn, projects, subscription.query, place, viewer=viewer)
    except Unavailable:
        await asyncio.sleep(RETRY_SECONDS)
        return None


def _told(found: Look) -> list[Message]:
    messages: list[Message] = []
    if found.passed_over:
        messages.append(Dropped(events=found.passed_over))
    events: list[EventSummary] = []
    for one, following in zip_longest(found.happenings, found.happenings[1:]):
        cursor = str(one.place)
        match one.subject:
            case Issue() as issue:
                messages.append(IssueChanged(cursor=cursor, issue=issue.to_value()))
            case Alert() as alert:
                messages.append(AlertChanged(cursor=cursor, alert=alert.to_value()))
            case event:
                events.append(event)
                is_last = following is None or not isinstance(following.subject, EventSummary)
                if is_last or len(events) == MAX_TOGETHER:
                    messages.append(EventsArrived(cursor=cursor, events=events))
                    events = []
    if found.events:
        messages.append(Counts(cursor=str(found.place), events=found.events))
    return messages


def encode(message: Message) -> str:
    """The JSON of a message."""
    return _encoder.encode(message).decode()


def cursor_of(message: Message) -> str | None:
    """The place behind a message, if it tells one."""
    return None if isinstance(message, Dropped | Gap | Failed) else message.cursor


_encoder = msgspec.json.Encoder()
