"""
Passkeys: adding, removing, and logging in by one.

A challenge travels with the page in a sealed ticket, so that showing the form of the log-in writes nothing; what
is kept, until it would have expired anyway, is which challenges were answered.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from mesher.accounts.passkey_ceremony import (
    PasskeyRefused,
    check_signature,
    credential_id_of,
    login_options,
    new_challenge,
    read_new_passkey,
    registration_options,
)
from mesher.accounts.sessions import begin_session
from mesher.accounts.tickets import open_ticket, seal_ticket
from mesher.errors import Conflict, NotFound, ProtocolError
from mesher.ids import UserId, parse_uuid
from mesher.secret_box import SecretBox
from mesher.storage import passkeys as storage
from mesher.storage.audit_log import Author, Target, record_change_by
from mesher.storage.database import WriteConnection, reading, writing
from mesher.types import User

# For finding the phone or the key.
CHALLENGE_LIFETIME: Final = timedelta(minutes=10)
# Phones, computers and keys of one person; all are named to the browser when one is added.
MAX_PASSKEYS: Final = 20
MAX_LABEL_CHARACTERS: Final = 100


class Ceremony(msgspec.Struct, frozen=True, kw_only=True):
    """What a page needs to ask the browser for a passkey."""

    options: str  # JSON for the browser
    ticket: str  # to be sent back


class _Ticket(msgspec.Struct, frozen=True, kw_only=True, tag="passkey"):
    challenge: bytes
    expires_at: datetime
    user_id: uuid.UUID | None  # who adds one; None: somebody logs in


async def begin_passkey(
    conn: WriteConnection, box: SecretBox, url: str, user: User, now: datetime
) -> Ceremony:
    """
    Ask the browser to make a passkey.

    Raises:
        Conflict: there are enough.
    """
    known = await storage.list_passkeys(conn, UserId(user.id))
    if len(known) >= MAX_PASSKEYS:
        raise Conflict(f"there are {MAX_PASSKEYS} passkeys already", hint="remove one first")
    challenge = new_challenge()
    return Ceremony(
        options=registration_options(url, user, challenge, known),
        ticket=_ticket(box, challenge, now, UserId(user.id)),
    )


async def add_passkey(
    conn: WriteConnection,
    box: SecretBox,
    url: str,
    user: User,
    author: Author,
    *,
    ticket: str,
    credential: str,
    label: str,
    now: datetime,
) -> None:
    """
    Let somebody log in by what the browser made.

    Args:
        conn: the caller commits.
        box: the ticket was sealed with.
        url: of this installation.
        user: whose it becomes.
        author: for the audit log.
        ticket: as ``begin_passkey`` gave it.
        credential: the browser's answer, JSON.
        label: what its owner calls it.
        now: the server's clock, UTC.

    Raises:
        Conflict: it is known already.
        ProtocolError: the answer is not one to the question, or came late, or the label is too long.
    """
    if len(label) > MAX_LABEL_CHARACTERS:
        raise ProtocolError(f"a name has {MAX_LABEL_CHARACTERS} characters at most", field="label")
    try:
        asked = _open(box, ticket, now, UserId(user.id))
        made = read_new_passkey(url, asked.challenge, credential)
    except PasskeyRefused as error:  # who adds one is known, which its 401 would deny
        raise ProtocolError(error.message, hint=error.hint, field="credential") from error
    name = label.replace("\0", "").strip() or "Passkey"
    if not await storage.insert_passkey(conn, uuid.uuid4(), UserId(user.id), made, name):
        raise Conflict("this passkey is known already")
    await _record(conn, user, author, "user.passkey_added", name)


async def remove_passkey(
    conn: WriteConnection, user: User, author: Author, passkey_id: str
) -> None:
    """
    Let nobody log in by it any more.

    Raises:
        NotFound: the person has none such.
    """
    wanted = parse_uuid(passkey_id)
    if wanted is None or not await storage.delete_passkey(conn, UserId(user.id), wanted):
        raise NotFound("you have no such passkey")
    await _record(conn, user, author, "user.passkey_removed", passkey_id)


def begin_passkey_log_in(box: SecretBox, url: str, now: datetime) -> Ceremony:
    """Ask the browser for a passkey of whoever is there."""
    challenge = new_challenge()
    return Ceremony(
        options=login_options(url, challenge), ticket=_ticket(box, challenge, now, None)
    )


async def log_in_by_passkey(
    engine: AsyncEngine,
    box: SecretBox,
    url: str,
    *,
    ticket: str,
    credential: str,
    old_token: str | None,
    now: datetime,
) -> str:
    """
    Begin a session for whoever holds a passkey; it asks for no second factor, being two.

    Tries are not counted as those of passwords are: a signature is not guessed.

    Returns:
        The token of the session, for the cookie.

    Raises:
        PasskeyRefused: it is nobody's, signed something else, or came late or twice.
        Unavailable: the database cannot be reached.
    """
    asked = _open(box, ticket, now, None)
    credential_id = credential_id_of(credential)
    async with reading(engine) as conn:
        passkey = await storage.find_passkey(conn, credential_id)
    if passkey is None:
        raise PasskeyRefused("nobody here has it")
    sign_count = check_signature(url, asked.challenge, credential, passkey)
    async with writing(engine) as conn:
        digest = hashlib.sha256(asked.challenge).digest()
        if not await storage.use_challenge(conn, digest, asked.expires_at):
            raise PasskeyRefused("it was used for this page before")
        if not await storage.use_passkey(conn, passkey.passkey_id, sign_count=sign_count, now=now):
            raise PasskeyRefused("it was removed or used meanwhile")
        return await begin_session(conn, passkey.user_id, old_token=old_token, now=now)


def _ticket(box: SecretBox, challenge: bytes, now: datetime, user_id: UserId | None) -> str:
    expires_at = now + CHALLENGE_LIFETIME
    return seal_ticket(box, _Ticket(challenge=challenge, expires_at=expires_at, user_id=user_id))


def _open(box: SecretBox, text: str, now: datetime, user_id: UserId | None) -> _Ticket:
    ticket = open_ticket(box, text, _Ticket)
    if ticket is None or ticket.user_id != user_id or ticket.expires_at <= now:
        raise PasskeyRefused("the page was open for too long")
    return ticket


async def _record(
    conn: WriteConnection, user: User, author: Author, action: str, passkey: str
) -> None:
    target = Target(kind="user", id=str(user.id), name=user.email)
    await record_change_by(
        conn, author, org_id=None, action=action, target=target, details={"passkey": passkey}
    )
