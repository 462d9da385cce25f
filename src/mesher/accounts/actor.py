"""Who asks: the person or token behind a request, and how much they may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from mesher.accounts.tokens import hash_token
from mesher.errors import AuthError, Forbidden
from mesher.storage import tokens, users
from mesher.storage.audit_log import Author
from mesher.storage.database import ReadConnection
from mesher.storage.viewer import Viewer
from mesher.types import TokenScope

# What a token of each scope is good for. One for a build pipeline lies in many places, so it reads
# no event; and who may only read cannot replace the source maps that others look at.
_INCLUDES: Final[Mapping[TokenScope, frozenset[TokenScope]]] = {
    "ci": frozenset({"ci"}),
    "read": frozenset({"read"}),
    "write": frozenset({"ci", "read", "write"}),
    "admin": frozenset({"ci", "read", "write", "admin"}),
}


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and how much of what they see they may change."""

    viewer: Viewer
    scope: TokenScope
    name: str  # for people to read
    person: str  # whose session or token it is, for people to read
    token_last_used_at: datetime | None = None  # of a token

    @property
    def author(self) -> Author:
        """As the record of changes names them: the person, and the token if it was one."""
        name = self.person if self.name == self.person else f"{self.person} (token {self.name})"
        return Author(id=self.viewer.user_id, name=name)


async def actor_of_session(conn: ReadConnection, token: str | None) -> Actor:
    """
    The person with this session; people may do all that their organisations allow.

    Raises:
        AuthError: no such session, or it has expired.
    """
    user = await users.find_session_user(conn, hash_token(token)) if token else None
    if user is None:
        raise AuthError("nobody is logged in", hint="log in, or send an API token")
    name = user.display_name or user.email
    return Actor(viewer=Viewer(user_id=user.id), scope="admin", name=name, person=name)


async def actor_of_token(conn: ReadConnection, token: str) -> Actor:
    """
    The holder of an API token.

    Raises:
        AuthError: no such token, or it is revoked.
    """
    grant = await tokens.find_token(conn, hash_token(token))
    if grant is None:
        raise AuthError("the API token is unknown or revoked", hint="make a new token")
    return Actor(
        viewer=Viewer(
            user_id=grant.user_id,
            org_id=grant.org_id,
            project_id=grant.project_id,
        ),
        scope=grant.scope,
        name=grant.name,
        person=grant.user_name,
        token_last_used_at=grant.last_used_at,
    )


def require_scope(actor: Actor, scope: TokenScope) -> None:
    """
    Refuse what the credentials are not for.

    Raises:
        Forbidden: the token's scope does not include it.
    """
    if scope not in _INCLUDES[actor.scope]:
        raise Forbidden(
            f"this needs a token with scope {scope}; the one sent has {actor.scope}",
            hint=f"make a token with scope {scope}",
        )


def require_whole_organization(actor: Actor) -> None:
    """
    Refuse what credentials for one project are not for.

    Raises:
        Forbidden: they are.
    """
    if actor.viewer.project_id is not None:
        raise Forbidden(
            "this concerns the whole organization; the token is for one project of it",
            hint="use a token for the organization",
        )
