"""
Secrets that are handed out once and kept only as their hash: session tokens and API tokens.

They are random and long, so a plain SHA-256 is enough; a slow hash is for what people choose.
"""

from __future__ import annotations

import hashlib
import secrets

# Lets people and secret scanners see what it is: mshr_api_ and 64 hex digits.
API_TOKEN_PREFIX = "mshr_api_"  # noqa: S105 - a prefix, no secret


def new_session_token() -> str:
    """64 hex digits: 256 random bits."""
    return secrets.token_hex(32)


def new_api_token() -> str:
    """``mshr_api_`` and 64 hex digits."""
    return API_TOKEN_PREFIX + secrets.token_hex(32)


def hash_token(token: str) -> str:
    """The form in which a token is stored and looked up: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()
