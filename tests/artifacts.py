"""Uploads to test with: source bundles as sentry-cli builds them."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, NamedTuple

HEADER = b"SYSB\x02\x00\x00\x00"


class File(NamedTuple):
    """One file of a bundle."""

    type: str
    url: str
    data: bytes
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed


def bundle(*files: File, **manifest: Any) -> bytes:
    """A source bundle of files."""
    entries = {}
    packed = io.BytesIO()
    packed.write(HEADER)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, file in enumerate(files):
            archive.writestr(f"files/{number}", file.data)
            entries[f"files/{number}"] = {
                "type": file.type,
                "url": file.url,
                "headers": file.headers,
            }
        archive.writestr("manifest.json", json.dumps({"files": entries, **manifest}))
    return packed.getvalue()
