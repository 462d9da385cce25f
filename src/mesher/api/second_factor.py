"""The caller's second factor. What weakens or changes it takes the password as well as a token."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from litestar.openapi.spec import OpenAPIType, Schema

from mesher.accounts import second_factor
from mesher.accounts.actor import Actor
from mesher.accounts.client_address import client_address
from mesher.accounts.proof import require_password
from mesher.accounts.second_factor import Begun, Status
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body, takes_body
from mesher.errors import Forbidden
from mesher.resources import resources_of
from mesher.storage.users import Account, find_account

TAKES_PROOF = takes_body(password=Schema(type=OpenAPIType.STRING, description="Your password."))
TAKES_CODE = takes_body(
    code=Schema(
        type=OpenAPIType.STRING,
        max_length=second_factor.MAX_CODE_CHARACTERS,
        description="What the app shows now.",
    )
)


class Proof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The password once more."""

    password: str


class Code(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an authenticator app shows."""

    code: str


class RecoveryCodes(msgspec.Struct, frozen=True, kw_only=True):
    """Codes for when the phone is lost, each for once; they are shown in this answer alone."""

    recovery_codes: list[str]


async def prove(request: ApiRequest, actor: Actor, password: str) -> Account:
    """
    The caller's account, for their password.

    Raises:
        Forbidden: it is another.
        RateLimited: too many failures.
    """
    resources = resources_of(request)
    return await require_password(
        resources.engine,
        resources.login_throttle,
        actor.viewer.user_id,
        password=password,
        address=client_address(request, resources.trusted_proxies),
        now=datetime.now(UTC),
    )


async def get_second_factor(request: ApiRequest) -> Status:
    """Whether the caller's log-in asks for a second factor, and how many recovery codes are left."""
    async with reading_as(request, "admin") as (conn, actor):
        return await second_factor.find_status(conn, actor.viewer.user_id)


async def begin_second_factor(request: ApiRequest) -> Begun:
    """
    Make a secret for an authenticator app; it takes the password.

    It is asked for once ``confirm`` has seen a code of it. ``uri`` is what a QR code for the app holds.
    """
    actor, account = await proven(request)
    async with writing_as(request, "admin") as (conn, _):
        return await second_factor.begin(
            conn, resources_of(request).secret_box, actor.viewer.user_id, account.email
        )


async def confirm_second_factor(request: ApiRequest) -> RecoveryCodes:
    """Ask for the second factor from now on, given a ``code`` of it."""
    async with writing_as(request, "admin") as (conn, actor):
        wanted = await read_body(request, Code)
        account = await find_account(conn, actor.viewer.user_id)
        try:
            codes = await second_factor.confirm(
                conn,
                resources_of(request).secret_box,
                actor.viewer.user_id,
                account.email,
                actor.author,
                code=wanted.code,
                now=datetime.now(UTC),
            )
        except second_factor.WrongCode as error:  # the token is right, which a 401 would deny
            raise Forbidden(error.message, hint=error.hint, field="code") from error
    return RecoveryCodes(recovery_codes=codes)


async def replace_recovery_codes(request: ApiRequest) -> RecoveryCodes:
    """Make new recovery codes in the place of all earlier ones; it takes the password."""
    actor, _ = await proven(request)
    async with writing_as(request, "admin") as (conn, _):
        await second_factor.require_enabled(conn, actor.viewer.user_id)
        codes = await second_factor.renew_recovery_codes(conn, actor.viewer.user_id)
    return RecoveryCodes(recovery_codes=codes)


async def remove_second_factor(request: ApiRequest) -> None:
    """Ask for no second factor any more; it takes the password."""
    actor, account = await proven(request)
    async with writing_as(request, "admin") as (conn, _):
        await second_factor.remove(conn, actor.viewer.user_id, account.email, actor.author)


async def proven(request: ApiRequest) -> tuple[Actor, Account]:
    async with writing_as(request, "admin") as (_, actor):
        wanted = await read_body(request, Proof)
    return actor, await prove(request, actor, wanted.password)
