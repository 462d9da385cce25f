"""What the header of an attachment says about its bytes, which themselves are never looked into."""

from __future__ import annotations

import re
from typing import NamedTuple

from mesher.protocol.envelope import ItemHeader

DEFAULT_TYPE = "event.attachment"
MINIDUMP_TYPE = "event.minidump"
VIEW_HIERARCHY_TYPE = "event.view_hierarchy"

# A name is shown and offered for saving: the longest that file systems take.
MAX_NAME_CHARACTERS = 255
MAX_TYPE_CHARACTERS = 128  # of both types; registered ones stay below 100
_UNNAMED = "attachment"
_UNTYPED = "application/octet-stream"
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_TYPE = re.compile(r"[!-~]+(?: *; *[!-~]+)*", re.ASCII)


class Described(NamedTuple):
    """The name and types under which an attachment is kept."""

    name: str
    content_type: str
    attachment_type: str


def describe_attachment(header: ItemHeader) -> Described:
    """
    Read an item's header; what is absent or unusable has its default.

    Of a name with a path the last part stays, without control characters, nor those that make it
    read from right to left.
    """
    return Described(
        name=_clean_name(header.filename),
        content_type=_clean_type(header.content_type, _UNTYPED),
        attachment_type=_clean_type(header.attachment_type, DEFAULT_TYPE),
    )


def _clean_name(given: object) -> str:
    if not isinstance(given, str):
        return _UNNAMED
    last = given.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return _NOT_IN_NAMES.sub("", last).strip()[-MAX_NAME_CHARACTERS:] or _UNNAMED


def _clean_type(given: object, default: str) -> str:
    if not isinstance(given, str) or len(given) > MAX_TYPE_CHARACTERS:
        return default
    return given if _TYPE.fullmatch(given) else default
