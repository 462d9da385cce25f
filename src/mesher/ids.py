"""
Names for the identifiers that cross module borders, and their parsing.

A project has two: the ``ProjectId`` (uuid, the primary key) and the ``ProjectNumber``, which
stands in DSNs because the Python, JavaScript and Elixir SDKs accept only digits there.
"""

from __future__ import annotations

import re
import uuid
from typing import NewType

OrgId = NewType("OrgId", uuid.UUID)
UserId = NewType("UserId", uuid.UUID)
ProjectId = NewType("ProjectId", uuid.UUID)
ProjectNumber = NewType("ProjectNumber", int)
IssueId = NewType("IssueId", uuid.UUID)
EventId = NewType("EventId", uuid.UUID)

_UUID = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE | re.ASCII
)
_NIL = uuid.UUID(int=0)


def parse_uuid(text: object) -> uuid.UUID | None:
    """
    Read a uuid in any of the forms clients send: 32 hex digits or hyphenated, in any case.

    Returns:
        The uuid; ``None`` for anything else, the nil uuid included, which SDKs send for "none".
    """
    if not isinstance(text, str) or not _UUID.fullmatch(text):
        return None
    value = uuid.UUID(text)
    return None if value == _NIL else value
