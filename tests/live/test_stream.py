"""What a watcher is told of what is committed, in which order, and when it ends."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import psycopg
import pytest
from sqlalchemy import text

from mesher.accounts.access import accessible_project
from mesher.accounts.actor import actor_of_token
from mesher.errors import ProtocolError, RateLimited
from mesher.live import hub as hub_module
from mesher.live import stream
from mesher.live.stream import (
    AlertChanged,
    Counts,
    Dropped,
    EventsArrived,
    Failed,
    Gap,
    Heartbeat,
    IssueChanged,
    Message,
    Subscription,
    watch,
)
from mesher.search.parse import parse_query
from mesher.storage import live_log
from mesher.storage.connection import connect
from mesher.storage.database import writing
from mesher.storage.events import EventSummary
from mesher.storage.live_log import Place
from mesher.storage.new_live import KEPT_MINUTES, forget_old_rows
from serving import Client
from tenants import Tenant, raise_alert, store_events
from waiting import wait_until

T = TypeVar("T")
PATIENCE_SECONDS = 30.0


class Watch:
    """A watcher that is awaited message by message."""

    def __init__(self, messages: AsyncIterator[Message]) -> None:
        self._messages = messages

    async def next(self, *kinds: type[T]) -> T:
        """The next message of these kinds; others are passed over."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                message = await anext(self._messages)
                if isinstance(message, kinds):
                    return message

    async def texts(self, count: int) -> list[str]:
        """The messages of the next events, which end with a message."""
        events: list[EventSummary] = []
        while len(events) < count:
            events += (await self.next(EventsArrived)).events
        return [event.message for event in events]


@pytest.fixture
def tenant(client: Client) -> Tenant:
    return client.make_tenant("ada")


@pytest.fixture
def store(database_url: str, tenant: Tenant) -> Callable[..., Coroutine[Any, Any, list[str]]]:
    """Stores events with these messages, in another thread, as another process would."""

    async def store(*texts: str, **options: Any) -> list[str]:
        payloads = [{"message": text, **options} for text in texts]
        return await asyncio.to_thread(store_events, database_url, tenant.project, *payloads)

    return store


@asynccontextmanager
async def watching(
    client: Client, tenant: Tenant, query: str = "", *, cursor: str | None = None
) -> AsyncIterator[tuple[Watch, Subscription]]:
    async def access(conn: Any) -> Any:
        actor = await actor_of_token(conn, tenant.tokens["read"])
        project = await accessible_project(conn, actor, str(tenant.project.id))
        return actor.viewer.user_id, [project]

    resources = client.resources
    place = Place.parse(cursor) if cursor else None
    node = parse_query(query, datetime.now(UTC))
    subscription = Subscription(access, query=node, place=place)
    messages = watch(resources.live, resources.engine, tenant.user_id, subscription)
    async with aclosing(messages):  # type: ignore[type-var]
        yield Watch(messages), subscription


def test_events_are_told_in_order_with_how_many_came(
    client: Client, tenant: Tenant, store: Any
) -> None:
    async def run() -> None:
        async with watching(client, tenant) as (watch, _):
            await watch.next(Heartbeat)
            await store("one", "two")
            assert await watch.texts(2) == ["one", "two"]
            assert (await watch.next(Counts)).events == {str(tenant.project.id): 2}
            await store("three")
            assert await watch.texts(1) == ["three"]

    client.call(run)


def test_what_was_stored_before_is_not_told(client: Client, tenant: Tenant, store: Any) -> None:
    async def run() -> None:
        await store("old")
        async with watching(client, tenant) as (watch, _):
            await watch.next(Heartbeat)
            await store("new")
            assert await watch.texts(1) == ["new"]

    client.call(run)


def test_a_query_decides_which_events_are_told_and_may_change(
    client: Client, tenant: Tenant, store: Any
) -> None:
    async def run() -> None:
        async with watching(client, tenant, "level:fatal") as (watch, subscription):
            await watch.next(Heartbeat)
            await store("info", level="info")
            await store("fatal", level="fatal")
            assert await watch.texts(1) == ["fatal"]
            await watch.next(Counts)
            subscription.query = parse_query("is:unresolved message:*fo", datetime.now(UTC))
            await store("fatal again", level="fatal")
            await store("another info", level="info")
            assert await watch.texts(1) == ["another info"]

    client.call(run)


