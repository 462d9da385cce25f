"""The caller's passkeys. Adding one takes a browser on a page of this installation: that is what it signs."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec
from litestar.params import FromPath

from mesher.accounts.passkeys import remove_passkey
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.second_factor import proven
from mesher.storage.passkeys import list_passkeys
from mesher.storage.users import find_user


class MyPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller logs in by, without a password."""

    id: uuid.UUID
    label: str
    created_at: datetime
    last_used_at: datetime | None


class MyPasskeys(msgspec.Struct, frozen=True, kw_only=True):
    """All that the caller has, the oldest first."""

    items: list[MyPasskey]


async def list_my_passkeys(request: ApiRequest) -> MyPasskeys:
    """The caller's passkeys; there are twenty at most."""
    async with reading_as(request, "admin") as (conn, actor):
        found = await list_passkeys(conn, actor.viewer.user_id)
    return MyPasskeys(
        items=[
            MyPasskey(
                id=one.passkey_id,
                label=one.label,
                created_at=one.created_at,
                last_used_at=one.last_used_at,
            )
            for one in found
        ]
    )


async def remove_my_passkey(request: ApiRequest, passkey_id: FromPath[str]) -> None:
    """Let nobody log in by a passkey any more; it takes the password."""
    actor, _ = await proven(request)
    async with writing_as(request, "admin") as (conn, _):
        user = await find_user(conn, actor.viewer.user_id)
        await remove_passkey(conn, user, actor.author, passkey_id)
