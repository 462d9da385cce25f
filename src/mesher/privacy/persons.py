"""One person's data in a project: found, exported, erased."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import zstandard
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.errors import ProtocolError
from mesher.privacy.record import recorded
from mesher.protocol.user import parse_address
from mesher.storage import persons
from mesher.storage.persons import Person, StoredEvent
from mesher.storage.rewriting import IssueTexts, list_issue_texts, write_issue

# What stands in an issue's title for whom it named.
ERASED = "[erased]"
# Shorter identifiers are parts of too many words and numbers to be looked for in titles.
MIN_SEARCHED_CHARACTERS = 4
# A longer one is cut when an event is normalised, and cannot be found.
MAX_IDENTIFIER_CHARACTERS = 128

_encode = msgspec.json.Encoder().encode


class PersonSummary(msgspec.Struct, kw_only=True):
    """What is stored of a person."""

    events: int = 0
    feedback: int = 0
    attachments: int = 0
    issues: list[uuid.UUID] = []  # that the events belong to
    first_received_at: datetime | None = None
    last_received_at: datetime | None = None


class Erased(msgspec.Struct, kw_only=True):
    """What was removed, and the issues whose title or explanation named the person."""

    events: int
    feedback: int
    attachments: int
    issues: int


def person_of(
    project_id: uuid.UUID,
    *,
    user_id: str | None = None,
    email: str | None = None,
    address: str | None = None,
) -> Person:
    """
    Who is meant, by exactly one of the three.

    Raises:
        ProtocolError: none or several are given, or one that nobody can have.
    """
    given = [text for text in (user_id, email, address) if text is not None]
    if len(given) != 1:
        raise ProtocolError("name the person by one of user_id, email and address")
    [text] = given
    if not 0 < len(text) <= MAX_IDENTIFIER_CHARACTERS or "\0" in text:
        raise ProtocolError(f"an identifier has 1 to {MAX_IDENTIFIER_CHARACTERS} characters")
    if email is not None:
        return Person(project_id, "email", email.strip().lower())
    if address is not None:
        parsed = parse_address(address)
        if parsed is None:
            raise ProtocolError(f"{address!r} is no IP address", field="address")
        return Person(project_id, "address", parsed)
    return Person(project_id, "id", text)


def find_person(conn: Connection[TupleRow], person: Person, *, actor: str) -> PersonSummary:
    """How much is stored of a person, and where."""
    found = PersonSummary()
    issues: dict[uuid.UUID, None] = {}
    feedback: set[uuid.UUID] = {one.id for one in persons.list_feedback_by(conn, person)}
    with recorded(conn, person.project_id, "find", actor=actor, person=person) as record:
        for events in persons.iterate_events(conn, person):
            ids = [event.id for event in events]
            found.events += len(events)
            found.attachments += len(persons.list_files(conn, person.project_id, ids))
            feedback.update(
                one.id for one in persons.list_feedback_about(conn, person.project_id, ids)
            )
            issues.update(dict.fromkeys(event.issue_id for event in events))
            found.first_received_at = found.first_received_at or events[0].received_at
            found.last_received_at = events[-1].received_at
        found.feedback, found.issues = len(feedback), list(issues)
        record.touched.events, record.touched.feedback = found.events, found.feedback
        record.touched.attachments, record.touched.issues = found.attachments, len(issues)
    return found


def export_person(conn: Connection[TupleRow], person: Person, *, actor: str) -> Iterator[bytes]:
    """
    All that is stored of a person, as lines of JSON.

    Each line has a ``kind``: ``event`` with the whole event, ``attachment`` without its bytes, which
    the API has under the event, and ``feedback``.
    """
    seen: set[uuid.UUID] = set()
    with recorded(conn, person.project_id, "export", actor=actor, person=person) as record:
        touched = record.touched
        for events in persons.iterate_events(conn, person):
            ids = [event.id for event in events]
            touched.events += len(events)
            yield b"".join(_event_line(event) for event in events)
            for file in persons.list_files(conn, person.project_id, ids):
                touched.attachments += 1
                yield _line("attachment", file._asdict())
            for one in persons.list_feedback_about(conn, person.project_id, ids):
                seen.add(one.id)
                yield _line("feedback", one._asdict())
        for one in persons.list_feedback_by(conn, person):
            if one.id not in seen:
                seen.add(one.id)
                yield _line("feedback", one._asdict())
        touched.feedback = len(seen)


def erase_person(conn: Connection[TupleRow], person: Person, *, actor: str) -> Erased:
    """
    Remove all that is stored of a person; may be called again where it was ended half-way.

    The counts of issues stay: they say how often something happened.
    """
    with recorded(conn, person.project_id, "erase", actor=actor, person=person) as record:
        touched = record.touched
        for events in persons.iterate_events(conn, person):
            with conn.transaction():
                deleted = persons.delete_events(conn, person.project_id, events)
                touched.events += deleted.events
                touched.feedback += deleted.feedback
                touched.attachments += deleted.attachments
                record.save()
        with conn.transaction():
            touched.feedback += persons.delete_feedback_by(conn, person)
            touched.issues = _erase_from_issues(conn, person)
            record.save()
    return Erased(**msgspec.structs.asdict(touched))


def _erase_from_issues(conn: Connection[TupleRow], person: Person) -> int:
    """Take a person's name out of titles, culprits and explanations of grouping."""
    if len(person.value) < MIN_SEARCHED_CHARACTERS:
        return 0
    named = re.compile(rf"(?<![\w@.-]){re.escape(person.value)}(?![\w@-])", re.IGNORECASE)
    changed = 0
    for issue in list_issue_texts(conn, person.project_id):
        without = IssueTexts(
            issue.id,
            named.sub(ERASED, issue.title),
            named.sub(ERASED, issue.culprit),
            _erase_from_json(named, issue.grouping) if issue.grouping else None,
        )
        if without != issue:
            write_issue(conn, without)
            changed += 1
    return changed


def _erase_from_json(named: re.Pattern[str], text: str) -> str:
    without = _erase_from_value(named, msgspec.json.decode(text))
    return _encode(without).decode() if named.search(text) else text


def _erase_from_value(named: re.Pattern[str], value: Any) -> Any:
    match value:
        case str():
            return named.sub(ERASED, value)
        case dict():
            return {key: _erase_from_value(named, inner) for key, inner in value.items()}
        case list():
            return [_erase_from_value(named, inner) for inner in value]
        case _:
            return value


def _event_line(event: StoredEvent) -> bytes:
    payload = zstandard.decompress(event.payload) if event.payload else b"null"
    return _line(
        "event",
        {
            "id": event.id,
            "issue_id": event.issue_id,
            "received_at": event.received_at,
            "message": event.message,
            "payload": msgspec.Raw(payload),
        },
    )


def _line(kind: str, values: dict[str, Any]) -> bytes:
    return _encode({"kind": kind, **values}) + b"\n"
