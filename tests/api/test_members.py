"""Who belongs to an organisation, as what, and that it never loses its last owner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesher.accounts.members import change_role, remove_member
from mesher.errors import MesherError
from mesher.storage.audit_log import Author
from mesher.storage.database import reading, writing
from mesher.storage.memberships import count_owners, find_role
from mesher.types import Role
from serving import Client
from tenants import Tenant, add_member

As = Callable[..., httpx.Response]


@pytest.fixture
def people(client: Client, tenant: Tenant) -> dict[str, Tenant]:
    """The tenant's owner, and an admin and two members beside."""
    engine = client.resources.engine
    found = {"owner": tenant}
    for name, role in (("admin", "admin"), ("member", "member"), ("other", "member")):
        found[name] = client.call(add_member, engine, tenant, name, role)
    return found


@pytest.fixture
def as_(client: Client, people: dict[str, Tenant]) -> As:
    """A request below the organisation, by one of the people."""

    def request(name: str, method: str, path: str, **options: object) -> httpx.Response:
        headers = {"authorization": f"Bearer {people[name].tokens['admin']}"}
        path = f"/api/v1/organizations/ada{path}"
        return client.request(method, path, headers=headers, **options)

    return request


def test_members_are_listed_with_their_roles_page_by_page(as_: As) -> None:
    seen = []
    cursor = ""
    while cursor is not None:
        page = as_("member", "GET", f"/members?limit=3{cursor and '&cursor=' + cursor}").json()
        seen += [(one["display_name"], one["role"]) for one in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [
        ("ada", "owner"),
        ("admin", "admin"),
        ("member", "member"),
        ("other", "member"),
    ]


def test_a_member_was_last_seen_when_their_token_was_used(as_: As) -> None:
    as_("admin", "GET", "/members")
    listed = {one["display_name"]: one for one in as_("owner", "GET", "/members").json()["items"]}
    assert listed["admin"]["last_seen_at"].endswith("Z")
    assert listed["other"]["last_seen_at"] is None


@pytest.mark.parametrize(
    ("who", "whom", "role", "status"),
    [
        ("owner", "member", "admin", 200),
        ("owner", "member", "owner", 200),
        ("owner", "admin", "member", 200),
        ("admin", "member", "admin", 200),
        ("admin", "admin", "member", 200),  # themselves
        ("admin", "member", "owner", 403),
        ("admin", "owner", "admin", 403),
        ("member", "member", "admin", 403),
        ("member", "other", "member", 403),
        ("owner", "owner", "admin", 409),  # the last one
    ],
)
def test_who_may_give_which_role(
    as_: As, people: dict[str, Tenant], who: str, whom: str, role: str, status: int
) -> None:
    path = f"/members/{people[whom].user_id}"
    answer = as_(who, "PATCH", path, json={"role": role})
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.json()["role"] == role


@pytest.mark.parametrize(
    ("who", "whom", "status"),
    [
        ("owner", "admin", 204),
        ("admin", "member", 204),
        ("admin", "owner", 403),
        ("member", "other", 403),
        ("member", "me", 204),
        ("admin", "me", 204),
        ("owner", "me", 409),  # the last owner
    ],
)
def test_who_may_remove_whom(
    as_: As, people: dict[str, Tenant], who: str, whom: str, status: int
) -> None:
    reference = "me" if whom == "me" else people[whom].user_id
    answer = as_(who, "DELETE", f"/members/{reference}")
    assert answer.status_code == status, answer.text


def test_an_owner_leaves_once_there_is_another(as_: As, people: dict[str, Tenant]) -> None:
    as_("owner", "PATCH", f"/members/{people['admin'].user_id}", json={"role": "owner"})
    assert as_("owner", "DELETE", "/members/me").status_code == 204
    assert as_("admin", "DELETE", "/members/me").status_code == 409


def test_the_tokens_and_invitations_of_whoever_leaves_open_nothing(
    as_: As, client: Client, people: dict[str, Tenant]
) -> None:
    link = as_("admin", "POST", "/invitations", json={}).json()["token"]
    as_("owner", "DELETE", f"/members/{people['admin'].user_id}")
    assert as_("admin", "GET", "/members").status_code == 401
    body = {"token": link, "email": "n@example.com", "name": "N", "password": "long enough, this"}
    assert client.post("/api/v1/invitations/accept", json=body).status_code == 404


def test_the_issues_of_whoever_leaves_are_assigned_to_nobody(
    as_: As, client: Client, call: Any, tenant: Tenant, store: Any, people: dict[str, Tenant]
) -> None:
    store({"message": "a"}, {"message": "b"})
    path = f"/projects/{tenant.project.id}/issues"
    gone, stays = (str(people[name].user_id) for name in ("member", "other"))
    for row, assignee in zip(call("GET", path).json()["items"], (gone, stays), strict=True):
        call("PATCH", f"/issues/{row['id']}", json={"assigned_to": assignee})
    as_("owner", "DELETE", f"/members/{gone}")
    listed = {row["assigned_to"] for row in call("GET", path).json()["items"]}
    assert listed == {None, stays}


def test_an_admin_who_is_one_no_more_has_invited_nobody(as_: As, people: dict[str, Tenant]) -> None:
    as_("admin", "POST", "/invitations", json={})
    as_("owner", "PATCH", f"/members/{people['admin'].user_id}", json={"role": "member"})
    assert as_("owner", "GET", "/invitations").json()["items"] == []


def test_a_change_of_role_is_written_down_with_what_was_before(
    as_: As, people: dict[str, Tenant]
) -> None:
    as_("admin", "PATCH", f"/members/{people['member'].user_id}", json={"role": "admin"})
    [entry] = as_("owner", "GET", "/audit-log?action=member.role_changed").json()["items"]
    assert entry["details"] == {"role": {"before": "member", "after": "admin"}}
    assert entry["actor_id"] == str(people["admin"].user_id)
    assert entry["actor_name"] == "admin"
    assert entry["target"]["name"] == "member@example.com"


def test_of_two_owners_who_leave_at_once_one_stays(client: Client, tenant: Tenant) -> None:
    engine = client.resources.engine
    other = client.call(add_member, engine, tenant, "other", "owner")

    async def leave(person: Tenant) -> bool:
        try:
            async with writing(engine) as conn:
                author = Author(id=person.user_id, name=person.email)
                await remove_member(conn, author, person.user_id, person.org_id, person.user_id)
        except MesherError:
            return False
        return True

    async def both() -> list[bool]:
        return await asyncio.gather(leave(tenant), leave(other))

    assert sorted(client.call(both)) == [False, True]
    assert client.call(_owners, client, tenant) == 1


ACTIONS = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(0, 3), st.sampled_from(["owner", "admin", "member", None])
    ),
    max_size=12,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(actions=ACTIONS)
