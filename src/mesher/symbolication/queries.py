"""
What is asked of uploaded files, and the answers: plain values, which pass between processes as
MessagePack. A query names one file and the places in it; its answer holds as many results.
"""

from __future__ import annotations

import uuid
from typing import NamedTuple

import msgspec


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Whose files may be asked, and of which build."""

    project_id: uuid.UUID
    release: str = ""
    dist: str = ""


class Position(NamedTuple):
    """A place in a text; both count from 1, and 0 stands for an unknown column."""

    line: int
    column: int


class SourceMapQuery(msgspec.Struct, frozen=True, kw_only=True, tag="source_map"):
    """Places in a built JavaScript file."""

    origin: Origin
    abs_path: str  # as stack traces name the file
    debug_id: uuid.UUID | None
    places: tuple[Position, ...]


class Call(NamedTuple):
    """A call as obfuscated Java code names it."""

    class_name: str
    method: str
    line: int


class ProguardQuery(msgspec.Struct, frozen=True, kw_only=True, tag="proguard"):
    """Calls of a build of which the mapping has this id; a method of "" asks for the class alone."""

    origin: Origin
    debug_id: str
    places: tuple[Call, ...]


class NativeQuery(msgspec.Struct, frozen=True, kw_only=True, tag="native"):
    """Addresses within a binary, relative to its begin."""

    origin: Origin
    debug_id: str
    places: tuple[int, ...]


Query = SourceMapQuery | ProguardQuery | NativeQuery


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call in the source that people wrote."""

    path: str | None = None  # as the map or the debug file names it
    line: int = 0  # from 1; 0: unknown
    column: int = 0
    function: str | None = None  # or method; None: the file does not tell
    class_name: str | None = None
    name: str | None = None  # what is called at this place, as the source writes it
    context_line: str | None = None
    pre_context: list[str] = []
    post_context: list[str] = []


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a file says."""

    # For each place the calls that it stands for, innermost first; several where calls were inlined,
    # none where the file says nothing of it.
    results: list[list[Source]] = []
    problem: str = ""  # a kind of ``problems.py``, where the file as a whole cannot be used
    found: str = ""  # the URL or name of the map or debug file
