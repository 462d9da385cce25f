"""The uploaded files that resolving may use for an event, from the database."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.artifacts import Artifact, find_by_debug_id, find_by_url, read_file
from mesher.storage.debug_files import find_debug_file
from mesher.symbolication.files import ArtifactType
from mesher.symbolication.queries import Origin
from mesher.symbolication.shelf import ShelfFile


class DatabaseShelf:
    """A ``Shelf``: what the projects of this database uploaded, each for its own events alone."""

    def __init__(self, conn: Connection[TupleRow]) -> None:
        """
        Args:
            conn: in autocommit mode.
        """
        self._conn = conn

    def by_debug_id(
        self, origin: Origin, debug_id: uuid.UUID, artifact_type: ArtifactType
    ) -> ShelfFile | None:
        """The newest file of a type with this debug id."""
        found = find_by_debug_id(self._conn, origin.project_id, debug_id, artifact_type)
        return _shelf_file(found)

    def by_url(
        self, origin: Origin, urls: Sequence[str], types: Sequence[ArtifactType]
    ) -> ShelfFile | None:
        """The file of the event's release and dist that has one of these URLs, best first."""
        found = find_by_url(
            self._conn,
            origin.project_id,
            release=origin.release,
            dist=origin.dist,
            urls=urls,
            types=types,
        )
        return _shelf_file(found)

    def debug_file(
        self, origin: Origin, debug_id: str, features: Sequence[str]
    ) -> ShelfFile | None:
        """The newest debug file with this id that has one of the features, best first."""
        for feature in features:
            found = find_debug_file(self._conn, origin.project_id, debug_id, feature=feature)
            if found is not None:
                org_id, file = found
                return ShelfFile(
                    key=(org_id.hex, file.sha1.hex()),
                    url=file.name,
                    headers={},
                    size_bytes=file.size_bytes,
                )
        return None

    def read(self, file: ShelfFile) -> bytes | None:
        """Its bytes; ``None`` where it was removed meanwhile."""
        org_id, sha1 = file.key
        return read_file(self._conn, uuid.UUID(org_id), bytes.fromhex(sha1))


def _shelf_file(found: Artifact | None) -> ShelfFile | None:
    if found is None:
        return None
    return ShelfFile(
        key=(found.org_id.hex, found.sha1.hex()),
        url=found.url,
        headers=found.headers,
        size_bytes=found.size_bytes,
    )
