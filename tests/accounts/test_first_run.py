from __future__ import annotations

import asyncio
import errno

import pytest
from sqlalchemy import text

from mesher.accounts.first_run import FirstProject, ensure_first_project, verify_first_login
from mesher.storage.database import writing
from serving import URL, Client


@pytest.fixture
def first(client: Client) -> FirstProject:
    kept: list[FirstProject] = []
    made = client.call(ensure_first_project, client.resources.engine, kept.append)
    assert made is not None
    assert kept == [made]
    return made


def _execute(client: Client, statement: str) -> None:
    async def run() -> None:
        async with writing(client.resources.engine) as conn:
            await conn.execute(text(statement))

    client.call(run)


def test_the_first_project_can_be_read_with_its_token(client: Client, first: FirstProject) -> None:
    answer = client.get(
        f"/api/v1/projects/{first.project_id}",
        headers={"authorization": f"Bearer {first.api_token}"},
    )
    assert answer.status_code == 200
    host = URL.removeprefix("https://")
    assert answer.json()["dsns"] == [f"https://{first.public_key}@{host}/{first.project_number}"]


def test_its_owner_can_log_in(client: Client, first: FirstProject) -> None:
    answer = client.post("/login", data={"email": first.email, "password": first.password})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_where_there_is_an_organisation_nothing_is_made(
    client: Client, first: FirstProject
) -> None:
    kept: list[FirstProject] = []
    assert client.call(ensure_first_project, client.resources.engine, kept.append) is None
    assert kept == []


def test_a_login_that_cannot_be_kept_is_not_made(client: Client) -> None:
    def disk_full(_: FirstProject) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        client.call(ensure_first_project, client.resources.engine, disk_full)

    kept: list[FirstProject] = []
    assert client.call(ensure_first_project, client.resources.engine, kept.append) is not None


def test_of_two_first_runs_at_once_one_makes_the_project(client: Client) -> None:
    async def both() -> list[FirstProject | None]:
        engine, kept = client.resources.engine, []
        return await asyncio.gather(
            ensure_first_project(engine, kept.append), ensure_first_project(engine, kept.append)
        )

    made = client.call(both)
    assert len([project for project in made if project]) == 1


def test_what_is_still_valid_is_told_again(client: Client, first: FirstProject) -> None:
    assert client.call(verify_first_login, client.resources.engine, first) == first


@pytest.mark.parametrize(
    ("statement", "lost"),
    [
        ("UPDATE users SET password_hash = 'changed'", {"email", "password"}),
        ("DELETE FROM users", {"email", "password", "api_token"}),  # its tokens go with it
        ("UPDATE api_tokens SET revoked_at = now()", {"api_token"}),
        ("UPDATE api_keys SET revoked_at = now()", {"public_key"}),
    ],
)
def test_a_secret_that_opens_nothing_any_more_is_not_told_again(
    client: Client, first: FirstProject, statement: str, lost: set[str]
) -> None:
    _execute(client, statement)
    checked = client.call(verify_first_login, client.resources.engine, first)
    gone = {name for name in checked.__struct_fields__ if getattr(checked, name) is None}
    assert gone == lost


def test_secrets_stay_out_of_logs_and_tracebacks(first: FirstProject) -> None:
    shown = repr(first)
    assert str(first.project_number) in shown
    for secret in (first.password, first.api_token, first.public_key):
        assert secret not in shown
