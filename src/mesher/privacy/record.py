"""
The record of an action: who, when, what, how much; and whom it was about, as a hash alone.

argon2id with a salt for each record: whoever knows a person can find what was done about them, and
whoever reads the table learns nobody's address; trying all that there are takes 50 ms each.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import argon2
from argon2.exceptions import VerificationError
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.persons import Person
from mesher.storage.privacy_actions import (
    PrivacyAction,
    PrivacyVerb,
    Touched,
    begin_action,
    list_actions,
    note_touched,
)

# As for passwords.
_hasher = argon2.PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)


class Recorded(NamedTuple):
    """An action that is written down while it goes on."""

    touched: Touched
    conn: Connection[TupleRow]
    action_id: uuid.UUID

    def save(self) -> None:
        """Write down how far it has come; in the transaction of what was done."""
        note_touched(self.conn, self.action_id, self.touched)


@contextmanager
def recorded(
    conn: Connection[TupleRow],
    project_id: uuid.UUID,
    action: PrivacyVerb,
    *,
    actor: str,
    person: Person | None = None,
) -> Iterator[Recorded]:
    """
    Record an action: that it began before anything is done, and at the end that it ended.

    One that fails, or whose process dies, stays without an end in the record.
    """
    subject = (person.kind, _hasher.hash(_text(person))) if person else None
    action_id = begin_action(conn, project_id, action, actor=actor, subject=subject)
    touched = Touched()
    yield Recorded(touched, conn, action_id)
    note_touched(conn, action_id, touched, finished=True)


def list_recorded(
    conn: Connection[TupleRow], project_id: uuid.UUID, person: Person | None = None
) -> list[PrivacyAction]:
    """What was done in a project, the latest first; with a person, what was about this one."""
    actions = list_actions(conn, project_id)
    return actions if person is None else [one for one in actions if _is_about(one, person)]


def _is_about(action: PrivacyAction, person: Person) -> bool:
    if action.subject_hash is None or action.subject_kind != person.kind:
        return False
    try:
        return _hasher.verify(action.subject_hash, _text(person))
    except VerificationError:
        return False


def _text(person: Person) -> str:
    # With the project, so that the records of two tell nothing of each other.
    return f"{person.project_id} {person.kind} {person.value}"
