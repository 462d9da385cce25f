"""What a query finds in PostgreSQL is what a plain filter over the same events finds."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from mesher.ids import UserId
from mesher.search.parse import parse_query
from mesher.search.tree import (
    And,
    AssignedTo,
    FreeText,
    HandledIs,
    Has,
    HasTag,
    IdIs,
    InLatestRelease,
    Node,
    Not,
    NumberIs,
    Or,
    Pattern,
    StateIs,
    TagIs,
    TextIs,
    TimeIs,
)
from mesher.storage.database import reading, writing
from mesher.storage.event_search import search_events
from mesher.storage.issue_counts import counts_of_issues
from mesher.storage.issue_search import find_issue_ids, search_issues
from mesher.storage.organizations import insert_project
from mesher.storage.window import Window
from mesher.types import Project
from serving import Client, serve
from tenants import BEGIN, Tenant, store_events

WORDS = ["alpha", "Beta", "a%b", "a_b", "back\\slash", "x*y", "gamma ray"]
RELEASES = ["1.0", "1.1", "2.0"]
EVENTS = 120
WINDOW = Window(BEGIN - timedelta(days=1), BEGIN + timedelta(days=1))
MAX_PAGE = 1000


def _payload(number: random.Random) -> dict[str, Any]:
    """An event of a few words, so that terms often fit."""

    def maybe(value: Any) -> Any:
        return value if number.random() < 0.7 else None

    exception = {
        "type": number.choice(["Oops", "Ouch", "Alas"]),
        "value": number.choice(WORDS),
        "mechanism": {"type": "generic", "handled": number.random() < 0.5},
        "stacktrace": {
            "frames": [
                {
                    "function": number.choice(WORDS),
                    "filename": f"{number.choice(WORDS)}.py",
                    "module": number.choice(WORDS),
                    "in_app": True,
                }
            ]
        },
    }
    return {
        "level": number.choice(["error", "warning", "info"]),
        "platform": number.choice(["python", "ruby"]),
        "release": maybe(number.choice(RELEASES)),
        "environment": maybe(number.choice(["production", "staging"])),
        "tags": {"word": number.choice(WORDS)} if number.random() < 0.7 else {},
        "user": maybe({"id": number.choice(WORDS), "email": f"{number.choice('ab')}@example.com",
                       "geo": {"city": number.choice(WORDS)}}),
        "sdk": maybe({"name": "sentry.python", "version": number.choice(RELEASES)}),
        **({"exception": {"values": [exception]}} if number.random() < 0.6 else {}),
        "message": number.choice(WORDS),
    }  # fmt: skip


class World:
    """Some projects' events and issues, and the same as plain dictionaries."""

    def __init__(self, client: Client, database_url: str) -> None:
        self.client = client
        number = random.Random(20261126)
        self.tenant: Tenant = client.make_tenant("ada")
        self.projects = [self.tenant.project, self._make_project()]
        other = client.make_tenant("bob")
        for project in (*self.projects, other.project):
            store_events(database_url, project, *(_payload(number) for _ in range(EVENTS)))
        self.slugs = {str(project.id): project.slug for project in self.projects}
        self._change_some_issues()
        self.issues = {row["id"]: row for row in self._rows("issues")}
        self.events = [row for row in self._rows("events") if row["issue_id"] in self.issues]

    def _make_project(self) -> Project:
        async def run() -> Project:
            async with writing(self.client.resources.engine) as conn:
                return await insert_project(
                    conn, org_id=self.tenant.org_id, name="till", slug="till"
                )

        return self.client.call(run)

    def _change_some_issues(self) -> None:
        self._run("UPDATE issues SET status = 'resolved' WHERE event_count % 3 = 0 RETURNING id")
        self._run(
            f"UPDATE issues SET assigned_to = '{self.tenant.user_id}'"
            " WHERE event_count % 2 = 0 AND project_id = ANY(:projects) RETURNING id"
        )
        self._run(
            "UPDATE issues SET substatus = 'regressed' WHERE event_count % 5 = 0 RETURNING id"
        )
        for version in RELEASES:  # which the events have made, all at once
            self._run(
                f"UPDATE releases SET created_at = now() - interval '{version} days'"
                f" WHERE version = '{version}' RETURNING id"
            )
        # Each project has a latest release of its own.
        self._run(
            f"""
            DELETE FROM release_projects AS rp USING releases AS r
            WHERE r.id = rp.release_id AND r.version = '{RELEASES[0]}'
              AND rp.project_id = (CAST(:projects AS uuid[]))[2]
            RETURNING r.id
            """
        )
        first, second = self.projects
        self.latest = {str(first.id): RELEASES[0], str(second.id): RELEASES[1]}

    def _rows(self, table: str) -> list[dict[str, Any]]:
        return self._run(
            f"SELECT to_jsonb(t) || '{{}}' FROM {table} AS t WHERE project_id = ANY(:projects)"
        )

    def _run(self, statement: str) -> list[Any]:
        async def run() -> list[Any]:
            async with writing(self.client.resources.engine) as conn:
                ids = [project.id for project in self.projects]
                values = {"projects": ids} if ":projects" in statement else {}
                return list((await conn.execute(text(statement), values)).scalars())

        return self.client.call(run)

    def found_issues(self, node: Node) -> set[str]:
        async def run() -> list[uuid.UUID]:
            async with reading(self.client.resources.engine) as conn:
                return await find_issue_ids(
                    conn, self.projects, node, WINDOW, viewer=self.tenant.user_id, limit=MAX_PAGE
                )  # fmt: skip

        return {str(one) for one in self.client.call(run)}

    def found_events(self, node: Node) -> set[str]:
        async def run() -> list[uuid.UUID]:
            async with reading(self.client.resources.engine) as conn:
                page = await search_events(
                    conn, self.projects, node, WINDOW, viewer=self.tenant.user_id, limit=MAX_PAGE, cursor=None
                )  # fmt: skip
                return [event.id for event in page.items]

        return {str(one) for one in self.client.call(run)}

    def fits(  # noqa: C901, PLR0911, PLR0912 - a line for each node
        self, node: Node, event: dict[str, Any], *, of_issues: bool
    ) -> bool:
        """The plain filter: the meaning of each node, over rows as they are."""
        issue = self.issues[event["issue_id"]]
        tags, exceptions = event["tags"], event["exception"] or []
        frames, user = event["stacktrace"] or [], event["user_context"] or {}
        texts = {
            "title": issue["title"], "culprit": issue["culprit"], "platform": issue["platform"],
            "message": event["message"], "level": (issue if of_issues else event)["level"],
            "user.id": user.get("id"), "user.email": user.get("email"),
            "user.username": user.get("username"), "user.ip": user.get("ip_address"),
            "geo.city": user.get("geo", {}).get("city"), "project": self.slugs[event["project_id"]],
            "sdk.name": event["sdk_name"], "sdk.version": event["sdk_version"],
        }  # fmt: skip
        lists = {
            "error.type": [one.get("type") for one in exceptions],
            "error.value": [one.get("value") for one in exceptions],
            "stack.filename": [one.get("filename") for one in frames],
            "stack.function": [one.get("function") for one in frames],
            "stack.module": [one.get("module") for one in frames],
        }
        times = {
            "first_seen": issue["first_seen"], "last_seen": issue["last_seen"],
            "timestamp": event["received_at"],
        }  # fmt: skip
        phrases = {"title", "culprit", "message", "error.value"}
        match node:
            case And(nodes):
                return all(self.fits(one, event, of_issues=of_issues) for one in nodes)
            case Or(nodes):
                return any(self.fits(one, event, of_issues=of_issues) for one in nodes)
            case Not(inner):
                return not self.fits(inner, event, of_issues=of_issues)
            case FreeText(pattern):
                places = ["title", "culprit"] if of_issues else ["title", "message"]
                return any(_matches(pattern, texts[place], phrase=True) for place in places)
            case TextIs(key, patterns):
                found = lists[key] if key in lists else [texts[key]]
                return any(
                    _matches(one, value, phrase=key in phrases)
                    for one in patterns
                    for value in found
                )
            case TagIs(tag, patterns):
                return any(_matches(one, tags.get(tag)) for one in patterns)
            case NumberIs(_, comparison, number):
                return _compares(issue["event_count"], comparison, number)
            case TimeIs(key, comparison, moment):
                return _compares(datetime.fromisoformat(times[key]), comparison, moment)
            case IdIs(key, ids):
                return uuid.UUID((issue if key == "issue" else event)["id"]) in ids
            case StateIs("assigned"):
                return issue["assigned_to"] is not None
            case StateIs("unassigned"):
                return issue["assigned_to"] is None
            case StateIs("new" | "ongoing" | "regressed" | "escalating" as state):
                return bool(issue["status"] == "unresolved" and issue["substatus"] == state)
            case StateIs(state):
                return bool(issue["status"] == state)
            case AssignedTo(people):
                mine = {"me", self.tenant.email} if issue["assigned_to"] else {"none"}
                return bool(mine & set(people))
            case HandledIs(handled):
                return bool(tags.get("handled") == ("yes" if handled else "no"))
            case InLatestRelease():
                return bool(tags.get("release") == self.latest[event["project_id"]])
            case Has("error.handled"):
                return "handled" in tags
            case Has("assigned"):
                return issue["assigned_to"] is not None
            case Has(key) if key in lists:
                return any(value is not None for value in lists[key])
            case Has(key):
                return bool(texts.get(key, "always"))
            case HasTag(tag):
                return tag in tags
        raise AssertionError(node)


