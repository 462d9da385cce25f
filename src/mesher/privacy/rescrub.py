"""
Scrubbing of what is stored already, by the rules that a project has now: for a key that was forgotten,
or a pattern that Mesher did not know when the event came.

Issues keep their fingerprints, since a fingerprint says nothing that can be read. Events that come
later with the same text are grouped by what is left of it, and may make a new issue.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import zstandard
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.ingest.rows import made_columns
from mesher.ingest.scrubbed import note_findings
from mesher.privacy.record import recorded
from mesher.protocol.event import Event
from mesher.protocol.parse import parse_event
from mesher.protocol.user import user_tag
from mesher.scrubbing.payload import Finding, scrub_payload
from mesher.scrubbing.rules import Rules, rules_of
from mesher.scrubbing.text import scrub_text
from mesher.storage import rewriting
from mesher.storage.kept_settings import list_changed_settings
from mesher.storage.rewriting import EventTexts, FeedbackTexts, IssueTexts
from mesher.values.ingest_settings import IngestSettings

_decode = msgspec.json.Decoder(Event).decode
_JSON_COLUMNS = ("exception", "stacktrace", "breadcrumbs", "tags", "extra", "user_context")


class Progress(NamedTuple):
    """How far it has come."""

    events: int  # that were looked at
    changed_events: int
    changed_issues: int
    changed_feedback: int


def count_events(conn: Connection[TupleRow], project_id: uuid.UUID, since: datetime) -> int:
    """How many events ``scrub_stored`` will look at."""
    return rewriting.count_events(conn, project_id, since)


def scrub_stored(
    conn: Connection[TupleRow],
    project_id: uuid.UUID,
    *,
    since: datetime,
    actor: str,
    dry_run: bool = False,
) -> Iterator[Progress]:
    """
    Scrub a project's events, its issues, and its feedback; whoever iterates may stop after any step.

    Args:
        conn: in autocommit mode.
        project_id: whose.
        since: only what was received since; issues are looked at whatever their age.
        actor: for the record.
        dry_run: only count what would change; nothing is written, no record either.

    Yields:
        After each batch.
    """
    settings = list_changed_settings(conn).get(project_id, IngestSettings())
    rules = rules_of(settings)
    if rules is None:
        return
    if dry_run:
        yield from _scrub_all(conn, project_id, since, rules, dry_run=True)
        return
    with recorded(conn, project_id, "scrub", actor=actor) as record:
        for progress in _scrub_all(conn, project_id, since, rules, dry_run=False):
            record.touched.events = progress.changed_events
            record.touched.issues = progress.changed_issues
            record.touched.feedback = progress.changed_feedback
            record.save()
            yield progress


def _scrub_all(
    conn: Connection[TupleRow],
    project_id: uuid.UUID,
    since: datetime,
    rules: Rules,
    *,
    dry_run: bool,
) -> Iterator[Progress]:
    with conn.transaction():
        issues = list(_changed_issues(rewriting.list_issue_texts(conn, project_id), rules))
        feedback = list(
            _changed_feedback(rewriting.list_feedback_texts(conn, project_id, since), rules)
        )
        for issue in issues if not dry_run else ():
            rewriting.write_issue(conn, issue)
        for given in feedback if not dry_run else ():
            rewriting.write_feedback(conn, given)
    looked_at = changed = 0
    after: tuple[datetime, uuid.UUID] | None = None
    while events := rewriting.next_events(conn, project_id, since, after):
        after = (events[-1].received_at, events[-1].id)
        new = [texts for event in events if (texts := _scrubbed_texts(event, rules))]
        if new and not dry_run:
            with conn.transaction():
                rewriting.write_events(conn, new)
        looked_at += len(events)
        changed += len(new)
        yield Progress(looked_at, changed, len(issues), len(feedback))
    yield Progress(looked_at, changed, len(issues), len(feedback))


def _scrubbed_texts(event: EventTexts, rules: Rules) -> dict[str, Any] | None:
    """The new texts of an event; ``None`` where they are the old ones."""
    if event.payload is None:
        return _scrubbed_columns(event, rules)
    payload, findings = scrub_payload(zstandard.decompress(event.payload), rules)
    if not findings:
        return None
    full = _full_event(payload, event)
    _correct_user_tag(full)
    note_findings(full, findings, rules)
    title = scrub_text(event.message, rules, _forget)
    columns = made_columns(full, title=title)._asdict()
    texts = {
        name: value.decode() if isinstance(value, bytes) and name != "payload" else value
        for name, value in columns.items()
    }
    return {"id": event.id, "received_at": event.received_at, **texts}


def _scrubbed_columns(event: EventTexts, rules: Rules) -> dict[str, Any] | None:
    """Of an event that has no payload, the columns are all there is."""
    findings: Counter[Finding] = Counter()
    texts = event._asdict()
    for name in _JSON_COLUMNS:
        if texts[name] is not None:
            scrubbed = scrub_payload(texts[name].encode(), rules)
            texts[name] = scrubbed.payload.decode()
            findings += scrubbed.findings
    texts["message"] = scrub_text(event.message, rules, _forget)
    return texts if findings or texts["message"] != event.message else None


def _full_event(payload: bytes, event: EventTexts) -> Event:
    try:
        return _decode(payload)
    except (
        msgspec.ValidationError
    ):  # what stands for a secret is no longer than a limit, but a list may be
        full, _ = parse_event(
            payload, event_id=event.id.hex, default_timestamp=event.received_at.timestamp()
        )
        return full


def _correct_user_tag(event: Event) -> None:
    """Where the user is known by an address alone, the tag repeats it."""
    if event.tags.get("user", "").startswith("ip:"):
        tag = user_tag(event.user)
        if tag is None:
            del event.tags["user"]
        else:
            event.tags["user"] = tag


def _changed_issues(issues: Iterable[IssueTexts], rules: Rules) -> Iterator[IssueTexts]:
    for issue in issues:
        grouping = issue.grouping
        if grouping is not None:
            grouping = scrub_payload(grouping.encode(), rules).payload.decode()
        new = IssueTexts(
            issue.id,
            scrub_text(issue.title, rules, _forget),
            scrub_text(issue.culprit, rules, _forget),
            grouping,
        )
        if new != issue:
            yield new


def _changed_feedback(feedback: Iterable[FeedbackTexts], rules: Rules) -> Iterator[FeedbackTexts]:
    for given in feedback:
        new = FeedbackTexts(
            given.id,
            scrub_text(given.name, rules, _forget),
            scrub_text(given.comments, rules, _forget),
            scrub_text(given.url, rules, _forget),
        )
        if new != given:
            yield new


def _forget(_key: str, _what: str) -> None:
    """What was found is of no interest."""
