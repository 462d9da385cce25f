"""
The first start on an empty database: an organisation, its owner, a project with its key, and an API
token, so that one command is enough to begin.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from mesher.accounts.passwords import hash_password, verify_password
from mesher.accounts.tokens import hash_token, new_api_token
from mesher.protocol.auth import KEY_LENGTH, KEY_PREFIX
from mesher.storage import api_keys, organizations, tokens, users
from mesher.storage.database import ReadConnection, WriteConnection, reading, writing
from mesher.storage.ingest_keys import list_ingest_keys
from mesher.types import Project

# Nobody gets mail there; it is a name to log in with, and browsers take it for an e-mail.
FIRST_EMAIL = "owner@localhost"
# 96 random bits, short enough to type.
_PASSWORD_BYTES = 12


class FirstProject(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a first run made, with its secrets in plain text: shown once, and kept by the caller.

    In the answer of ``verify_first_login``, a secret that opens nothing any more is ``None``.
    """

    project_id: uuid.UUID
    project_number: int
    public_key: str | None  # 32 hex digits, as in the DSN
    email: str | None
    password: str | None
    api_token: str | None  # scope admin, for the whole organisation

    def __repr__(self) -> str:
        """Without the secrets, so that no log or traceback shows them."""
        return f"FirstProject(project_id={self.project_id}, project_number={self.project_number})"


async def ensure_first_project(
    engine: AsyncEngine, keep: Callable[[FirstProject], None]
) -> FirstProject | None:
    """
    Make the first organisation and what it needs, where there is none.

    Of two processes that do this at once, one makes it and the other finds it made.

    Args:
        engine: where to make it.
        keep: puts the secrets away. It is called before the commit, so that a process that is killed
            in between leaves secrets that open nothing rather than an owner that nobody can be.

    Returns:
        The plain secrets; ``None`` where there was an organisation already.

    Raises:
        Unavailable: the database cannot be reached.
    """
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    public_key = secrets.token_hex(KEY_LENGTH // 2)
    api_token = new_api_token()
    async with writing(engine) as conn:
        if not await organizations.lock_for_first_run(conn):
            return None
        project = await _make(conn, password, public_key, api_token)
        made = FirstProject(
            project_id=project.id,
            project_number=project.number,
            public_key=public_key,
            email=FIRST_EMAIL,
            password=password,
            api_token=api_token,
        )
        keep(made)
    return made


async def verify_first_login(engine: AsyncEngine, stored: FirstProject) -> FirstProject:
    """
    ``stored``, as ``ensure_first_project`` returned it, with ``None`` for what is no longer valid.

    Raises:
        Unavailable: the database cannot be reached.
    """
    async with reading(engine) as conn:
        keys = await list_ingest_keys(conn)
        key_valid = any(
            key.public_key == stored.public_key and key.project_id == stored.project_id
            for key in keys
        )
        login_valid = await _login_valid(conn, stored)
        token_valid = stored.api_token is not None and await tokens.find_token(
            conn, hash_token(stored.api_token)
        )
    return FirstProject(
        project_id=stored.project_id,
        project_number=stored.project_number,
        public_key=stored.public_key if key_valid else None,
        email=stored.email if login_valid else None,
        password=stored.password if login_valid else None,
        api_token=stored.api_token if token_valid else None,
    )


async def _make(conn: WriteConnection, password: str, public_key: str, api_token: str) -> Project:
    org_id = await organizations.insert_organization(conn, name="My team", slug="my-team")
    user_id = await users.insert_user(
        conn,
        email=FIRST_EMAIL,
        password_hash=await hash_password(password),
        display_name="Owner",
    )
    await organizations.insert_membership(conn, user_id=user_id, org_id=org_id, role="owner")
    project = await organizations.insert_project(
        conn, org_id=org_id, name="My project", slug="my-project"
    )
    await api_keys.insert_key(conn, project, key_value=KEY_PREFIX + public_key, label="default")
    await tokens.insert_token(
        conn,
        user_id=user_id,
        org_id=org_id,
        project_id=None,
        name="First token",
        token_hash=hash_token(api_token),
        scope="admin",
    )
    return project


async def _login_valid(conn: ReadConnection, stored: FirstProject) -> bool:
    if stored.email is None or stored.password is None:
        return False
    account = await users.find_credentials(conn, stored.email)
    return await verify_password(account.password_hash if account else None, stored.password)
