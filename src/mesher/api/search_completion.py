"""What could stand next in a query: keys, tags, values."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar.params import FromPath, QueryParameter

from mesher.accounts.access import accessible_project
from mesher.api.acting import ApiRequest, reading_as
from mesher.search.keys import ALIASES, BY_NAME, KEYS
from mesher.search.suggestions import values_of_key
from mesher.storage.pages import Page
from mesher.storage.search_completion import list_tag_values, list_tags

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
        tags = await list_tags(conn, [project], prefix)
    keys = [
        KeySuggestion(key.name, "key", key.about, None)
        for key in KEYS
        if key.name.startswith(prefix.lower())
    ]
    return Page(
        keys
        + [
            KeySuggestion(tag.text, "tag", "", tag.events)
            for tag in tags
            if tag.text not in BY_NAME
        ]
    )


async def list_search_values(
    request: ApiRequest, project_id: FromPath[str], *, key: KeyName = "", prefix: Prefix = ""
) -> Page[ValueSuggestion]:
    """Values that a key may have; of a tag those of the project's latest events that hold this part."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        known = values_of_key(ALIASES.get(key.lower(), key.lower()))
        if known is not None:
            return Page(
                [ValueSuggestion(one, None) for one in known if one.startswith(prefix.lower())]
            )
        tag = key[5:-1] if key.startswith("tags[") and key.endswith("]") else key
        found = await list_tag_values(conn, [project], ALIASES.get(tag.lower(), tag), prefix)
    return Page([ValueSuggestion(one.text, one.events) for one in found])
