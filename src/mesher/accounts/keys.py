"""
Making, renaming, rotating and revoking the keys with which a project takes events.

A revoked key stays listed. Every web process reads the keys each second, so one that is revoked takes
nothing more within that time. The record names keys by their label: who reads it need not send events.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Final

from mesher.errors import Conflict, NotFound
from mesher.protocol.auth import KEY_LENGTH, KEY_PREFIX
from mesher.storage import api_keys
from mesher.storage.audit_log import Author, Target, differences, record_project_change
from mesher.storage.database import WriteConnection
from mesher.types import ApiKey, Project

# Of one project that are valid at a time: one for each place that sends, with some to spare.
MAX_VALID_KEYS: Final = 100


async def create_key(
    conn: WriteConnection, author: Author, project: Project, *, label: str
) -> ApiKey:
    """
    Give an (accessible) project a further key; the caller commits.

    Raises:
        Conflict: it has as many valid ones as it may.
    """
    if await api_keys.count_valid_keys(conn, project) >= MAX_VALID_KEYS:
        raise Conflict(
            f"the project has {MAX_VALID_KEYS} valid keys already", hint="revoke some of them"
        )
    key_value = KEY_PREFIX + secrets.token_hex(KEY_LENGTH // 2)
    key = await api_keys.insert_key(conn, project, key_value=key_value, label=label)
    await record_project_change(conn, author, project, "key.created", _target(key))
    return key


async def rename_key(
    conn: WriteConnection, author: Author, project: Project, key_id: uuid.UUID, *, label: str
) -> ApiKey:
    """
    Give a key another label.

    Raises:
        NotFound: the project has no such key.
    """
    before = await _locked(conn, project, key_id)
    after = await api_keys.update_key(conn, before, label=label, revoked_at=before.revoked_at)
    details = differences({"label": before.label}, {"label": label})
    if details:
        await record_project_change(conn, author, project, "key.renamed", _target(after), **details)
    return after


async def rotate_key(
    conn: WriteConnection,
    author: Author,
    project: Project,
    key_id: uuid.UUID,
    *,
    revoke_after: timedelta,
    now: datetime,
) -> ApiKey:
    """
    Make a key in the place of another, which is revoked at a later time.

    Args:
        conn: the caller commits.
        author: for the record.
        project: whose (accessible).
        key_id: of the old key.
        revoke_after: how long both are valid; 0: the old one is revoked now.
        now: the server's clock.

    Raises:
        NotFound: the project has no such key.
        Conflict: the key is revoked, or the project has as many as it may.
    """
    old = await _locked(conn, project, key_id)
    _require_valid(old, now)
    new = await create_key(conn, author, project, label=old.label)
    end = now + revoke_after
    if old.revoked_at is not None:  # an earlier end stays
        end = min(end, old.revoked_at)
    await api_keys.update_key(conn, old, label=old.label, revoked_at=end)
    await record_project_change(
        conn,
        author,
        project,
        "key.rotated",
        _target(old),
        revoked_at=end.isoformat(),
        new_key=str(new.id),
    )
    return new


async def revoke_key(
    conn: WriteConnection, author: Author, project: Project, key_id: uuid.UUID, *, now: datetime
) -> ApiKey:
    """
    Let a key take events no more.

    Raises:
        NotFound: the project has no such key.
        Conflict: it is revoked already.
    """
    key = await _locked(conn, project, key_id)
    _require_valid(key, now)
    revoked = await api_keys.update_key(conn, key, label=key.label, revoked_at=now)
    await record_project_change(conn, author, project, "key.revoked", _target(revoked))
    return revoked


async def _locked(conn: WriteConnection, project: Project, key_id: uuid.UUID) -> ApiKey:
    key = await api_keys.lock_key(conn, project, key_id)
    if key is None:
        raise NotFound("there is no such key")
    return key


def _require_valid(key: ApiKey, now: datetime) -> None:
    if key.revoked_at is not None and key.revoked_at <= now:
        raise Conflict("the key is revoked already", hint="make a new one")


def _target(key: ApiKey) -> Target:
    return Target(kind="key", id=str(key.id), name=key.label)
