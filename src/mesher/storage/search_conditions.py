"""
From the tree of a query to a condition on an event ``e`` and its issue ``i``, both of a project ``p``.

Nothing that a user typed becomes part of the SQL: each value is a parameter. A condition is true or
false and never NULL, so that its negation is the other: by ``IS TRUE`` and not by ``coalesce``, which
PostgreSQL takes to hold for half of the rows, and then looks for what is rare issue by issue.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from mesher.ids import UserId
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
from mesher.types import Project

Target = Literal["issues", "events"]

_TEXTS: Mapping[str, str] = {
    "title": "i.title",
    "culprit": "i.culprit",
    "platform": "i.platform",
    "project": "(SELECT coalesce(o.slug, CAST(o.id AS text)) FROM projects AS o WHERE o.id = p.id)",
    "message": "e.message",
    "user.id": "e.user_context ->> 'id'",
    "user.email": "e.user_context ->> 'email'",
    "user.username": "e.user_context ->> 'username'",
    "user.ip": "e.user_context ->> 'ip_address'",
    "geo.country_code": "e.user_context #>> '{geo,country_code}'",
    "geo.region": "e.user_context #>> '{geo,region}'",
    "geo.city": "e.user_context #>> '{geo,city}'",
    "sdk.name": "e.sdk_name",
    "sdk.version": "e.sdk_version",
}
# Attributes of the elements of a JSON list.
_LISTED: Mapping[str, tuple[str, str]] = {
    "error.type": ("e.exception", "type"),
    "error.value": ("e.exception", "value"),
    "stack.filename": ("e.stacktrace", "filename"),
    "stack.function": ("e.stacktrace", "function"),
    "stack.module": ("e.stacktrace", "module"),
}
# Found by a part of the text.
_PHRASES = frozenset({"title", "culprit", "message", "error.value"})
_NUMBERS: Mapping[str, str] = {"times_seen": "i.event_count"}
_TIMES: Mapping[str, str] = {
    "first_seen": "i.first_seen",
    "last_seen": "i.last_seen",
    "timestamp": "e.received_at",
}
_IDS: Mapping[str, str] = {"issue": "i.id", "id": "e.id"}
# What every event and issue has.
_ALWAYS = frozenset({"is", "level", "platform", "project", *_NUMBERS, *_TIMES, *_IDS})


class Conditions:
    """
    Makes conditions, and gathers the values of their parameters.

    Args:
        target: whose title and level are meant: of a list of issues the issue's, of events their own.
        projects: in which one looks.
        viewer: who ``me`` is.
        latest: the newest release of each project, where the query asks for it.
    """

    def __init__(
        self,
        target: Target,
        projects: Sequence[Project],
        *,
        viewer: UserId,
        latest: Mapping[uuid.UUID, str],
    ) -> None:
        self.values: dict[str, Any] = {}
        self._projects = projects
        self._project_ids = [project.id for project in projects]
        self._target = target
        self._is_of_events = target == "events"
        self._viewer = viewer
        self._latest = latest

    def condition(self, node: Node) -> str:
        """The condition of a tree."""
        match node:
            case And(nodes):
                return _joined(" AND ", map(self.condition, nodes), "true")
            case Or(nodes):
                return _joined(" OR ", map(self.condition, nodes), "false")
            case Not(inner):
                return f"NOT {self.condition(inner)}"
        return f"({_LEAVES[type(node)](self, node)})"

    def asks_about_events(self, node: Node) -> bool:
        """Whether a tree cannot be answered from the issue alone."""
        return self._mentions("e.", node)

    def asks_about_issues(self, node: Node) -> bool:
        """Whether a tree cannot be answered from the event alone."""
        return self._mentions("i.", node)

    def _mentions(self, row: str, node: Node) -> bool:
        scratch = Conditions(self._target, self._projects, viewer=self._viewer, latest=self._latest)
        return row in scratch.condition(node)

    def parameter(self, value: Any, kind: str = "") -> str:
        """A new parameter with this value; ``kind`` is its type, where PostgreSQL cannot tell."""
        name = f"q{len(self.values)}"
        self.values[name] = value
        return f"CAST(:{name} AS {kind})" if kind else f":{name}"

    def matches(self, column: str, patterns: Sequence[Pattern], *, phrase: bool = False) -> str:
        """Whether a text fits one of the patterns; a text that is NULL does not."""
        fits = (self._match(column, pattern, phrase=phrase) for pattern in patterns)
        return f"{_joined(' OR ', fits, 'false')} IS TRUE"

    def _match(self, column: str, pattern: Pattern, *, phrase: bool) -> str:
        if pattern.is_exact and not phrase:
            return f"{column} = {self.parameter(pattern.parts[0])}"
        like = "%".join(_escaped(part) for part in pattern.parts)
        return f"{column} ILIKE {self.parameter(f'%{like}%' if phrase else like)}"

    def free_text(self, leaf: FreeText) -> str:
        columns = ("e.message", "t.title") if self._is_of_events else ("i.title", "i.culprit")
        fits = [self.matches(column, [leaf.pattern], phrase=True) for column in columns]
        if self._is_of_events:
            # Titles are read once each, and not for each event. Of all projects at once: PostgreSQL hashes
            # what it found for the first, and where the planner copied the condition, goes on with that.
            fits[1] = f"""e.issue_id IN (
                SELECT t.id FROM issues AS t
                WHERE t.project_id = ANY({self.parameter(self._project_ids)}) AND {fits[1]}
            )"""
        return _joined(" OR ", fits, "false")

    def text(self, leaf: TextIs) -> str:
        phrase = leaf.key in _PHRASES
        if leaf.key == "level":
            return self.matches("e.level" if self._is_of_events else "i.level", leaf.patterns)
        if leaf.key in _TEXTS:
            return self.matches(_TEXTS[leaf.key], leaf.patterns, phrase=phrase)
        column, attribute = _LISTED[leaf.key]
        return _joined(
            " OR ",
            (self._listed(column, attribute, one, phrase=phrase) for one in leaf.patterns),
            "false",
        )

    def _listed(self, column: str, attribute: str, pattern: Pattern, *, phrase: bool) -> str:
        if pattern.is_exact and not phrase:
            wanted = msgspec.json.encode([{attribute: pattern.parts[0]}]).decode()
            return f"({column} @> {self.parameter(wanted, 'jsonb')}) IS TRUE"
        return _one_of_list(
            column, self._match(f"element ->> '{attribute}'", pattern, phrase=phrase)
        )

    def tag(self, leaf: TagIs) -> str:
        return _joined(" OR ", (self._tag(leaf.tag, one) for one in leaf.patterns), "false")

    def _tag(self, tag: str, pattern: Pattern) -> str:
        if pattern.is_exact:  # by idx_events_tags
            wanted = msgspec.json.encode({tag: pattern.parts[0]}).decode()
            return f"e.tags @> {self.parameter(wanted, 'jsonb')}"
        return self.matches(f"e.tags ->> {self.parameter(tag, 'text')}", [pattern])

    def number(self, leaf: NumberIs) -> str:
        return f"{_NUMBERS[leaf.key]} {leaf.comparison} {self.parameter(leaf.number)}"

    def time(self, leaf: TimeIs) -> str:
        return f"{_TIMES[leaf.key]} {leaf.comparison} {self.parameter(leaf.moment)}"

    def id(self, leaf: IdIs) -> str:
        ids: list[uuid.UUID] = list(leaf.ids)
        return f"{_IDS[leaf.key]} = ANY({self.parameter(ids)})"

    def state(self, leaf: StateIs) -> str:
        match leaf.state:
            case "assigned":
                return "i.assigned_to IS NOT NULL"
            case "unassigned":
                return "i.assigned_to IS NULL"
            case "new" | "ongoing" | "regressed" | "escalating":
                fits = f"i.substatus = {self.parameter(leaf.state)}"
                return f"(i.status = 'unresolved' AND ({fits}) IS TRUE)"
        return f"i.status = {self.parameter(leaf.state)}"

    def assigned(self, leaf: AssignedTo) -> str:
        return _joined(" OR ", map(self._assigned, leaf.people), "false")

    def _assigned(self, person: str) -> str:
        match person:
            case "none":
                return "i.assigned_to IS NULL"
            case "me":
                return f"(i.assigned_to = {self.parameter(self._viewer)}) IS TRUE"
        # By the unique index on e-mails; an issue is only ever assigned to a member.
        found = f"(SELECT u.id FROM users AS u WHERE u.email = {self.parameter(person)})"
        return f"(i.assigned_to = {found}) IS TRUE"

    def handled(self, leaf: HandledIs) -> str:
        return self._tag("handled", Pattern(("yes" if leaf.handled else "no",)))

    def latest_release(self, _: InLatestRelease) -> str:
        of_projects = (
            f"(p.id = {self.parameter(project_id)} AND {self._tag('release', Pattern((version,)))})"
            for project_id, version in self._latest.items()
        )
        return _joined(" OR ", of_projects, "false")

    def has(self, leaf: Has) -> str:
        if leaf.key in _ALWAYS:
            return "true"
        if leaf.key == "assigned":
            return "i.assigned_to IS NOT NULL"
        if leaf.key in {"error.handled", "error.unhandled"}:
            return self.has_tag(HasTag("handled"))
        if leaf.key in _LISTED:
            column, attribute = _LISTED[leaf.key]
            return _one_of_list(column, f"element ->> '{attribute}' IS NOT NULL")
        return f"({_TEXTS[leaf.key]} <> '') IS TRUE"

    def has_tag(self, leaf: HasTag) -> str:
        # The operator ``?`` by its function: the driver takes question marks for its own.
        return f"jsonb_exists(e.tags, {self.parameter(leaf.tag, 'text')})"


_LEAVES: Mapping[type[Any], Callable[[Conditions, Any], str]] = {
    FreeText: Conditions.free_text,
    TextIs: Conditions.text,
    TagIs: Conditions.tag,
    NumberIs: Conditions.number,
    TimeIs: Conditions.time,
    IdIs: Conditions.id,
    StateIs: Conditions.state,
    AssignedTo: Conditions.assigned,
    HandledIs: Conditions.handled,
    InLatestRelease: Conditions.latest_release,
    Has: Conditions.has,
    HasTag: Conditions.has_tag,
}


def texts_under(key: str) -> str:
    """A table with one column ``text``: what an event ``e`` with its issue ``i`` has under a key of texts."""
    if key in _TEXTS:
        return f"(SELECT {_TEXTS[key]} AS text)"
    column, attribute = _LISTED[key]
    return f"""(
        SELECT DISTINCT element ->> '{attribute}' AS text
        FROM jsonb_array_elements({column}) AS element
    )"""


def _joined(operator: str, conditions: Any, of_none: str) -> str:
    found = list(conditions)
    return f"({operator.join(found)})" if found else of_none


def _one_of_list(column: str, fits: str) -> str:
    # As a number: an EXISTS, too, is taken to hold for half of the rows, this for one of two hundred.
    found = f"EXISTS (SELECT FROM jsonb_array_elements({column}) AS element WHERE {fits})"
    return f"CAST({found} AS integer) = 1"


def _escaped(literal: str) -> str:
    return literal.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
