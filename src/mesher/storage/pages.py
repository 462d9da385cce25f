"""
Keyset pagination: a page of a list, and the cursor that names where the next one begins.

A cursor is the sort key of the page's last row, as base64 of its JSON. It stays right while rows
are added, and finding the next page costs no more than finding the first.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from mesher.errors import ProtocolError

T = TypeVar("T")

# The largest page: some hundred kilobytes of JSON.
MAX_PAGE_ROWS = 100


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some rows of a list, in its order."""

    items: list[T]
    next_cursor: str | None = None  # None: this is the last page


def cut_page(rows: list[T], limit: int, key: Callable[[T], tuple[object, ...]]) -> Page[T]:
    """
    A page of ``limit`` rows, in their order.

    Args:
        rows: read with one more than ``limit``, which tells whether a page follows.
        limit: the length of the page.
        key: the sort key of a row, as ``decode_cursor`` gives it back.
    """
    if len(rows) <= limit:
        return Page(rows)
    last = msgspec.json.encode(key(rows[limit - 1]))
    # Only characters that a URL needs no escape for.
    cursor = base64.urlsafe_b64encode(last).decode("ascii").rstrip("=")
    return Page(rows[:limit], cursor)


def decode_cursor(cursor: str, key_type: type[T]) -> T:
    """
    The sort key of the row that the page before ended with, as ``cut_page`` was told it.

    Raises:
        ProtocolError: the text is no cursor of a list with this order.
    """
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(data, type=key_type)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise ProtocolError(
            "the cursor is not one of this list",
            hint="take next_cursor of the page before, with the same sort",
            field="cursor",
        ) from error
