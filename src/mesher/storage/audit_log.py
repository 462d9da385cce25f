"""
The record of who changed what: written in the transaction of the change, read by admins.

What is written never holds a secret: not a password, a token, a key or an address of a receiver.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from mesher.ids import OrgId, UserId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.pages import Page, cut_page, decode_cursor
from mesher.types import Project

_INSERT = text("""
    INSERT INTO audit_log
        (org_id, actor_id, actor_name, action, target_kind, target_id, target_name, details)
    VALUES
        (:org_id, :actor_id, :actor_name, :action, :target_kind, :target_id, :target_name,
         CAST(:details AS jsonb))
""")


class Author(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a change."""

    id: UserId | None  # None: whoever runs this Mesher, on its command line
    name: str


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What was changed."""

    kind: str  # project, member, token, ...
    id: str
    name: str  # for people: as it is called at this moment


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One change."""

    id: str
    at: datetime
    actor_id: str | None  # None: whoever runs this Mesher, on its command line
    actor_name: str
    action: str  # kind and past participle, as in ``token.revoked``
    target: Target
    details: Mapping[str, Any]  # what the change was, by the names of the API


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are wanted, by columns of the table; ``None`` = whatever it holds."""

    actor_id: UserId | None = None
    action: str | None = None
    target_kind: str | None = None
    target_id: str | None = None


EVERYTHING = AuditFilter()


async def record_change(
    conn: WriteConnection,
    *,
    org_id: OrgId | None,
    actor_id: UserId | None,
    actor_name: str,
    action: str,
    target: Target,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write down a change, in its own transaction; ``org_id`` is ``None`` for a person's account."""
    await conn.execute(
        _INSERT,
        {
            "org_id": org_id,
            "actor_id": actor_id,
            "actor_name": actor_name,
            "action": action,
            "target_kind": target.kind,
            "target_id": target.id,
            "target_name": target.name,
            "details": msgspec.json.encode(details or {}).decode(),
        },
    )


async def record_change_by(
    conn: WriteConnection,
    author: Author,
    *,
    org_id: OrgId | None,
    action: str,
    target: Target,
    details: Mapping[str, Any] | None = None,
) -> None:
    """The same by somebody who may also be the operator."""
    await record_change(
        conn,
        org_id=org_id,
        actor_id=author.id,
        actor_name=author.name,
        action=action,
        target=target,
        details=details,
    )


async def record_project_change(
    conn: WriteConnection,
    author: Author,
    project: Project,
    action: str,
    target: Target,
    **details: object,
) -> None:
    """The same of a thing that belongs to a project."""
    await record_change_by(
        conn,
        author,
        org_id=OrgId(project.org_id),
        action=action,
        target=target,
        details={"project": str(project.id), **details},
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What a change changed: ``{"name": {"before": "a", "after": "b"}}``, for an entry's details."""
    return {
        name: {"before": before[name], "after": value}
        for name, value in after.items()
        if before[name] != value
    }


async def list_changes(
    conn: ReadConnection,
    org_id: OrgId,
    *,
    limit: int,
    cursor: str | None,
    only: AuditFilter = EVERYTHING,
) -> Page[AuditEntry]:
    """
    What was changed in an organisation, the latest first, by idx_audit_log_org.

    Raises:
        ProtocolError: the cursor is not one of this list.
    """
    values: dict[str, Any] = {"org_id": org_id, "limit": limit + 1}
    after = ""
    if cursor:
        (values["after"],) = decode_cursor(cursor, tuple[int])
        after = "AND id < :after"
    for name, wanted in msgspec.structs.asdict(only).items():
        if wanted is not None:
            after += f" AND {name} = :{name}"
            values[name] = wanted
    result = await conn.execute(
        text(f"""
            SELECT id, at, actor_id, actor_name, action, target_kind, target_id, target_name, details
            FROM audit_log
            WHERE org_id = :org_id {after}
            ORDER BY id DESC
            LIMIT :limit
        """),
        values,
    )
    entries = [
        AuditEntry(
            id=str(row.id),
            at=row.at,
            actor_id=str(row.actor_id) if row.actor_id else None,
            actor_name=row.actor_name,
            action=row.action,
            target=Target(kind=row.target_kind, id=row.target_id, name=row.target_name),
            details=row.details,
        )
        for row in result
    ]
    return cut_page(entries, limit, lambda entry: (int(entry.id),))
