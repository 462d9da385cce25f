"""Tenants to test with: organisations with people, tokens, a project, and events in it."""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import argon2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from mesher.accounts.tokens import hash_token, new_api_token
from mesher.ids import OrgId, UserId
from mesher.ingest.digest import Symbolicate
from mesher.ingest.digester import make_batch
from mesher.ingest.journal import Entry, Record, encode_record
from mesher.ingest.policies import Policies
from mesher.ingest.seen_releases import SeenReleases
from mesher.storage import api_keys, organizations, tokens, users
from mesher.storage.alerts import insert_alert
from mesher.storage.connection import connect
from mesher.storage.database import writing
from mesher.storage.ingest_batch import store_batch
from mesher.storage.partitions import make_partitions
from mesher.storage.passkeys import NewPasskey, insert_passkey
from mesher.types import AlertRule, AlertSnapshot, Project, Role, TokenScope
from mesher.values.ingest_settings import IngestSettings

PASSWORD = "correct horse battery staple"
# With parameters that take no time, which the hash itself carries.
PASSWORD_HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
# Events are received one second after the other from here.
BEGIN = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Tenant:
    """One organisation; all values are its own."""

    org_id: OrgId
    user_id: UserId
    email: str
    project: Project
    public_key: str
    tokens: dict[TokenScope, str]


async def make_tenant(engine: AsyncEngine, name: str, *, role: Role = "owner") -> Tenant:
    """An organisation with one person, one project, and a token of each scope."""
    public_key = secrets.token_hex(16)
    email = f"{name}@example.com"
    made: dict[TokenScope, str] = {}
    async with writing(engine) as conn:
        org_id = await organizations.insert_organization(conn, name=name, slug=name)
        user_id = await users.insert_user(
            conn, email=email, password_hash=PASSWORD_HASH, display_name=name
        )
        await organizations.insert_membership(conn, user_id=user_id, org_id=org_id, role=role)
        project = await organizations.insert_project(
            conn, org_id=org_id, name=f"{name}'s shop", slug=f"{name}-shop"
        )
        await api_keys.insert_key(conn, project, key_value=f"mshr_{public_key}", label="default")
    scopes: tuple[TokenScope, ...] = ("read", "write", "admin")
    for scope in scopes:
        made[scope] = await make_token(engine, user_id, org_id, scope=scope)
    return Tenant(org_id, user_id, email, project, public_key, made)


async def add_member(engine: AsyncEngine, tenant: Tenant, name: str, role: Role) -> Tenant:
    """A further person in a tenant's organisation, with a token of each scope."""
    email = f"{name}@example.com"
    async with writing(engine) as conn:
        user_id = await users.insert_user(
            conn, email=email, password_hash=PASSWORD_HASH, display_name=name
        )
        await organizations.insert_membership(
            conn, user_id=user_id, org_id=tenant.org_id, role=role
        )
    scopes: tuple[TokenScope, ...] = ("read", "write", "admin")
    made = {
        scope: await make_token(engine, user_id, tenant.org_id, scope=scope) for scope in scopes
    }
    return replace(tenant, user_id=user_id, email=email, tokens=made)


async def make_token(
    engine: AsyncEngine,
    user_id: UserId,
    org_id: OrgId,
    *,
    scope: TokenScope,
    project: Project | None = None,
) -> str:
    """A token, in plain text."""
    token = new_api_token()
    async with writing(engine) as conn:
        await tokens.insert_token(
            conn,
            user_id=user_id,
            org_id=org_id,
            project_id=project.id if project else None,
            name=scope,
            token_hash=hash_token(token),
            scope=scope,
        )
    return token


async def raise_alert(
    engine: AsyncEngine, rule_id: str, *, now: datetime = BEGIN, message: str = "Something happened"
) -> uuid.UUID | None:
    """Raise an alert of a rule, as evaluation does; its id, or ``None`` if the rule keeps quiet."""
    async with writing(engine) as conn:
        found = await conn.execute(
            text("SELECT * FROM alert_rules WHERE id = :id"), {"id": uuid.UUID(rule_id)}
        )
        rule = AlertRule.from_row(found.mappings().one())
        alert = await insert_alert(
            conn,
            rule,
            message=message,
            snapshot=AlertSnapshot(condition=rule.condition_json, figures={"events": 1}),
            issue_id=None,
            now=now,
        )
    return alert.id if alert else None


def store_events(
    database_url: str,
    project: Project,
    *payloads: dict[str, Any],
    begin: datetime = BEGIN,
    settings: IngestSettings | None = None,
    symbolicate: Symbolicate | None = None,
) -> list[str]:
    """
    Digest and store events as the digest process does, received one second after the other.

    Args:
        database_url: where.
        project: whose.
        payloads: the events as they are sent.
        begin: when the first is received.
        settings: of the project while they come; ``None``: the defaults.

    Returns:
        Their ids, 32 hex digits each.
    """
    event_ids = [payload.get("event_id") or uuid.uuid4().hex for payload in payloads]
    entries = [
        Entry(
            position,
            encode_record(
                Record(
                    kind="store",
                    project_id=project.id,
                    received_at_us=int((begin + timedelta(seconds=position)).timestamp() * 1e6),
                    event_ids=[event_id],
                    content_encoding="",
                    client="test/1.0",
                    client_ip="192.0.2.7",
                    context={},
                    body=json.dumps({**payload, "event_id": event_id}).encode(),
                )
            ),
        )
        for position, (payload, event_id) in enumerate(
            zip(payloads, event_ids, strict=True), start=1
        )
    ]
    policies = Policies({project.id: settings} if settings else {}, symbolicate=symbolicate)
    batch = make_batch(uuid.uuid4(), 0, entries, policies)
    assert batch.quarantined == []
    batch.new_releases = SeenReleases().find_new(batch.events)
    with connect(database_url, application_name="test") as conn:
        make_partitions(conn, begin.date(), days_ahead=2)
        with conn.transaction():
            store_batch(conn, batch)
    return event_ids


async def make_passkey(engine: AsyncEngine, user_id: UserId) -> str:
    """The id of a passkey that nobody holds."""
    made = NewPasskey(credential_id=secrets.token_bytes(16), public_key=b"none", sign_count=0)
    passkey_id = uuid.uuid4()
    async with writing(engine) as conn:
        await insert_passkey(conn, passkey_id, user_id, made, "phone")
    return str(passkey_id)
