"""The pages for whoever has forgotten their password; mail is in ``acceptance``."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from mesher.accounts.passwords import FAILURES_PER_ACCOUNT
from mesher.accounts.tokens import hash_token
from mesher.storage.database import reading, writing
from serving import Client, serve
from tenants import PASSWORD, Tenant


def test_without_mail_the_page_says_whom_to_ask(client: Client) -> None:
    assert "/forgotten" in client.get("/login").text
    assert "mesher user reset-password" in client.get("/forgotten").text
    assert "sends no mail" in client.post("/forgotten", data={"email": "a@b.example"}).text


def test_links_are_asked_for_a_limited_number_of_times_and_log_ins_go_on(
    database_url: str, tmp_path: Path
) -> None:
    with serve(database_url, tmp_path, sends_mail=True) as client:
        tenant = client.make_tenant("ada")

        def ask() -> int:
            return client.post("/forgotten", data={"email": tenant.email}).status_code

        assert [ask() for _ in range(FAILURES_PER_ACCOUNT + 1)][-2:] == [200, 429]
        form = {"email": tenant.email, "password": PASSWORD}
        assert client.post("/login", data=form).status_code == 303

        async def queued() -> int:
            async with reading(client.resources.engine) as conn:
                result = await conn.execute(
                    text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :name"),
                    {"name": "mail_reset_link"},
                )
                return int(result.scalar_one())

        assert client.call(queued) == FAILURES_PER_ACCOUNT


def test_a_link_of_more_than_an_hour_ago_is_not_valid(client: Client, tenant: Tenant) -> None:
    async def make() -> None:
        async with writing(client.resources.engine) as conn:
            await conn.execute(
                text("INSERT INTO password_resets VALUES (:token, :user_id, now())"),
                {"token": hash_token("late"), "user_id": tenant.user_id},
            )

    client.call(make)
    answer = client.get("/reset/late")
    assert answer.status_code == 404
    assert "This link is not valid, or not any more." in answer.text
    assert client.get("/reset/never").text == answer.text
