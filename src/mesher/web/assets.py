"""
Style sheet, scripts and pictures, served by Mesher itself: nothing on a page comes from elsewhere.

A name carries the hash of its content, so browsers may keep it for ever, and a new version of
Mesher brings new names.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import msgspec
from litestar import Response
from litestar.params import FromPath

from mesher.errors import NotFound

_CONTENT_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
# 32 bits would do: it only has to differ between versions of one file.
_HASH_DIGITS = 12


class _Asset(msgspec.Struct, frozen=True):
    path: str
    content: bytes
    content_type: str


def asset_path(name: str) -> str:
    """The address of a file in ``static/``."""
    return _assets()[name].path


async def get_asset(name: FromPath[str]) -> Response[bytes]:
    """
    The content behind ``asset_path``.

    Raises:
        NotFound: no file of this version of Mesher has this name.
    """
    path = f"/static/{name}"
    for asset in _assets().values():
        if asset.path == path:
            return Response(
                asset.content,
                media_type=asset.content_type,
                headers={"cache-control": "public, max-age=31536000, immutable"},
            )
    raise NotFound("there is no such file")


@cache
def _assets() -> dict[str, _Asset]:
    """All files by their plain name; some kilobytes together."""
    assets = {}
    for file in (Path(__file__).parent / "static").iterdir():
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:_HASH_DIGITS]
        path = f"/static/{file.stem}.{digest}{file.suffix}"
        assets[file.name] = _Asset(path, content, _CONTENT_TYPES[file.suffix])
    return assets
