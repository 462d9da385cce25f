"""
Debug files, as ``sentry-cli debug-files upload`` sends them: what kind of file it is, and by which
ids crashes name it.
"""

from __future__ import annotations

import re
import uuid

from symbolic.debuginfo import Archive
from symbolic.exceptions import SymbolicError

from mesher.errors import ProtocolError, TooLarge
from mesher.symbolication.files import DebugObject
from mesher.symbolication.limits import MAX_DEBUG_FILE_BYTES, MAX_OBJECTS

# Where a mapping begins: comments, then a class and its short name.
_PROGUARD = re.compile(rb"(?:\s*#[^\n]*\n)*\s*[\w.$\-]+ -> [\w.$\-]+:\s*(?:#[^\n]*)?(?:\r?\n|$)")
# What the native library identifies by its owner, not by itself: it is kept under the id it came with.
_OTHER = (
    (re.compile(rb"BCSymbolMap Version:"), "bcsymbolmap"),
    (re.compile(rb"<\?xml[^>]*>\s*<!DOCTYPE plist"), "uuidmap"),
    (re.compile(rb"\s*[\[{]"), "json"),  # Dart symbol maps and il2cpp line mappings
)
_PROGUARD_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "guardsquare.com")


def read_debug_file(blob: bytes, *, debug_id: str | None = None) -> list[DebugObject]:
    """
    The objects that a debug file holds; several in a universal Mach-O file.

    Args:
        blob: the file.
        debug_id: under which it was uploaded, for files that do not hold their own.

    Raises:
        ProtocolError: it is of no kind that can be used.
        TooLarge: it is over the limit.
    """
    if len(blob) > MAX_DEBUG_FILE_BYTES:
        raise TooLarge(
            f"the debug file has {len(blob)} bytes; {MAX_DEBUG_FILE_BYTES} are taken",
            hint="strip it of what is not needed, or upload symbols alone (dump_syms)",
        )
    given = (debug_id or "").lower()
    if _PROGUARD.match(blob):
        own = given or str(uuid.uuid5(_PROGUARD_NAMESPACE, _text_for_id(blob)))
        return [DebugObject(format="proguard", debug_id=own, arch="any", features=("mapping",))]
    for pattern, file_format in _OTHER:
        if pattern.match(blob):
            return [DebugObject(format=file_format, debug_id=given, arch="any")]
    return _native_objects(blob)


def _text_for_id(blob: bytes) -> str:
    """uuid5 takes text and hashes its UTF-8; a mapping that is none stays distinct."""
    return blob.decode("utf-8", errors="replace")


def _native_objects(blob: bytes) -> list[DebugObject]:
    try:
        # The library reads on in ``blob`` without holding it: the caller's name for it does.
        objects = list(Archive.from_bytes(blob).iter_objects())
    except SymbolicError as error:
        raise ProtocolError(
            f"this is no debug file: {error}",
            hint="Mesher takes ELF, Mach-O, PE, PDB, WebAssembly, Breakpad and ProGuard files",
        ) from error
    return [
        DebugObject(
            format=found.file_format,
            debug_id=found.debug_id,
            code_id=found.code_id or "",
            kind=found.kind,
            arch=found.arch,
            features=tuple(sorted(found.features)),
        )
        for found in objects[:MAX_OBJECTS]
    ]
