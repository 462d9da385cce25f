"""
JSON as clients really write it.

Strict parsers refuse, and PostgreSQL's jsonb refuses, what SDKs do send: NUL characters and halves
of surrogate pairs in strings, the bare words NaN and Infinity (Python), broken UTF-8.
"""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

from mesher.errors import ProtocolError

_REPLACEMENT = "\ufffd"
_LONGEST_INTEGER = 2**63


def needs_cleaning(payload: bytes) -> bool:
    """Whether valid JSON may still hold what PostgreSQL refuses: an escaped NUL character."""
    return b"\\u0000" in payload


def clean_json(payload: bytes) -> bytes:
    """
    The same JSON object in strict form: what no string may hold becomes U+FFFD, NaN null.

    Raises:
        ProtocolError: it is no JSON, no object, or nested too deeply to be read.
    """
    try:
        value = json.loads(payload.decode("utf-8", errors="replace"), strict=False)
    except ValueError as error:
        raise ProtocolError(f"the event is not JSON: {error}") from error
    except RecursionError as error:
        raise ProtocolError("the event is nested too deeply") from error
    if not isinstance(value, dict):
        raise ProtocolError("the event is not a JSON object")
    return msgspec.json.encode(_clean(value))


def _clean(value: Any) -> Any:
    match value:
        case str():
            return _clean_text(value)
        case dict():
            return {_clean_text(key): _clean(inner) for key, inner in value.items()}
        case list():
            return [_clean(inner) for inner in value]
        case float() if not math.isfinite(value):
            return None
        case int() if abs(value) >= _LONGEST_INTEGER:
            return str(value)
        case _:
            return value


def _clean_text(text: str) -> str:
    # Halves of surrogate pairs cannot be encoded; whole pairs were joined by the parser.
    return (
        text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", _REPLACEMENT)
    )
