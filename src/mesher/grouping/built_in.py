"""
Fingerprints that Mesher sets itself where the client sets none: problems that come in as many shapes as
an application has pages, and are one problem.
"""

from __future__ import annotations

import re

from mesher.grouping.explanation import Part
from mesher.grouping.functions import JAVASCRIPT
from mesher.protocol.event import Event, ExceptionValue

# A page that was opened before a deployment asks for a file that is gone. The words of webpack, of
# Chrome, of Firefox and of Safari.
_CHUNK_ERROR = re.compile(
    r"Loading (?:CSS )?chunk .{1,200} failed|Failed to fetch dynamically imported module"
    r"|error loading dynamically imported module|Importing a module script failed"
)
# What the server rendered is not what the browser would; 418 to 425 are React's numbers for it.
_HYDRATION_ERROR = re.compile(
    r"Hydration failed because|There was an error while hydrating"
    r"|Text content does(?: not|n't) match server-rendered HTML"
    r"|Minified React error #(?:418|419|422|423|425)\b"
)
# Where either begins: all texts of both name one of these.
_TELLING = re.compile("chunk|module|[Hh]ydrat|server-rendered|Minified React")


def built_in_fingerprint(event: Event, main: ExceptionValue | None) -> list[Part]:
    """What groups an event instead of its calls; empty for nearly all."""
    if main is None or event.platform not in JAVASCRIPT:
        return []
    value = main.value or ""
    if main.type == "ChunkLoadError":
        return [Part("built-in fingerprint", "chunkloaderror")]
    if not _TELLING.search(value):
        return []
    if _CHUNK_ERROR.search(value):
        return [Part("built-in fingerprint", "chunkloaderror")]
    if _HYDRATION_ERROR.search(value):
        page = event.tags.get("transaction") or event.transaction or "<no-transaction>"
        return [Part("built-in fingerprint", "hydrationerror"), Part("transaction", page)]
    return []
