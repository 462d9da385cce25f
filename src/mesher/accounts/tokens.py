"""
Secrets that are handed out once and kept only as their hash: session tokens and API tokens.

They are random and long, so a plain SHA-256 is enough; a slow hash is for what people choose.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime

import msgspec

# Lets people and secret scanners see what it is: mshr_api_ and 64 hex digits.
API_TOKEN_PREFIX = "mshr_api_"  # noqa: S105 - a prefix, no secret
# sentry-cli and the bundler plugins read server and organisation from tokens that begin like this.
BUILD_TOKEN_PREFIX = "sntrys_"  # noqa: S105 - a prefix, no secret
_BUILD_TOKEN_BYTES = 32


def new_session_token() -> str:
    """64 hex digits: 256 random bits."""
    return secrets.token_hex(32)


def new_api_token() -> str:
    """``mshr_api_`` and 64 hex digits."""
    return API_TOKEN_PREFIX + secrets.token_hex(32)


def new_build_token(*, url: str, organization: str, now: datetime) -> str:
    """
    A token that is all that a build pipeline needs to be told.

    Its form is that of Sentry's organisation tokens: ``sntrys_``, base64 of a JSON object
    (``{"iat": ..., "url": "https://errors.example.com", "region_url": ..., "org": "shop"}``), ``_``,
    and 43 characters of base64: 256 random bits. Standard base64, whose alphabet has no ``_``.

    Args:
        url: where the pipeline reaches Mesher, without a slash at the end.
        organization: its slug.
        now: the server's clock.
    """
    facts = {"iat": now.timestamp(), "url": url, "region_url": url, "org": organization}
    readable = base64.b64encode(msgspec.json.encode(facts)).decode("ascii")
    secret = base64.b64encode(secrets.token_bytes(_BUILD_TOKEN_BYTES)).decode("ascii").rstrip("=")
    return f"{BUILD_TOKEN_PREFIX}{readable}_{secret}"


def hash_token(token: str) -> str:
    """The form in which a token is stored and looked up: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()
