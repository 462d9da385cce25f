"""The record of what was done with what is stored of people; rows are added and never removed."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row

PrivacyVerb = Literal["find", "export", "erase", "scrub"]
# An answer's length: years of requests.
MAX_LISTED = 1000


class PrivacyAction(msgspec.Struct, frozen=True, kw_only=True):
    """One action. Whom it was about can be verified by who knows the person, and not be read."""

    id: uuid.UUID
    project_id: uuid.UUID
    action: PrivacyVerb
    actor: str
    subject_kind: str | None
    subject_hash: str | None
    events: int
    feedback: int
    attachments: int
    issues: int
    began_at: datetime
    finished_at: datetime | None  # None: it runs, or was ended half-way


class Touched(msgspec.Struct, kw_only=True):
    """How many rows an action has touched so far."""

    events: int = 0
    feedback: int = 0
    attachments: int = 0
    issues: int = 0


def begin_action(
    conn: Connection[TupleRow],
    project_id: uuid.UUID,
    action: PrivacyVerb,
    *,
    actor: str,
    subject: tuple[str, str] | None,
) -> uuid.UUID:
    """Write down that an action begins, before anything is done; ``subject`` is kind and hash."""
    kind, hashed = subject or (None, None)
    row = conn.execute(
        """
        INSERT INTO privacy_actions (project_id, action, actor, subject_kind, subject_hash)
        VALUES (%s, %s, %s, %s, %s) RETURNING id
        """,
        (project_id, action, actor, kind, hashed),
    ).fetchall()
    action_id: uuid.UUID = row[0][0]
    return action_id


def note_touched(
    conn: Connection[TupleRow], action_id: uuid.UUID, touched: Touched, *, finished: bool = False
) -> None:
    """Write down how far an action has come."""
    conn.execute(
        """
        UPDATE privacy_actions
        SET events = %(events)s, feedback = %(feedback)s, attachments = %(attachments)s,
            issues = %(issues)s, finished_at = CASE WHEN %(finished)s THEN now() END
        WHERE id = %(id)s
        """,
        {**msgspec.structs.asdict(touched), "finished": finished, "id": action_id},
    )


def list_actions(conn: Connection[TupleRow], project_id: uuid.UUID) -> list[PrivacyAction]:
    """What was done in a project, the latest first, by idx_privacy_actions_project."""
    with conn.cursor(row_factory=class_row(PrivacyAction)) as cursor:
        return cursor.execute(
            f"""
            SELECT {", ".join(PrivacyAction.__struct_fields__)} FROM privacy_actions
            WHERE project_id = %s ORDER BY began_at DESC, id LIMIT %s
            """,
            (project_id, MAX_LISTED),
        ).fetchall()
