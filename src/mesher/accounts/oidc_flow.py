"""
What one log-in by a provider of identities consists of.

The provider itself is ``oidc_provider``, which is only imported where one is set up: its libraries take
a twentieth of what Mesher's processes take together.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Protocol

import msgspec


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """What one log-in has to come back with; known to the browser that began it alone."""

    state: str
    nonce: str
    code_verifier: str
    next: str  # the path to go to afterwards

    @classmethod
    def begin(cls, next_path: str) -> Flow:
        """A new one, which nobody can guess."""
        return cls(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            code_verifier=secrets.token_urlsafe(48),
            next=next_path,
        )


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a provider vouches for."""

    issuer: str
    subject: str  # unique and stable within the issuer
    email: str
    email_verified: bool
    name: str
    groups: Sequence[str]


class IdentityProvider(Protocol):
    """Who vouches for people."""

    name: str  # for people

    async def authorization_url(self, flow: Flow) -> str:
        """Where to send the browser."""
        ...

    async def identify(self, flow: Flow, code: str) -> Identity:
        """Who came back with this code."""
        ...