def _matches(pattern: Pattern, value: str | None, *, phrase: bool = False) -> bool:
    if value is None:
        return False
    if pattern.is_exact and not phrase:
        return value == pattern.parts[0]
    value, position = value.lower(), 0
    first, *rest = [part.lower() for part in pattern.parts]
    if not phrase and not value.startswith(first):
        return False
    last = rest.pop() if rest and not phrase else ""
    for part in [first, *rest] if phrase else rest:
        position = max(position, len(first) if not phrase else 0)
        at = value.find(part, position)
        if at < 0:
            return False
        position = at + len(part)
    position = max(position, len(first) if not phrase else 0)
    return len(value) - len(last) >= position and value.endswith(last)


def _compares(value: Any, comparison: str, other: Any) -> bool:
    outcomes: dict[str, bool] = {
        "=": value == other, "<": value < other, "<=": value <= other,
        ">": value > other, ">=": value >= other,
    }  # fmt: skip
    return outcomes[comparison]


@pytest.fixture(scope="module")
def world(
    postgres: Any, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    from conftest import _database

    folder: Path = tmp_path_factory.mktemp("world")
    with _database(postgres, template=template) as url, serve(url, folder) as client:
        yield World(client, url)


_parts = st.sampled_from(
    [*WORDS, *RELEASES, "a", "", "s", ".", "@example.com", "Oops", "python", "till"]
)
_patterns = st.lists(_parts, min_size=1, max_size=3).map(lambda parts: Pattern(tuple(parts)))
_several = st.lists(_patterns, min_size=1, max_size=2).map(tuple)
_comparisons = st.sampled_from(["=", "<", "<=", ">", ">="])
_TEXT_KEYS = ["title", "culprit", "platform", "message", "level", "user.id", "user.email", "user.username", "geo.city", "project", "sdk.name", "sdk.version",
              "error.type", "error.value", "stack.filename", "stack.function", "stack.module"]  # fmt: skip
_leaves = st.one_of(
    st.builds(FreeText, _patterns),
    st.builds(TextIs, st.sampled_from(_TEXT_KEYS), _several),
    st.builds(TagIs, st.sampled_from(["word", "release", "environment", "level", "nothing"]), _several),
    st.builds(NumberIs, st.just("times_seen"), _comparisons, st.integers(0, 12).map(float)),
    st.builds(
        TimeIs,
        st.sampled_from(["first_seen", "last_seen", "timestamp"]),
        _comparisons,
        st.integers(-5, EVENTS + 5).map(lambda seconds: BEGIN + timedelta(seconds=seconds)),
    ),
    st.builds(
        StateIs,
        st.sampled_from(
            ["unresolved", "resolved", "archived", "assigned", "unassigned", "new", "regressed"]
        ),
    ),
    st.sampled_from([("me",), ("none",), ("ada@example.com",), ("bob@example.com", "none")]).map(AssignedTo),
    st.builds(HandledIs, st.booleans()),
    st.builds(InLatestRelease),
    st.builds(Has, st.sampled_from([*_TEXT_KEYS, "assigned", "error.handled", "timestamp"])),
    st.builds(HasTag, st.sampled_from(["word", "release", "user", "nothing"])),
)  # fmt: skip
_trees = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


_ALPHA_PATTERNS = (Pattern(("alpha",)),)
_ALPHA = FreeText(_ALPHA_PATTERNS[0])


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(node=_trees)
# Which PostgreSQL answered with the titles of the first project for the others, too, while the subquery of
# titles named the project.
@example(node=Or((_ALPHA, And((_ALPHA, TextIs("title", _ALPHA_PATTERNS))))))
def test_the_database_finds_the_events_that_a_plain_filter_finds(world: World, node: Node) -> None:
    expected = {event["id"] for event in world.events if world.fits(node, event, of_issues=False)}
    assert world.found_events(node) == expected


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(node=_trees)
def test_an_issue_is_found_when_one_of_its_events_fits_together_with_it(
    world: World, node: Node
) -> None:
    expected = {
        event["issue_id"] for event in world.events if world.fits(node, event, of_issues=True)
    }
    assert world.found_issues(node) == expected


def test_ids_are_found(world: World) -> None:
    event = world.events[0]
    wanted = uuid.UUID(event["id"])
    assert world.found_events(IdIs("id", (wanted, uuid.uuid4()))) == {event["id"]}
    assert world.found_issues(IdIs("id", (wanted,))) == {event["issue_id"]}
    assert world.found_issues(IdIs("issue", (uuid.UUID(event["issue_id"]),))) == {event["issue_id"]}


def test_a_search_over_several_projects_finds_those_of_all_and_of_no_other(world: World) -> None:
    async def run() -> int:
        async with reading(world.client.resources.engine) as conn:
            one = [
                issue
                for issue in world.issues.values()
                if issue["project_id"] == str(world.tenant.project.id)
            ]
            for projects, expected in (
                ([], 0),
                (world.projects[:1], len(one)),
                (world.projects, len(world.issues)),
            ):
                page = await search_issues(
                    conn, projects, And(()), WINDOW, viewer=world.tenant.user_id,
                    sort="last_seen", limit=MAX_PAGE, cursor=None,
                )  # fmt: skip
                assert len(page.items) == expected
            return len(
                await find_issue_ids(
                    conn, [], And(()), WINDOW, viewer=world.tenant.user_id, limit=1
                )
            )

    assert world.client.call(run) == 0


def test_an_event_outside_the_window_answers_for_no_issue(world: World) -> None:
    early = Window(BEGIN - timedelta(days=2), BEGIN - timedelta(days=1))

    async def run() -> list[uuid.UUID]:
        async with reading(world.client.resources.engine) as conn:
            return await find_issue_ids(
                conn, [world.tenant.project], HasTag("level"), early,
                viewer=UserId(world.tenant.user_id), limit=MAX_PAGE,
            )  # fmt: skip

    assert world.client.call(run) == []


def test_the_events_of_a_window_are_counted_in_its_parts(database_url: str, tmp_path: Path) -> None:
    with serve(database_url, tmp_path) as client:
        _check_parts(client, database_url)


def _check_parts(client: Client, database_url: str) -> None:
    ada = client.make_tenant("ada")
    failure = {"exception": {"values": [{"type": "Oops", "value": "x"}]}}
    for hours, events in ((0, 1), (1, 2), (5, 3), (7, 4)):
        begin = BEGIN + timedelta(hours=hours, minutes=10)
        store_events(database_url, ada.project, *[failure] * events, begin=begin)
    window = Window(BEGIN + timedelta(minutes=30), BEGIN + timedelta(hours=6, minutes=30))

    async def run() -> Any:
        async with reading(client.resources.engine) as conn:
            every = Window(BEGIN, BEGIN + timedelta(days=1))
            [issue_id] = await find_issue_ids(
                conn, [ada.project], And(()), every, viewer=ada.user_id, limit=2
            )
            found = await counts_of_issues(conn, [issue_id, uuid.UUID(int=0)], window, buckets=3)
            return found[issue_id], found[uuid.UUID(int=0)]

    counted, nothing = client.call(run)
    assert (counted.events, counted.buckets) == (6, [3, 0, 3])
    assert (nothing.events, nothing.buckets) == (0, [0, 0, 0])


def test_nothing_that_was_typed_becomes_sql(world: World) -> None:
    hostile = "'; DROP TABLE issues; --"
    fill: Callable[[str], str] = lambda key: f'{key}:"{hostile}"'  # noqa: E731
    for query in ("title", "tag", "user.email", "error.type", "stack.module"):
        assert world.found_events(parse_query(fill(query), datetime.now(UTC))) == set()
    assert world.found_issues(And(())) == set(world.issues)
