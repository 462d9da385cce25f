"""Memory addresses and the identifiers of binaries, each in one spelling."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_HEXADECIMAL = re.compile(r"0[xX][0-9A-Fa-f]{1,16}")
_DECIMAL = re.compile(r"[0-9]{1,20}")
_LARGEST = 2**64 - 1
_SEPARATORS = str.maketrans("", "", "-{}")
_DEBUG_ID = re.compile(r"([0-9a-f]{32})([0-9a-f]{0,8})")
_CODE_ID = re.compile(r"[0-9a-f]+")
_NO_ID = "0" * 32


def hexadecimal_address(value: Any) -> str | None:
    """
    An address as ``0x…`` in lower case without leading zeros.

    Args:
        value: hexadecimal text with its ``0x``, decimal text, or a number.

    Returns:
        ``None`` for anything else, and for what does not fit into 64 bits.
    """
    if isinstance(value, str):
        text = value.strip()
        if _HEXADECIMAL.fullmatch(text):
            return hex(int(text, 16))
        if not _DECIMAL.fullmatch(text):
            return None
        value = int(text)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return hex(value) if 0 <= value <= _LARGEST else None


@lru_cache(maxsize=4096)  # each event of a program names the same images again
def canonical_debug_id(text: str) -> str | None:
    """
    The identifier of a debug file: a uuid in lower case with hyphens, and behind it the age of
    Windows' debug files in hexadecimal, unless that is zero.

    ``3249D99D0C4049318610F4E4FB0B69361`` of Breakpad, ``{3249d99d-…}`` of Windows and the spelling
    with hyphens are the same (the identifiers of Sentry's ``symbolic``).
    """
    match = _DEBUG_ID.fullmatch(text.strip().lower().translate(_SEPARATORS))
    if match is None or match[1] == _NO_ID:
        return None
    digits, age = match[1], match[2].lstrip("0")
    uuid = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    return f"{uuid}-{age}" if age else uuid


@lru_cache(maxsize=4096)
def canonical_code_id(text: str) -> str | None:
    """The identifier of a binary (a build id, a time stamp with a size) as lower-case digits."""
    digits = text.strip().lower().translate(_SEPARATORS)
    return digits if _CODE_ID.fullmatch(digits) else None
