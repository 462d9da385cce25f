"""
Everybody who may ask something, with one of each thing that routes name: for the table of access.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from mesher.accounts.needs import Need
from mesher.ids import UserId
from mesher.protocol.check_in import CheckIn
from mesher.storage.check_ins import NewCheckIn, store_check_ins
from mesher.storage.connection import connect
from mesher.storage.new_attachments import NewAttachment, insert_attachments
from mesher.types import ROLES, TOKEN_SCOPES, Role, TokenScope
from serving import Client
from tenants import (
    BEGIN,
    PASSWORD,
    Tenant,
    add_member,
    make_passkey,
    make_token,
    raise_alert,
    store_events,
)

# What a token of each scope is good for, said once more: the test compares it with the program.
GOOD_FOR: dict[TokenScope, set[str]] = {
    "ci": {"any", "ci"},
    "read": {"any", "read"},
    "write": {"any", "ci", "read", "write"},
    "admin": {"any", "ci", "read", "write", "admin"},
}
RANKS: dict[Role, int] = {role: rank for rank, role in enumerate(reversed(ROLES))}


@dataclass(frozen=True)
class Caller:
    """Somebody with certain credentials, or with none."""

    name: str
    user_id: UserId
    role: Role | None = None  # in the organisation that the things belong to
    scope: TokenScope | None = None  # of the token
    token: str = ""
    cookies: httpx.Cookies | None = None  # of the session
    is_bound: bool = False  # to one project

    def expected(self, need: Need, *, names_things: bool) -> int:
        """The status that a route is to answer with; 200 stands for whatever is no refusal."""
        if need.public:
            return 200
        is_known = need.session if self.cookies is not None else bool(self.token and need.scope)
        if not is_known:
            return 401
        if self.scope is not None and need.scope not in GOOD_FOR[self.scope]:
            return 403
        if names_things and self.role is None:
            return 404
        is_bounded = self.is_bound and need.whole_organization
        if is_bounded or (names_things and RANKS[self.role or "owner"] < RANKS[need.role]):
            return 403
        return 200


@dataclass(frozen=True)
class World:
    """An organisation with things in it, and all who may ask for them."""

    callers: list[Caller]
    things: dict[str, str]


def make_world(client: Client, database_url: str, name: str) -> World:
    """A further organisation, with one of each thing and of each caller."""
    tenant = client.make_tenant(name)
    outsider = client.make_tenant(f"{name}-outsider")
    people: dict[str, tuple[Role | None, Tenant]] = {"owner": ("owner", tenant)}
    for role in ("admin", "member"):
        member = client.call(
            partial(add_member, client.resources.engine, tenant, f"{name}-{role}", role)
        )
        people[role] = (role, member)
    people["outsider"] = (None, outsider)
    callers = [Caller("nobody", tenant.user_id)]
    for who, (role, person) in people.items():
        callers += [
            Caller(
                f"{who}, token",
                person.user_id,
                role,
                scope="admin",
                token=person.tokens["admin"],
            ),
            Caller(f"{who}, session", person.user_id, role, cookies=_log_in(client, person)),
        ]
    callers += [
        Caller(
            f"owner, {scope} token{' of a project' if is_bound else ''}",
            tenant.user_id,
            "owner",
            scope=scope,
            token=client.call(
                partial(
                    make_token,
                    client.resources.engine,
                    tenant.user_id,
                    tenant.org_id,
                    scope=scope,
                    project=tenant.project if is_bound else None,
                )
            ),
            is_bound=is_bound,
        )
        for is_bound in (False, True)
        for scope in TOKEN_SCOPES
    ]
    return World(callers, _make_things(client, database_url, tenant))


def token_of(database_url: str, caller: Caller) -> str:
    """The id of a token that a caller may take back."""
    with connect(database_url, application_name="test") as conn:
        row = conn.execute(
            "SELECT id FROM api_tokens WHERE user_id = %s AND (project_id IS NOT NULL) = %s"
            " AND revoked_at IS NULL ORDER BY created_at LIMIT 1",
            (caller.user_id, caller.is_bound),
        ).fetchone()
    assert row is not None
    return str(row[0])


def comment_of(database_url: str, caller: Caller, issue_id: str) -> str:
    """The id of a comment on an issue that a caller has written."""
    with connect(database_url, application_name="test") as conn:
        row = conn.execute(
            "INSERT INTO issue_activity"
            " (project_id, issue_id, about_issue, kind, actor_id, actor_name, comment)"
            " SELECT project_id, id, id, 'comment', %s, 'somebody', 'mine' FROM issues"
            " WHERE id = %s RETURNING id",
            (caller.user_id, issue_id),
        ).fetchone()
    assert row is not None
    return str(row[0])


def search_of(database_url: str, caller: Caller, project_id: str) -> str:
    """The id of a search that a caller keeps."""
    with connect(database_url, application_name="test") as conn:
        row = conn.execute(
            "INSERT INTO saved_searches (project_id, made_by, name, filters)"
            " VALUES (%s, %s, 'mine', '{}') RETURNING search_id",
            (project_id, caller.user_id),
        ).fetchone()
    assert row is not None
    return str(row[0])


def _log_in(client: Client, tenant: Tenant) -> httpx.Cookies:
    client.cookies = httpx.Cookies()
    answer = client.post("/login", data={"email": tenant.email, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    cookies, client.cookies = client.cookies, httpx.Cookies()
    return cookies


def _make_things(client: Client, database_url: str, tenant: Tenant) -> dict[str, str]:
    event_id = store_events(
        database_url, tenant.project, *({"message": text} for text in ("one", "two", "three"))
    )[0]
    _attach(database_url, tenant, event_id)
    _check_in(database_url, tenant)
    api, headers = "/api/v1", {"authorization": f"Bearer {tenant.tokens['admin']}"}
    project = f"{api}/projects/{tenant.project.id}"

    def ask(method: str, path: str, **options: Any) -> Any:
        answer = client.request(method, path, headers=headers, **options)
        assert answer.is_success, answer.text
        return answer.json()

    event = ask("GET", f"{project}/events/{event_id}")
    issue_id = str(event["issue_id"])
    others = [
        issue["id"] for issue in ask("GET", f"{project}/issues")["items"] if issue["id"] != issue_id
    ]
    changes = ask("POST", f"{api}/issues/{issue_id}/merge", json={"issues": others[:1]})
    releases = f"/api/0/projects/{tenant.org_id}/{tenant.project.id}/releases"
    version = f"{tenant.project.slug}@1.0"
    ask("POST", releases, json={"version": version})
    organization = f"{api}/organizations/{tenant.org_id}"
    rule = ask(
        "POST",
        f"{project}/alert-rules",
        json={"name": "any", "condition": {"condition_type": "new_issue"}},
    )
    bulk = {"ids": [issue_id], "assigned_to": "me"}
    return {
        "org_id": str(tenant.org_id),
        "action_id": str(ask("PATCH", f"{project}/issues", json=bulk)["action_id"]),
        "key": "level",
        "project_id": str(tenant.project.id),
        "issue_id": issue_id,
        "other_id": others[1],
        "event_id": event_id,
        "attachment_id": _only(ask("GET", f"{project}/events/{event_id}/attachments")),
        "change_id": _only(changes),
        "version": version,
        "rule_id": str(rule["id"]),
        "alert_id": str(client.call(partial(raise_alert, client.resources.engine, rule["id"]))),
        "key_id": _only(ask("GET", f"{project}/keys")["items"]),
        "invitation_id": str(ask("POST", f"{organization}/invitations", json={})["id"]),
        "member_id": "me",
        "session_id": "0" * 16,
        "slug": "backup",
        "search_id": str(uuid.uuid4()),
        "passkey_id": client.call(partial(make_passkey, client.resources.engine, tenant.user_id)),
        "token": "unknown",
        "name": "mesher.css",
    }


def _only(items: list[dict[str, str]]) -> str:
    [item] = items
    return item["id"]


def _check_in(database_url: str, tenant: Tenant) -> None:
    new = NewCheckIn(
        project_id=tenant.project.id,
        received_at_us=int(BEGIN.timestamp() * 1e6),
        report=CheckIn("backup", "ok", None, "production", None, "", None),
    )
    with connect(database_url, application_name="test") as conn:
        assert len(list(store_check_ins(conn, [new]))) == 1


def _attach(database_url: str, tenant: Tenant, event_id: str) -> None:
    attachment = NewAttachment(
        project_id=tenant.project.id,
        event_id=uuid.UUID(event_id),
        received_at_us=int(BEGIN.timestamp() * 1e6),
        name="notes.txt",
        content_type="text/plain",
        attachment_type="event.attachment",
        data=b"notes",
    )
    with connect(database_url, application_name="test") as conn:
        assert len(list(insert_attachments(conn, [attachment], set()))) == 1
