"""
What can be asked for: the names that users know from Sentry, and what kind of value each takes.

A name that is not here is that of a tag.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

# text: to the letter; phrase: a part of it; the others say what they are.
Kind = Literal[
    "text",
    "phrase",
    "number",
    "time",
    "id",
    "state",
    "person",
    "handled",
    "level",
    "release",
    "has",
]


class Key(msgspec.Struct, frozen=True):
    """One name, for people and for completion."""

    name: str
    kind: Kind
    about: str  # what it is, in a few words


KEYS: tuple[Key, ...] = (
    Key(
        "is",
        "state",
        "unresolved, resolved, archived, discarded; assigned, unassigned; new, regressed, ...",
    ),
    Key("assigned", "person", "me, none, or the e-mail of who it is assigned to"),
    Key("first_seen", "time", "when the issue was seen first"),
    Key("last_seen", "time", "when the issue was seen last"),
    Key("times_seen", "number", "how many events the issue has"),
    Key("project", "text", "the project, as its URL names it"),
    Key("issue", "id", "the id of the issue"),
    Key("title", "phrase", "a part of the issue's title"),
    Key("culprit", "phrase", "a part of where it happens"),
    Key("platform", "text", "what the program is written in"),
    Key("level", "level", "fatal, error, warning, info or debug"),
    Key("id", "id", "the id of an event"),
    Key("timestamp", "time", "when the event was received"),
    Key("message", "phrase", "a part of the event's message"),
    Key("release", "release", "the event's release, or latest"),
    Key("error.type", "text", "the type of one of the exceptions"),
    Key("error.value", "phrase", "a part of what one of the exceptions says"),
    Key("error.handled", "handled", "true where the program caught it itself"),
    Key("error.unhandled", "handled", "true where it did not"),
    Key("stack.filename", "text", "the file of a stack frame"),
    Key("stack.function", "text", "the function of a stack frame"),
    Key("stack.module", "text", "the module of a stack frame"),
    Key("user.id", "text", "the id of the user"),
    Key("user.email", "text", "the e-mail of the user"),
    Key("user.username", "text", "the name of the user"),
    Key("user.ip", "text", "the address of the user"),
    Key("geo.country_code", "text", "the country of the user, where the event tells"),
    Key("geo.region", "text", "the name of the country"),
    Key("geo.city", "text", "the city of the user"),
    Key("sdk.name", "text", "the SDK that sent the event"),
    Key("sdk.version", "text", "its version"),
    Key("has", "has", "a key or tag that has any value"),
)

BY_NAME: Mapping[str, Key] = {key.name: key for key in KEYS}

# Other names of the same; on the right a key of ours, or a tag.
ALIASES: Mapping[str, str] = {
    "age": "first_seen",
    "firstseen": "first_seen",
    "lastseen": "last_seen",
    "timesseen": "times_seen",
    "assigned_to": "assigned",
    "assigned_or_suggested": "assigned",
    "status": "is",
    "location": "culprit",
    "project.name": "project",
    "issue.id": "issue",
    "event.timestamp": "timestamp",
    "received": "timestamp",
    "event_id": "id",
    "event.id": "id",
    "platform.name": "platform",
    "user.ip_address": "user.ip",
    "error.mechanism": "mechanism",
    "http.url": "url",
    "stack.file": "stack.filename",
}

# What Sentry has and Mesher has not: better said than found in no event.
ABSENT: Mapping[str, str] = {
    "bookmarks": "there are no bookmarks",
    "issue.priority": "issues have no priority",
    "issue.seer_actionability": "there is no such rating",
    "issue.category": "all issues are of errors",
    "issue.type": "all issues are of errors",
    "detector": "there are no detectors",
    "release.version": "use release with a wildcard, as in release:app@1.2.*",
    "release.package": "use release with a wildcard, as in release:app@*",
    "release.build": "use release with a wildcard, as in release:*+42",
    "release.stage": "use environment",
    "event.type": "all events are of errors",
    "error.main_thread": "which thread it was is not searched",
    "project.id": "use project, with its name in the URL",
    "stack.lineno": "use stack.filename and stack.function",
    "stack.colno": "use stack.filename and stack.function",
    "stack.in_app": "use stack.filename or stack.module",
    "stack.resource": "use stack.filename",
    "stack.stack_level": "use stack.filename and stack.function",
    "stack.abs_path": "use stack.filename",
    "stack.package": "use stack.module",
    "first_release": "use release and first_seen",
    "firstrelease": "use release and first_seen",
    "timestamp.to_hour": "use timestamp",
    "timestamp.to_day": "use timestamp",
}

# States that Sentry calls otherwise.
STATE_ALIASES: Mapping[str, str] = {"ignored": "archived", "muted": "archived"}
