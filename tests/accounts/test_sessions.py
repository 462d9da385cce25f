from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from mesher.accounts.actor import actor_of_session
from mesher.accounts.login import LoggedIn, log_in
from mesher.accounts.sessions import log_out
from mesher.errors import AuthError
from mesher.storage.database import reading
from serving import Client
from tenants import PASSWORD, Tenant

LogIn = Callable[..., str]


@pytest.fixture
def tenant(client: Client) -> Tenant:
    return client.make_tenant("ada")


@pytest.fixture
def log_in_as(client: Client, tenant: Tenant) -> LogIn:
    """Logs in, by default with what is right, and returns the session's token."""

    async def attempt(email: str, password: str, old_token: str | None, now: datetime) -> str:
        outcome = await log_in(
            client.resources.engine,
            client.resources.login_throttle,
            client.resources.secret_box,
            email=email,
            password=password,
            address="192.0.2.7",
            old_token=old_token,
            now=now,
        )
        assert isinstance(outcome, LoggedIn)
        return outcome.token

    def run(
        *,
        email: str = tenant.email,
        password: str = PASSWORD,
        old_token: str | None = None,
        now: datetime | None = None,
    ) -> str:
        return client.call(attempt, email, password, old_token, now or datetime.now(UTC))

    return run


def _user_of(client: Client, token: str | None) -> str:
    async def look() -> str:
        async with reading(client.resources.engine) as conn:
            return (await actor_of_session(conn, token)).name

    return client.call(look)


def test_a_session_is_64_hex_digits_of_which_the_database_keeps_the_hash(
    client: Client, log_in_as: LogIn
) -> None:
    token = log_in_as()

    async def stored() -> list[str]:
        async with reading(client.resources.engine) as conn:
            return list((await conn.execute(text("SELECT token FROM sessions"))).scalars())

    assert len(token) == 64
    assert int(token, 16)
    assert client.call(stored) == [hashlib.sha256(token.encode()).hexdigest()]
    assert _user_of(client, token) == "ada"


def test_an_e_mail_may_be_typed_in_capitals_and_with_blanks(
    client: Client, log_in_as: LogIn
) -> None:
    assert _user_of(client, log_in_as(email=" Ada@Example.COM ")) == "ada"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.com", "wrong"),
        ("nobody@example.com", PASSWORD),
        ("ada@example.com\0", ""),  # PostgreSQL refuses NUL characters
        ("a" * 10_000, PASSWORD),
    ],
)
def test_a_wrong_password_and_an_unknown_account_are_refused_in_the_same_words(
    log_in_as: LogIn, email: str, password: str
) -> None:
    with pytest.raises(AuthError, match=r"^the e-mail or the password is wrong$"):
        log_in_as(email=email, password=password)


def test_a_log_in_ends_the_session_that_the_browser_had(client: Client, log_in_as: LogIn) -> None:
    first = log_in_as()
    second = log_in_as(old_token=first)
    assert _user_of(client, second) == "ada"
    with pytest.raises(AuthError):
        _user_of(client, first)


def test_a_session_ends_after_seven_days(client: Client, log_in_as: LogIn) -> None:
    token = log_in_as(now=datetime.now(UTC) - timedelta(days=7, seconds=1))
    with pytest.raises(AuthError):
        _user_of(client, token)


def test_after_logging_out_the_token_opens_nothing(client: Client, log_in_as: LogIn) -> None:
    token = log_in_as()
    client.call(log_out, client.resources.engine, token)
    with pytest.raises(AuthError):
        _user_of(client, token)


@pytest.mark.parametrize("token", [None, "", "0" * 64])
def test_what_is_no_session_is_nobody(client: Client, token: str | None) -> None:
    with pytest.raises(AuthError):
        _user_of(client, token)
