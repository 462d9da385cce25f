"""
Passwords: argon2id, and the throttle of failed log-ins.

Hashing takes some 50 ms of a core and 19 MB, so it runs in threads of its own, few enough that a
flood of log-ins holds up neither requests nor the threads that other work waits for.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import OrderedDict, deque
from concurrent.futures import ThreadPoolExecutor

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from mesher.errors import RateLimited

# OWASP's least parameters for argon2id (19 MiB, one lane) with one more pass: 50 ms here. The usual
# 64 MiB would let two log-ins at once take more memory than the process that serves them.
_hasher = argon2.PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)
# argon2 lets go of the interpreter lock; the threads start with the first password.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")
# The hash of a random password that nobody knows, made with the parameters above: checked where
# the e-mail is unknown, so that both answers take equally long.
_DECOY = (
    "$argon2id$v=19$m=19456,t=3,p=1"
    "$f2kZD78kwWeB/LRxb6k8Ew$UKrfotedklIOqpNEs7TxFlmuUnnXHKVoPaTuW9JPDKQ"
)

# A person mistypes a few times; at 20 tries in 15 minutes guessing takes for ever.
FAILURES_PER_ACCOUNT = 20
# An office behind one address has many people.
FAILURES_PER_ADDRESS = 60
FAILURE_WINDOW_SECONDS = 15 * 60
# Accounts and addresses remembered; some 10 MB when full. The one that is quiet longest goes first.
MAX_REMEMBERED = 10_000


async def hash_password(password: str) -> str:
    """The form in which a password is stored; different each time."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def verify_password(password_hash: str | None, password: str) -> bool:
    """
    Whether the password is the hashed one.

    Args:
        password_hash: ``None`` where there is no such account: takes as long, and is never true.
        password: as it was typed.
    """
    matches = await asyncio.get_running_loop().run_in_executor(
        _threads, _matches, password_hash or _DECOY, password
    )
    return matches and password_hash is not None


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):  # the latter: an account without a password
        return False


class LoginThrottle:
    """
    Counts log-ins that did not succeed, per account and per address over a sliding window.

    It lives in this process: with ``n`` web processes a guesser has up to ``n`` times the tries.
    """

    def __init__(self) -> None:
        self._times: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def begin(self, email: str, address: str, now: float) -> None:
        """
        Count one try, before any work is done for it, so that tries at the same time all count.

        Args:
            email: the account that is tried, whether it exists or not.
            address: where the try comes from.
            now: seconds since the epoch.

        Raises:
            RateLimited: too many tries of either within the window; this one is not counted.
        """
        keys = _keys(email, address)
        for key, limit in keys:
            times = self._times.get(key, deque())
            while times and times[0] <= now - FAILURE_WINDOW_SECONDS:
                times.popleft()
            if len(times) >= limit:
                raise RateLimited(
                    "too many failed log-ins",
                    retry_after_seconds=int(times[0] + FAILURE_WINDOW_SECONDS - now) + 1,
                    hint="wait a few minutes and try again",
                )
        for key, _ in keys:
            self._times.setdefault(key, deque()).append(now)
            self._times.move_to_end(key)
        while len(self._times) > MAX_REMEMBERED:
            self._times.popitem(last=False)

    def succeeded(self, email: str, address: str) -> None:
        """Take back the latest try of both: it was no failure."""
        for key, _ in _keys(email, address):
            if self._times.get(key):
                self._times[key].pop()


def _keys(email: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
    return (
        (("account", email), FAILURES_PER_ACCOUNT),
        (("address", _origin(address)), FAILURES_PER_ADDRESS),
    )


def _origin(address: str) -> str:
    """An IPv4 address; of an IPv6 address the 64 bits that one subscriber has to themselves."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a Unix socket has none
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address
