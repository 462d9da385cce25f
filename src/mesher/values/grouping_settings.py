"""How a project wants its events grouped."""

from __future__ import annotations

import msgspec


class GroupingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What digest reads of a project, beside what it lets in."""

    rules: str = ""  # in the language of grouping.rules
    oldest_version: int = 1  # of grouping, by which the project may have issues
