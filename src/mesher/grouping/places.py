"""The file of a call as it groups: without its folder, and without what builds put into its name."""

from __future__ import annotations

import re
from functools import lru_cache

from mesher.grouping.functions import JAVASCRIPT
from mesher.protocol.event import Frame

_FETCHED = ("http:", "https:", "blob:", "applewebdata:")
_NO_FILES = frozenset({"<anonymous>", "[native code]", "[internal]"})
# A page's own address is no file: one script stands in many pages.
_SCRIPT = re.compile(r"\.(?:[cm]?[jt]sx?|vue|svelte|bundle)$")
# What bundlers put into names so that browsers fetch them anew: app.3f2c1.js, index-BxYz12ab.js,
# main-CqVbXzLp.js. A digit in it, or capitals within, tell it from a word.
_CONTENT_HASH = re.compile(
    r"[.\-_](?:(?=[A-Za-z]{0,31}\d)[A-Za-z0-9]{5,32}"
    r"|(?=[A-Za-z]{0,6}[a-z][A-Z])[A-Za-z]{8})(?=[.\-_]|$)"
)
# The numbered pieces of a bundle: their numbers are dealt anew in each build.
_NUMBERED = re.compile(r"(?=[a-f]{0,31}\d)[0-9a-f]+$")


def is_mapped(frame: Frame) -> bool:
    """Whether a source map has told what a call is of."""
    return frame.data is not None and bool(frame.data.get("sourcemap"))


def file_name(frame: Frame, platform: str) -> str:
    """
    The name of a call's file, in lower case; empty where it does not stay.

    Of JavaScript without its ending, so that a source and what is compiled of it are the same:
    ``src/cart.ts`` and ``dist/cart.js`` are ``cart``.
    """
    if platform in JAVASCRIPT:
        return _script_name(frame.filename or frame.module or "", frame.abs_path or "")
    if not frame.filename or (frame.abs_path or "").startswith(_FETCHED):
        return ""
    name = frame.filename.replace("\\", "/").rpartition("/")[2]
    return "" if name in _NO_FILES else name.lower()


@lru_cache(maxsize=4096)  # a project has some hundreds of files; a path is 1 KB at most
def _script_name(path: str, abs_path: str) -> str:
    name = path.partition("?")[0].partition("#")[0].replace("\\", "/").rpartition("/")[2]
    stem, endings = _SCRIPT.subn("", name)
    if not endings and (abs_path.startswith(_FETCHED) or name in _NO_FILES):
        return ""
    stem = _CONTENT_HASH.sub("", stem)
    return "" if _NUMBERED.match(stem) else stem.lower()
