"""Where uploaded files come from: the one seam between resolving and the database."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Protocol

import msgspec

from mesher.symbolication.files import ArtifactType
from mesher.symbolication.queries import Origin


class ShelfFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was uploaded, not read yet."""

    key: tuple[str, str]  # what its bytes are known by: the same key, the same bytes
    url: str
    headers: dict[str, str]
    size_bytes: int


class Shelf(Protocol):
    """The files that may be used for an event."""

    def by_debug_id(
        self, origin: Origin, debug_id: uuid.UUID, artifact_type: ArtifactType
    ) -> ShelfFile | None:
        """The newest file of a type with this debug id."""

    def by_url(
        self, origin: Origin, urls: Sequence[str], types: Sequence[ArtifactType]
    ) -> ShelfFile | None:
        """The file of the event's release and dist that has one of these URLs, best first."""

    def debug_file(
        self, origin: Origin, debug_id: str, features: Sequence[str]
    ) -> ShelfFile | None:
        """The newest debug file with this id that has one of the features, best first."""

    def read(self, file: ShelfFile) -> bytes | None:
        """Its bytes; ``None`` where it was removed meanwhile."""
