"""
ProGuard mappings, which clients name by their id: ``proguard/<uuid>.txt``. sentry-cli 3 sends them as
other debug files, sentry-cli 2 in a zip archive.
"""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from collections.abc import Iterator
from typing import Final, NamedTuple

from mesher.errors import ProtocolError, TooLarge
from mesher.symbolication.limits import MAX_DEBUG_FILE_BYTES

# One for each variant of an application that is built at once.
MAX_MAPPINGS: Final = 32

_NAME = re.compile(
    r"/?proguard/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.txt",
    re.IGNORECASE | re.ASCII,
)


class ArchivedMapping(NamedTuple):
    """One mapping, unpacked."""

    name: str
    debug_id: uuid.UUID
    data: bytes


def mapping_id(name: str) -> uuid.UUID | None:
    """The id in the name of a mapping; ``None``: it is another file."""
    matched = _NAME.fullmatch(name)
    return uuid.UUID(matched[1]) if matched else None


def read_mappings(archive: bytes) -> Iterator[ArchivedMapping]:
    """
    The mappings in an archive; all that together are as large as one debug file may be.

    Raises:
        ProtocolError: it is no zip archive, damaged, or holds something else.
        TooLarge: too many mappings, or too large ones.
    """
    left = MAX_DEBUG_FILE_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = opened.infolist()
            if len(entries) > MAX_MAPPINGS:
                raise TooLarge(f"the archive holds {len(entries)} files; {MAX_MAPPINGS} are taken")
            for entry in entries:
                debug_id = mapping_id(entry.filename)
                if debug_id is None:
                    raise ProtocolError(
                        f"the archive holds {entry.filename[:100]!r}, which is no mapping",
                        hint="upload other debug files with sentry-cli debug-files upload",
                    )
                with opened.open(entry) as stream:
                    data = stream.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise TooLarge(f"the archive unpacks to more than {MAX_DEBUG_FILE_BYTES} bytes")
                yield ArchivedMapping(entry.filename, debug_id, data)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ProtocolError(f"the archive cannot be read: {error}") from error