def test_whatever_people_do_to_each_other_there_is_an_owner_and_nobody_rises_by_themselves(
    client: Client, people: dict[str, Tenant], actions: list[tuple[int, int, Role | None]]
) -> None:
    everybody = list(people.values())

    async def act(who: Tenant, whom: Tenant, role: Role | None) -> None:
        engine, org_id = client.resources.engine, who.org_id
        author = Author(id=who.user_id, name=who.email)
        async with reading(engine) as conn:
            acting = await find_role(conn, who.user_id, org_id)
            before = await find_role(conn, whom.user_id, org_id)
        try:
            async with writing(engine) as conn:
                if role is None:
                    await remove_member(conn, author, who.user_id, org_id, whom.user_id)
                else:
                    await change_role(
                        conn, author, who.user_id, org_id, user_id=whom.user_id, role=role
                    )
        except MesherError:
            return
        if before == role:
            return
        if who is not whom or role is not None:
            assert acting in {"owner", "admin"}
        if "owner" in {before, role} and who is not whom:
            assert acting == "owner"

    for who, whom, role in actions:
        client.call(act, everybody[who], everybody[whom], role)
        assert client.call(_owners, client, people["owner"]) >= 1


async def _owners(client: Client, tenant: Tenant) -> int:
    async with reading(client.resources.engine) as conn:
        return await count_owners(conn, tenant.org_id)