@pytest.mark.parametrize("told", range(1, 5))
def test_whoever_comes_back_misses_nothing_and_hears_nothing_twice(
    client: Client, tenant: Tenant, store: Any, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MAX_TOGETHER", 1)

    async def run() -> None:
        async with watching(client, tenant) as (watch, _):
            await watch.next(Heartbeat)
            await store("one", "two", "three")
            await store("four")
            for _ in range(told):
                last = await watch.next(EventsArrived)
        await store("five")
        async with watching(client, tenant, cursor=last.cursor) as (watch, _):
            everything = ["one", "two", "three", "four", "five"]
            assert await watch.texts(5 - told) == everything[told:]
            await store("six")
            assert await watch.texts(1) == ["six"]

    client.call(run)


def test_a_transaction_that_is_committed_late_is_told_late_and_not_lost(
    client: Client, tenant: Tenant, store: Any, database_url: str
) -> None:
    """Its row has the smaller id, and the watcher has seen a larger one already."""

    async def run() -> None:
        async with watching(client, tenant) as (watch, _):
            await watch.next(Heartbeat)
            event_ids = [uuid.UUID(one) for one in await store("first")]
            assert await watch.texts(1) == ["first"]
            slow = await psycopg.AsyncConnection.connect(database_url)
            await slow.execute(
                "INSERT INTO live_log (project_id, kind, ids, received_from, received_until)"
                " SELECT project_id, 'event', %s, received_from, received_until FROM live_log"
                " WHERE kind = 'event' LIMIT 1",
                (event_ids,),
            )
            await store("fast")
            assert await watch.texts(1) == ["fast"]
            await slow.execute("NOTIFY mesher_live")
            await slow.commit()
            assert await watch.texts(1) == ["first"]
            await slow.close()

    client.call(run)


def test_who_cannot_be_told_everything_hears_the_newest_and_how_many_were_left_out(
    client: Client, tenant: Tenant, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_log, "MAX_EVENTS", 2)
    monkeypatch.setattr(live_log, "MAX_ROWS", 2)

    async def run() -> None:
        async with watching(client, tenant) as (watch, _):
            begin = (await watch.next(Heartbeat)).cursor
        await store("0a", "0b")  # in a row that is too far behind
        await store("1a", "1b", "1c")
        await store("2a")
        async with watching(client, tenant, cursor=begin) as (watch, _):
            assert (await watch.next(Dropped)).events == 4
            assert await watch.texts(2) == ["1c", "2a"]

    client.call(run)


def test_a_cursor_of_long_ago_is_answered_with_a_gap(
    client: Client, tenant: Tenant, store: Any, database_url: str
) -> None:
    async def age() -> None:
        async with writing(client.resources.engine) as conn:
            await conn.execute(
                text("UPDATE live_log SET at = at - make_interval(mins => :minutes)"),
                {"minutes": KEPT_MINUTES + 1},
            )

    async def run() -> None:
        async with watching(client, tenant) as (watch, _):
            begin = (await watch.next(Heartbeat)).cursor
            await store("lost")
            cursor = (await watch.next(Counts)).cursor
        await age()
        await asyncio.to_thread(_forget, database_url)
        async with watching(client, tenant, cursor=begin) as (watch, _):
            assert isinstance(await watch.next(Gap, Heartbeat), Gap)
        async with watching(client, tenant, cursor=cursor) as (watch, _):
            assert isinstance(await watch.next(Gap, Heartbeat), Heartbeat)
        async with watching(client, tenant, cursor="999999") as (watch, _):
            assert isinstance(await watch.next(Gap, Heartbeat), Gap)
            await store("new")
            assert await watch.texts(1) == ["new"]

    client.call(run)


def _forget(database_url: str) -> None:
    with connect(database_url, application_name="test") as conn:
        assert forget_old_rows(conn) > 0


def test_changes_of_issues_and_alerts_are_told_as_they_are_now(
    client: Client, tenant: Tenant, store: Any
) -> None:
    headers = {"authorization": f"Bearer {tenant.tokens['admin']}"}
    path = f"/api/v1/projects/{tenant.project.id}"

    async def ask(method: str, path: str, **options: Any) -> Any:
        return (await client.request_here(method, path, headers=headers, **options)).json()

    async def run() -> None:
        await store("broken")
        [issue] = (await ask("GET", f"{path}/issues"))["items"]
        rule = {"name": "any", "condition": {"condition_type": "new_issue"}}
        rule_id = (await ask("POST", f"{path}/alert-rules", json=rule))["id"]
        async with watching(client, tenant, "level:fatal") as (watch, _):
            await watch.next(Heartbeat)
            await ask("POST", f"/api/v1/issues/{issue['id']}/resolve")
            changed = await watch.next(IssueChanged)
            assert (str(changed.issue.id), changed.issue.status) == (issue["id"], "resolved")  # type: ignore[attr-defined]
            alert_id = await raise_alert(client.resources.engine, rule_id)
            raised = await watch.next(AlertChanged)
            assert (raised.alert.id, raised.alert.status) == (alert_id, "active")  # type: ignore[attr-defined]
            await ask("POST", f"/api/v1/alerts/{alert_id}/acknowledge")
            assert (await watch.next(AlertChanged)).alert.status == "acknowledged"  # type: ignore[attr-defined]

    client.call(run)


def test_nothing_of_another_project_is_told(
    client: Client, tenant: Tenant, store: Any, database_url: str
) -> None:
    other = client.make_tenant("bob")

    async def run() -> None:
        async with watching(client, tenant) as (watch, _):
            await watch.next(Heartbeat)
            payload = {"message": "secret of bob"}
            await asyncio.to_thread(store_events, database_url, other.project, payload)
            await store("own")
            assert await watch.texts(1) == ["own"]
            assert (await watch.next(Counts)).events == {str(tenant.project.id): 1}

    client.call(run)


@pytest.mark.parametrize(
    "end",
    [
        "UPDATE api_tokens SET revoked_at = now()",
        "DELETE FROM org_memberships",
        "DELETE FROM projects",
    ],
    ids=["token", "membership", "project"],
)
def test_a_stream_ends_with_the_right_to_see_it(client: Client, tenant: Tenant, end: str) -> None:
    async def run() -> None:
        async with watching(client, tenant) as (watch, _):
            await watch.next(Heartbeat)
            async with writing(client.resources.engine) as conn:
                await conn.execute(text(end))
            assert (await watch.next(Failed)).code in {"unauthorized", "not_found"}
            with pytest.raises(StopAsyncIteration):
                await watch.next(Heartbeat)

    client.call(run)


def test_one_person_has_a_limited_number_of_streams(
    client: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "MAX_WATCHERS_OF_ONE", 1)

    async def run() -> None:
        async with watching(client, tenant) as (watch, _):
            await watch.next(Heartbeat)
            with pytest.raises(RateLimited):
                client.resources.live.require_room(tenant.user_id)
            client.resources.live.require_room(client_of_nobody)
        client.resources.live.require_room(tenant.user_id)

    client_of_nobody: Any = uuid.uuid4()
    client.call(run)


def test_a_stream_goes_on_when_the_listening_connection_was_cut(
    client: Client, tenant: Tenant, store: Any
) -> None:
    async def cut() -> int:
        async with writing(client.resources.engine) as conn:
            result = await conn.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'mesher-live' AND datname = current_database()"
                )
            )
            return len(result.all())

    async def run() -> None:
        async with watching(client, tenant) as (watch, _):
            await watch.next(Heartbeat)
            assert await cut() == 1
            await store("after the cut")
            assert await watch.texts(1) == ["after the cut"]

    client.call(run)


