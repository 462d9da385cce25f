"""
The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost.

A code is taken once, within a step of the clock before or after. Logging in by a provider of identities asks
for none: there it is the provider's to ask.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

import msgspec
import pyotp

from mesher.accounts.tokens import hash_token
from mesher.errors import AuthError, Conflict
from mesher.ids import UserId
from mesher.secret_box import SecretBox
from mesher.storage import second_factors as storage
from mesher.storage.audit_log import Author, Target, record_change_by
from mesher.storage.database import ReadConnection, WriteConnection

ISSUER: Final = "Mesher"
STEP_SECONDS: Final = 30  # what authenticator apps take for granted
# Clocks of phones are some seconds off, and people type slowly.
STEPS_BESIDE: Final = 1
# One for each time in years that a phone is lost; what is printed on one small sheet.
RECOVERY_CODES: Final = 10
# 50 random bits in ten characters: guessing is throttled like that of a password.
_CODE_BYTES: Final = 5
MAX_CODE_CHARACTERS: Final = 40


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a second factor is asked for."""

    enabled: bool
    recovery_codes: int  # that are left


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A new secret, which is shown once."""

    secret: str  # for typing
    uri: str  # for a QR code


async def find_status(conn: ReadConnection, user_id: UserId) -> Status:
    """Whether a person is asked for a second factor."""
    found = await storage.find_second_factor(conn, user_id)
    enabled = found is not None and found.confirmed_at is not None
    return Status(enabled=enabled, recovery_codes=found.recovery_codes if found and enabled else 0)


async def begin(conn: WriteConnection, box: SecretBox, user_id: UserId, email: str) -> Begun:
    """
    Make a secret for somebody, which is asked for once they have shown that they have it.

    Raises:
        Conflict: one is in use.
    """
    secret = pyotp.random_base32()
    if not await storage.begin_second_factor(conn, user_id, box.seal(secret)):
        raise Conflict("a second factor is in use already", hint="turn it off first")
    uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
    return Begun(secret=secret, uri=uri)


async def confirm(
    conn: WriteConnection,
    box: SecretBox,
    user_id: UserId,
    email: str,
    author: Author,
    *,
    code: str,
    now: datetime,
) -> list[str]:
    """
    Ask for the second factor from now on.

    Returns:
        Recovery codes, which are shown once.

    Raises:
        Conflict: none was begun, or it is confirmed already.
        WrongCode: the code is not one of it.
    """
    found = await storage.find_second_factor(conn, user_id)
    if found is None or not await storage.confirm_second_factor(conn, user_id, now):
        raise Conflict("there is no second factor to confirm", hint="begin with a new one")
    if not await _takes(conn, box.open(found.secret), user_id, code, now):
        raise WrongCode
    codes = await renew_recovery_codes(conn, user_id)
    await _record(conn, user_id, email, author, "user.second_factor_added")
    return codes


async def renew_recovery_codes(conn: WriteConnection, user_id: UserId) -> list[str]:
    """Give somebody new recovery codes in the place of all earlier ones."""
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    hashes = [hash_token(_bare(code)) for code in codes]
    await storage.replace_recovery_codes(conn, user_id, hashes)
    return codes


async def verify(
    conn: WriteConnection, box: SecretBox, user_id: UserId, *, code: str, now: datetime
) -> None:
    """
    Check and use up a code of the app, or a recovery code.

    Raises:
        WrongCode: it is wrong, or was used.
    """
    found = await storage.find_second_factor(conn, user_id)
    if found is None:
        raise WrongCode
    if await _takes(conn, box.open(found.secret), user_id, code, now):
        return
    if not await storage.use_recovery_code(conn, user_id, hash_token(_bare(code))):
        raise WrongCode


async def remove(conn: WriteConnection, user_id: UserId, email: str, author: Author) -> None:
    """Ask somebody for no second factor any more."""
    await storage.delete_second_factor(conn, user_id)
    await _record(conn, user_id, email, author, "user.second_factor_removed")


async def _takes(
    conn: WriteConnection, secret: str, user_id: UserId, code: str, now: datetime
) -> bool:
    step = _step_of(secret, _bare(code), now)
    return step is not None and await storage.use_step(conn, user_id, step)


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step of the clock that a code belongs to."""
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    for step in range(current - STEPS_BESIDE, current + STEPS_BESIDE + 1):
        if pyotp.utils.strings_equal(code, totp.generate_otp(step)):
            return step
    return None


def _bare(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()[:MAX_CODE_CHARACTERS]


def _new_code() -> str:
    text = secrets.token_hex(_CODE_BYTES)
    return f"{text[:5]}-{text[5:]}"


class WrongCode(AuthError):
    """A code is not one that is taken now."""

    def __init__(self) -> None:
        super().__init__(
            "the code is wrong or was used", hint="wait for the next one and try again"
        )


async def require_enabled(conn: ReadConnection, user_id: UserId) -> None:
    """
    Refuse what is about a second factor that is not there.

    Raises:
        Conflict: it is not.
    """
    if not (await find_status(conn, user_id)).enabled:
        raise Conflict("there is no second factor", hint="begin with a new one")


async def _record(
    conn: WriteConnection, user_id: UserId, email: str, author: Author, action: str
) -> None:
    target = Target(kind="user", id=str(user_id), name=email)
    await record_change_by(conn, author, org_id=None, action=action, target=target)
