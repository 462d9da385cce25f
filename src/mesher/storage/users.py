"""Users, their password hashes and their sessions."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.ids import UserId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.types import User

# Who logs in with this e-mail; by the unique index on it. E-mails are stored in lower case.
_FIND_CREDENTIALS = text("SELECT id, password_hash FROM users WHERE email = :email")

# Whose session this is, by primary key; an expired one is as good as none.
_FIND_SESSION_USER = text("""
    SELECT u.id, u.email, u.display_name
    FROM sessions AS s
    JOIN users AS u ON u.id = s.user_id
    WHERE s.token = :token_hash AND s.expires_at > now()
""")

# By primary key.
_FIND_EMAIL = text("SELECT email FROM users WHERE id = :user_id")

_COLUMNS = ", ".join(User.__fields__())
_FIND_ACCOUNT = text("SELECT email, password_hash FROM users WHERE id = :user_id")
_FIND_USER = text(f"SELECT {_COLUMNS} FROM users WHERE id = :user_id")
_LIST_ALL = text(f"SELECT {_COLUMNS} FROM users ORDER BY created_at, id")
_SET_NAME = text("UPDATE users SET display_name = :name WHERE id = :user_id")
_SET_PASSWORD = text("UPDATE users SET password_hash = :password_hash WHERE id = :user_id")

_DELETE_USER = text("DELETE FROM users WHERE id = :user_id")

_INSERT_USER = text("""
    INSERT INTO users (email, password_hash, display_name)
    VALUES (:email, :password_hash, :display_name)
    RETURNING id
""")

# Nothing where the e-mail has an account.
_INSERT_USER_IF_FREE = text("""
    INSERT INTO users (email, password_hash, display_name)
    VALUES (:email, :password_hash, :display_name)
    ON CONFLICT DO NOTHING
    RETURNING id
""")

_INSERT_SESSION = text("""
    INSERT INTO sessions (token, user_id, expires_at)
    VALUES (:token_hash, :user_id, :expires_at)
""")

_DELETE_SESSION = text("DELETE FROM sessions WHERE token = :token_hash")

# By idx_sessions_expires; some rows a day.
_DELETE_EXPIRED_SESSIONS = text("DELETE FROM sessions WHERE expires_at <= now()")


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a log-in is checked against; for ``accounts`` alone."""

    user_id: UserId
    password_hash: str

    def __repr__(self) -> str:
        """Without the hash, so that no log or traceback shows it."""
        return f"Credentials(user_id={self.user_id})"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person's e-mail and what their password is checked against; for ``accounts`` alone."""

    email: str
    password_hash: str

    def __repr__(self) -> str:
        """Without the hash, so that no log or traceback shows it."""
        return "Account()"


class SessionUser(msgspec.Struct, frozen=True, kw_only=True):
    """The person behind a session."""

    id: UserId
    email: str
    display_name: str


async def find_credentials(conn: ReadConnection, email: str) -> Credentials | None:
    """The account of an e-mail in lower case."""
    row = (await conn.execute(_FIND_CREDENTIALS, {"email": email})).one_or_none()
    if row is None:
        return None
    return Credentials(user_id=UserId(row.id), password_hash=row.password_hash)


async def find_session_user(conn: ReadConnection, token_hash: str) -> SessionUser | None:
    """The user of a session that has not expired."""
    row = (await conn.execute(_FIND_SESSION_USER, {"token_hash": token_hash})).one_or_none()
    if row is None:
        return None
    return SessionUser(id=UserId(row.id), email=row.email, display_name=row.display_name)


async def find_email(conn: ReadConnection, user_id: UserId) -> str:
    """The e-mail of somebody who has an account."""
    return str((await conn.execute(_FIND_EMAIL, {"user_id": user_id})).scalar_one())


async def insert_user(
    conn: WriteConnection, *, email: str, password_hash: str, display_name: str
) -> UserId:
    """Make a user; the e-mail is in lower case and not in use."""
    values = {"email": email, "password_hash": password_hash, "display_name": display_name}
    return UserId((await conn.execute(_INSERT_USER, values)).scalar_one())


async def insert_user_if_free(
    conn: WriteConnection, *, email: str, password_hash: str, display_name: str
) -> UserId | None:
    """Make a user; ``None`` where the e-mail, in lower case, has an account."""
    values = {"email": email, "password_hash": password_hash, "display_name": display_name}
    user_id = (await conn.execute(_INSERT_USER_IF_FREE, values)).scalar_one_or_none()
    return UserId(user_id) if user_id else None


async def find_account(conn: ReadConnection, user_id: UserId) -> Account:
    """What a person who is known proves that it is them with."""
    row = (await conn.execute(_FIND_ACCOUNT, {"user_id": user_id})).one()
    return Account(email=row.email, password_hash=row.password_hash)


async def find_account_if_there(conn: ReadConnection, user_id: UserId) -> Account | None:
    """The same of somebody who may be gone."""
    row = (await conn.execute(_FIND_ACCOUNT, {"user_id": user_id})).one_or_none()
    return Account(email=row.email, password_hash=row.password_hash) if row else None


async def find_user(conn: ReadConnection, user_id: UserId) -> User:
    """A person who is known."""
    result = await conn.execute(_FIND_USER, {"user_id": user_id})
    return User.from_row(result.mappings().one())


async def list_all(conn: ReadConnection) -> list[User]:
    """Every account, oldest first; for the operator of this Mesher, not for a tenant."""
    return [User.from_row(row) for row in (await conn.execute(_LIST_ALL)).mappings()]


async def set_display_name(conn: WriteConnection, user_id: UserId, name: str) -> None:
    """Call a person otherwise."""
    await conn.execute(_SET_NAME, {"user_id": user_id, "name": name})


async def set_password_hash(conn: WriteConnection, user_id: UserId, password_hash: str) -> None:
    """Give a person another password."""
    await conn.execute(_SET_PASSWORD, {"user_id": user_id, "password_hash": password_hash})


async def delete_user(conn: WriteConnection, user_id: UserId) -> None:
    """Remove a person who belongs to nothing, with all that is only theirs."""
    await conn.execute(_DELETE_USER, {"user_id": user_id})


async def insert_session(
    conn: WriteConnection, *, token_hash: str, user_id: UserId, expires_at: datetime
) -> None:
    """Begin a session."""
    values = {"token_hash": token_hash, "user_id": user_id, "expires_at": expires_at}
    await conn.execute(_INSERT_SESSION, values)


async def delete_session(conn: WriteConnection, token_hash: str) -> None:
    """End a session; one that is not there is no error."""
    await conn.execute(_DELETE_SESSION, {"token_hash": token_hash})


async def delete_expired_sessions(conn: WriteConnection) -> None:
    """Remove the sessions that nobody can use any more."""
    await conn.execute(_DELETE_EXPIRED_SESSIONS)