def test_a_stream_ends_when_the_process_is_about_to(client: Client, tenant: Tenant) -> None:
    async def run() -> None:
        async with watching(client, tenant) as (watch, _):
            await watch.next(Heartbeat)
            client.resources.live.stop()
            with pytest.raises(StopAsyncIteration):
                await watch.next(Heartbeat)

    client.call(run)


def test_nobody_listens_while_nobody_watches(client: Client, tenant: Tenant) -> None:
    async def listeners() -> int:
        async with writing(client.resources.engine) as conn:
            result = await conn.execute(
                text(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE application_name = 'mesher-live' AND datname = current_database()"
                )
            )
            return int(result.scalar_one())

    async def run() -> None:
        assert await listeners() == 0
        async with watching(client, tenant) as (watch, _):
            await watch.next(Heartbeat)
            assert await listeners() == 1

    client.call(run)
    wait_until(lambda: client.call(listeners) == 0)


def test_a_cursor_names_a_place() -> None:
    assert [str(Place.parse(text)) for text in ("7", "7.3")] == ["7", "7.3"]
    assert Place.parse("7.3") < Place.parse("7") < Place.parse("8.1")
    for wrong in ("", "x", "7.", "-1", "7.3.1", "9" * 30):
        with pytest.raises(ProtocolError, match="no cursor"):
            Place.parse(wrong)
