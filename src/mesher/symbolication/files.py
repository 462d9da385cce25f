"""What a release uploads, once it is read."""

from __future__ import annotations

import uuid
from typing import Literal

import msgspec

ArtifactType = Literal["source", "minified_source", "source_map", "indexed_ram_bundle"]


class BundleFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a source bundle."""

    type: ArtifactType
    url: str  # ~/path for any host, or with the host
    headers: dict[str, str]  # lower-case names; ``sourcemap`` names the map of a minified file
    debug_id: uuid.UUID | None
    data: bytes


class DebugObject(msgspec.Struct, frozen=True, kw_only=True):
    """What identifies one object of a debug file."""

    format: str  # elf, macho, pe, pdb, portablepdb, wasm, breakpad, sourcebundle, proguard, ...
    debug_id: str = ""  # a uuid with hyphens, and for some formats a suffix for its age
    code_id: str = ""
    kind: str = ""  # exe, lib, dbg, sym, src, none
    arch: str = ""  # x86_64, arm64, any, ...
    features: tuple[str, ...] = ()  # of symtab, debug, unwind, sources, mapping; sorted
