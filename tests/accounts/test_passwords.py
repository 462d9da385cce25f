from __future__ import annotations

import asyncio

import pytest

from mesher.accounts import passwords
from mesher.accounts.passwords import (
    FAILURE_WINDOW_SECONDS,
    FAILURES_PER_ACCOUNT,
    FAILURES_PER_ADDRESS,
    MAX_REMEMBERED,
    LoginThrottle,
    hash_password,
    verify_password,
)
from mesher.errors import RateLimited


def test_a_password_matches_its_own_hash_and_no_other() -> None:
    async def scenario() -> tuple[bool, bool]:
        hashed = await hash_password("open sesame")
        return await verify_password(hashed, "open sesame"), await verify_password(hashed, "Open")

    assert asyncio.run(scenario()) == (True, False)


def test_a_hash_is_argon2id_and_tells_nothing_of_the_password() -> None:
    first, second = (asyncio.run(hash_password("open sesame")) for _ in range(2))
    assert first.startswith("$argon2id$")
    assert first != second


def test_an_unknown_account_takes_the_same_work_and_is_never_right() -> None:
    # The decoy must be as costly as a real hash, or the time of the answer tells the accounts.
    assert not passwords._hasher.check_needs_rehash(passwords._DECOY)
    assert asyncio.run(verify_password(None, "")) is False


def test_an_account_is_closed_to_guesses_after_too_many_failures() -> None:
    throttle = LoginThrottle()
    for guess in range(FAILURES_PER_ACCOUNT):
        throttle.begin("ada@example.com", f"192.0.2.{guess}", now=100.0)
    with pytest.raises(RateLimited) as refused:
        throttle.begin("ada@example.com", "198.51.100.1", now=160.0)
    assert refused.value.retry_after_seconds == FAILURE_WINDOW_SECONDS - 60 + 1
    throttle.begin("bob@example.com", "198.51.100.1", now=160.0)


def test_an_address_is_refused_after_too_many_failures_whatever_the_accounts() -> None:
    throttle = LoginThrottle()
    for guess in range(FAILURES_PER_ADDRESS):
        throttle.begin(f"user{guess}@example.com", "192.0.2.1", now=100.0)
    with pytest.raises(RateLimited):
        throttle.begin("one.more@example.com", "192.0.2.1", now=101.0)


def test_the_addresses_of_one_ipv6_subscriber_count_together() -> None:
    throttle = LoginThrottle()
    for guess in range(FAILURES_PER_ADDRESS):
        throttle.begin(f"user{guess}@example.com", f"2001:db8::{guess:x}", now=100.0)
    with pytest.raises(RateLimited):
        throttle.begin("one.more@example.com", "2001:db8::ffff", now=101.0)
    throttle.begin("one.more@example.com", "2001:db8:0:1::1", now=101.0)


def test_failures_are_forgotten_when_their_window_has_passed() -> None:
    throttle = LoginThrottle()
    for _ in range(FAILURES_PER_ACCOUNT):
        throttle.begin("ada@example.com", "192.0.2.1", now=100.0)
    throttle.begin("ada@example.com", "192.0.2.1", now=100.0 + FAILURE_WINDOW_SECONDS)


def test_log_ins_that_succeed_are_not_counted() -> None:
    throttle = LoginThrottle()
    for _ in range(2 * FAILURES_PER_ADDRESS):
        throttle.begin("ada@example.com", "192.0.2.1", now=100.0)
        throttle.succeeded("ada@example.com", "192.0.2.1")


def test_a_flood_of_made_up_accounts_does_not_fill_the_memory() -> None:
    throttle = LoginThrottle()
    for guess in range(MAX_REMEMBERED + 100):
        throttle.begin(f"user{guess}@example.com", f"address {guess}", now=100.0)
    assert len(throttle._times) == MAX_REMEMBERED
