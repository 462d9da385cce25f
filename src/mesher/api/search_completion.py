"""What could stand next in a query: keys, tags, values."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar.params import FromPath, QueryParameter

from mesher.accounts.access import accessible_project
from mesher.api.acting import ApiRequest, reading_as
from mesher.search.keys import ALIASES, BY_NAME, KEYS
from mesher.search.suggestions import values_of_key, written_tag
from mesher.storage.database import ReadConnection
from mesher.storage.pages import Page
from mesher.storage.search_completion import list_key_values, list_tag_values, list_tags
from mesher.types import Project

MAX_PREFIX_CHARACTERS = 200
Prefix = Annotated[
    str,
    QueryParameter(
        name="prefix", max_length=MAX_PREFIX_CHARACTERS, description="what was typed so far"
    ),
]
KeyName = Annotated[
    str,
    QueryParameter(name="key", max_length=MAX_PREFIX_CHARACTERS, description="a key, or a tag"),
]


# Tags that say what the key of their name does.
_SAME_AS_KEYS = frozenset({"level", "release"})


class KeySuggestion(msgspec.Struct, frozen=True):
    """A key that may stand in a query."""

    key: str
    kind: Literal["key", "tag"]
    about: str  # of a key: what it is; of a tag: empty
    events: int | None  # of a tag: how many of the latest events have it


class ValueSuggestion(msgspec.Struct, frozen=True):
    """A value that may stand behind a key."""

    value: str
    events: int | None  # of a tag: how many of the latest events have it


async def list_search_keys(
    request: ApiRequest, project_id: FromPath[str], *, prefix: Prefix = ""
) -> Page[KeySuggestion]:
    """Keys of the search language and tags of the project's latest events that begin so."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return Page(await _keys(conn, project, prefix))


async def _keys(conn: ReadConnection, project: Project, prefix: str) -> list[KeySuggestion]:
    tags = await list_tags(conn, [project], prefix)
    keys = [
        KeySuggestion(key.name, "key", key.about, None)
        for key in KEYS
        if key.name.startswith(prefix.lower())
    ]
    return keys + [
        KeySuggestion(written_tag(tag.text), "tag", "", tag.events)
        for tag in tags
        if tag.text not in _SAME_AS_KEYS
    ]


async def list_search_values(
    request: ApiRequest, project_id: FromPath[str], *, key: KeyName = "", prefix: Prefix = ""
) -> Page[ValueSuggestion]:
    """Values that a key may have: the usual ones, or those of the latest events that have this part."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        name = ALIASES.get(key.lower(), key.lower())
        usual = values_of_key(name)
        if usual is not None:
            return Page([ValueSuggestion(one, None) for one in usual if prefix.lower() in one])
        if name == "has":
            keys = await _keys(conn, project, prefix)
            return Page([ValueSuggestion(one.key, one.events) for one in keys])
        if name in BY_NAME and name != "release":
            found = await list_key_values(conn, [project], name, prefix)
        else:
            tag = key[5:-1] if key.startswith("tags[") and key.endswith("]") else key
            found = await list_tag_values(conn, [project], ALIASES.get(tag.lower(), tag), prefix)
    return Page([ValueSuggestion(one.text, one.events) for one in found])
