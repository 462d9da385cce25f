"""
Source bundles, as sentry-cli and the bundler plugins upload them.

    53 59 53 42 02 00 00 00  SYSB and the version, 2, then an ordinary ZIP archive with
    manifest.json            {"files": {"<name in the archive>": {"type": "minified_source",
                              "url": "~/app.js", "headers": {"debug-id": "…", "sourcemap": "app.js.map"}}}}

Only the manifest says what a file is; the names within the archive mean nothing.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, cast, get_args

import msgspec

from mesher.errors import ProtocolError, TooLarge
from mesher.ids import parse_uuid
from mesher.symbolication.files import ArtifactType, BundleFile
from mesher.symbolication.limits import (
    MAX_BUNDLE_BYTES,
    MAX_BUNDLE_FILES,
    MAX_FILE_BYTES,
    MAX_HEADER_CHARACTERS,
    MAX_HEADERS,
    MAX_MANIFEST_BYTES,
    MAX_UNPACKED_BYTES,
    MAX_URL_CHARACTERS,
)

MAGIC = b"SYSB"
_MANIFEST = "manifest.json"
_KEPT_TYPES = frozenset(get_args(ArtifactType))
# What PostgreSQL keeps in no text, and no file's name has.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HINT = "upload it again with sentry-cli or a bundler plugin"


class _Entry(msgspec.Struct):
    """What the manifest says of one file; old bundles leave some of it out."""

    type: str = ""
    url: str = ""
    headers: dict[str, Any] = {}


class _Manifest(msgspec.Struct):
    files: dict[str, _Entry]
    debug_id: str | None = None  # of all files that have none of their own


def read_bundle(blob: bytes) -> Iterator[BundleFile]:
    """
    The files of a source bundle in the order of its manifest, unpacked one at a time.

    A file of a type that Mesher has no use for, or without a URL, is passed over.

    Raises:
        ProtocolError: it is no source bundle, or damaged.
        TooLarge: it, or a file in it, is over a limit of ``limits.py``.
    """
    if len(blob) > MAX_BUNDLE_BYTES:
        raise TooLarge(f"the bundle has {len(blob)} bytes; {MAX_BUNDLE_BYTES} are taken")
    if not blob.startswith(MAGIC):
        raise ProtocolError("this is no source bundle: it does not begin with SYSB", hint=_HINT)
    try:
        with zipfile.ZipFile(io.BytesIO(blob)) as archive:
            yield from _read_files(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        # The last two: a compression, or an encryption, that Python's reader does not know.
        raise ProtocolError(f"the bundle is damaged: {error}", hint=_HINT) from error


def _read_files(archive: zipfile.ZipFile) -> Iterator[BundleFile]:
    manifest = _read_manifest(archive)
    left = MAX_UNPACKED_BYTES
    for name, entry in manifest.files.items():
        if entry.type not in _KEPT_TYPES or not entry.url:
            continue
        data = _unpack(archive, name, MAX_FILE_BYTES)
        left -= len(data)
        if left < 0:
            raise TooLarge(
                f"the bundle unpacks to more than {MAX_UNPACKED_BYTES} bytes",
                hint="upload it in several parts",
            )
        yield _bundle_file(name, entry, data, manifest.debug_id)


def _read_manifest(archive: zipfile.ZipFile) -> _Manifest:
    data = _unpack(archive, _MANIFEST, MAX_MANIFEST_BYTES)
    try:
        manifest = msgspec.json.decode(data, type=_Manifest)
    except (msgspec.DecodeError, RecursionError) as error:  # a ValidationError is a DecodeError
        raise ProtocolError(f"the bundle's {_MANIFEST} cannot be read: {error}") from error
    if len(manifest.files) > MAX_BUNDLE_FILES:
        raise TooLarge(
            f"the bundle has {len(manifest.files)} files; {MAX_BUNDLE_FILES} are taken",
            hint="upload it in several parts",
        )
    return manifest


def _unpack(archive: zipfile.ZipFile, name: str, max_bytes: int) -> bytes:
    """One file; what the archive says of its size is not believed."""
    try:
        with archive.open(name) as packed:
            data = packed.read(max_bytes + 1)
    except KeyError as error:
        raise ProtocolError(f"the bundle has no file {name[:200]!r}", hint=_HINT) from error
    if len(data) > max_bytes:
        raise TooLarge(f"the file {name[:200]!r} of the bundle has more than {max_bytes} bytes")
    return data


def _bundle_file(name: str, entry: _Entry, data: bytes, debug_id: str | None) -> BundleFile:
    if len(entry.url) > MAX_URL_CHARACTERS or _CONTROL.search(entry.url):
        raise ProtocolError(
            f"the URL of the file {name[:200]!r} has control characters, or more than"
            f" {MAX_URL_CHARACTERS} characters",
            field=f"files.{name[:200]}.url",
        )
    headers = {
        key.lower(): value
        for key, value in list(entry.headers.items())[:MAX_HEADERS]
        if isinstance(value, str)
        and len(key) + len(value) <= MAX_HEADER_CHARACTERS
        and not _CONTROL.search(key + value)
    }
    return BundleFile(
        type=cast("ArtifactType", entry.type),  # one of _KEPT_TYPES
        url=entry.url,
        headers=headers,
        debug_id=parse_uuid(headers.get("debug-id") or debug_id),
        data=data,
    )
