"""The caller's own account: who it is, its sessions, its password."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath

from mesher.accounts.account import change_password
from mesher.accounts.account_deletion import delete_account
from mesher.accounts.client_address import client_address
from mesher.accounts.names import clean_name
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body, takes_body
from mesher.api.fields import NAME, Name
from mesher.api.second_factor import Proof, prove
from mesher.resources import resources_of
from mesher.storage import users
from mesher.storage.memberships import Membership, list_memberships
from mesher.storage.pages import Page
from mesher.storage.sessions import SessionInfo, end_session, list_sessions
from mesher.types import User

TAKES_PROFILE = takes_body(display_name=NAME)
TAKES_PASSWORDS = takes_body(
    current_password=Schema(type=OpenAPIType.STRING),
    new_password=Schema(type=OpenAPIType.STRING, min_length=12, max_length=1000),
)


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people may change about how they are shown."""

    display_name: Name


class Passwords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The password as it is, and as it shall be."""

    current_password: str
    new_password: str


async def get_me(request: ApiRequest) -> User:
    """The person whose token or session it is."""
    async with reading_as(request, None) as (conn, actor):
        return await users.find_user(conn, actor.viewer.user_id)


async def update_me(request: ApiRequest) -> User:
    """Change how the caller is called."""
    async with writing_as(request, "admin") as (conn, actor):
        profile = await read_body(request, Profile)
        name = clean_name(profile.display_name, field="display_name")
        await users.set_display_name(conn, actor.viewer.user_id, name)
        return await users.find_user(conn, actor.viewer.user_id)


async def list_my_memberships(request: ApiRequest) -> Page[Membership]:
    """The organisations that the caller belongs to, and in which role."""
    async with reading_as(request) as (conn, actor):
        return Page(await list_memberships(conn, actor.viewer))


async def list_my_sessions(request: ApiRequest) -> Page[SessionInfo]:
    """The caller's log-ins that have not ended, the latest first."""
    async with reading_as(request, "admin") as (conn, actor):
        return Page(await list_sessions(conn, actor.viewer.user_id))


async def end_my_session(request: ApiRequest, session_id: FromPath[str]) -> None:
    """End one of the caller's log-ins, wherever its cookie still is; one that has ended is no error."""
    async with writing_as(request, "admin") as (conn, actor):
        await end_session(conn, actor.viewer.user_id, session_id)


async def change_my_password(request: ApiRequest) -> None:
    """
    Give the caller another password, and end all their sessions.

    It takes the current one as well; failures are counted as those of log-ins are.
    """
    async with writing_as(request, "admin") as (_, actor):
        passwords = await read_body(request, Passwords)
    resources = resources_of(request)
    await change_password(
        resources.engine,
        resources.login_throttle,
        actor.viewer.user_id,
        actor.author,
        current=passwords.current_password,
        new=passwords.new_password,
        address=client_address(request, resources.trusted_proxies),
        now=datetime.now(UTC),
    )


async def delete_me(request: ApiRequest) -> None:
    """
    Delete the caller's account, with its tokens, sessions and second factor; it takes the password.

    Who is the only owner of an organisation is asked to make somebody else one first. Comments stay.
    """
    async with writing_as(request, "admin") as (_, actor):
        wanted = await read_body(request, Proof)
    await prove(request, actor, wanted.password)
    async with writing_as(request, "admin") as (conn, actor):
        await delete_account(conn, actor.author, actor.viewer.user_id)
