"""A shelf in memory, for tests of resolving that need no database."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from mesher.symbolication.bundle import read_bundle
from mesher.symbolication.debug_file import read_debug_file
from mesher.symbolication.files import ArtifactType, BundleFile, DebugObject
from mesher.symbolication.queries import Origin
from mesher.symbolication.shelf import ShelfFile


class MemoryShelf:
    """Holds what was uploaded, in the order of the uploads."""

    def __init__(self) -> None:
        self._files: list[tuple[str, BundleFile]] = []
        self._debug: list[tuple[DebugObject, bytes]] = []
        self.reads = 0
        self.removed: set[str] = set()  # URLs of files that were removed after they were found

    def upload(self, blob: bytes, *, release: str = "") -> MemoryShelf:
        self._files += [(release, file) for file in read_bundle(blob)]
        return self

    def upload_debug_file(self, blob: bytes, debug_id: str | None = None) -> MemoryShelf:
        self._debug += [(found, blob) for found in read_debug_file(blob, debug_id=debug_id)]
        return self

    def by_debug_id(
        self,
        origin: Origin,  # noqa: ARG002 - this shelf has one project
        debug_id: uuid.UUID,
        artifact_type: ArtifactType,
    ) -> ShelfFile | None:
        for number, (_, file) in reversed(list(enumerate(self._files))):
            if file.debug_id == debug_id and file.type == artifact_type:
                return _shelf_file(number, file)
        return None

    def by_url(
        self, origin: Origin, urls: Sequence[str], types: Sequence[ArtifactType]
    ) -> ShelfFile | None:
        for url in urls:
            for number, (release, file) in reversed(list(enumerate(self._files))):
                if release == origin.release and file.url == url and file.type in types:
                    return _shelf_file(number, file)
        return None

    def debug_file(
        self,
        origin: Origin,  # noqa: ARG002 - this shelf has one project
        debug_id: str,
        features: Sequence[str],
    ) -> ShelfFile | None:
        for number, (found, blob) in enumerate(self._debug):
            if found.debug_id == debug_id and set(features) & set(found.features):
                return ShelfFile(
                    key=("debug", str(number)), url="debug", headers={}, size_bytes=len(blob)
                )
        return None

    def read(self, file: ShelfFile) -> bytes | None:
        self.reads += 1
        if file.url in self.removed:
            return None
        kind, number = file.key
        if kind == "debug":
            return self._debug[int(number)][1]
        return self._files[int(number)][1].data


def _shelf_file(number: int, file: BundleFile) -> ShelfFile:
    return ShelfFile(
        key=("file", str(number)), url=file.url, headers=file.headers, size_bytes=len(file.data)
    )
