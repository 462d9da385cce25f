"""URLs and paths: where a file of a stack trace may have been uploaded, and what its source is called."""

from __future__ import annotations

import re
from typing import NamedTuple

# The part of a source's name that is the bundler's: "webpack://shop/./src/a.ts" is "./src/a.ts".
_BUNDLER = re.compile(
    r"(?:webpack|webpack-internal|turbopack|rspack|rollup|vite|parcel|ng)://(?:/|[^/]*/)"
)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]+:")  # two letters at least: C: is a drive
_DRIVE = re.compile(r"[a-zA-Z]:[\\/]")
_ROOT = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]+://[^/]*|~|[a-zA-Z]:(?=/)|")
_UPWARDS = re.compile(r"(?:\.{0,2}/)+")
_EXTENSION = re.compile(r"\.(?:[cm]?[jt]sx?|vue|svelte|coffee|astro)$")
# Folders of a build that say nothing of the source, or change from one build to the next.
_BUILD_FOLDERS = re.compile(
    r"(?:(?:js|build|static|dist|public|_next|node_modules|v?\d+(?:\.\d+)+|[0-9a-f]{32,40})/)+"
)


def url_candidates(abs_path: str) -> list[str]:
    """
    The URLs under which a file may have been uploaded, best first:
    ``https://shop/a.js?v=1`` as it is, without its query, and both with ``~`` for the host.
    """
    whole = abs_path.partition("#")[0]
    plain = whole.partition("?")[0]
    return list(dict.fromkeys([whole, plain, _tilde(whole), _tilde(plain)]))


def _tilde(url: str) -> str:
    return "~/" + _split(url).path.lstrip("/")


class _Split(NamedTuple):
    root: str  # scheme and host, ~ for any host, a drive, or nothing
    path: str


def _split(url: str) -> _Split:
    if _DRIVE.match(url):
        url = url.replace("\\", "/")
    root = _ROOT.match(url)
    end = root.end() if root else 0
    return _Split(url[:end], url[end:])


def join(base: str, reference: str) -> str:
    """A reference in a file, such as to its map, as a URL of the kind that the file's own has."""
    if _SCHEME.match(reference) or _DRIVE.match(reference):
        return reference
    root, path = _split(base.partition("?")[0])
    if not reference.startswith("/"):
        reference = f"{path.rpartition('/')[0]}/{reference}"
    parts: list[str] = []
    for part in reference.split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    slash = "/" if root or path.startswith("/") else ""
    return root + slash + "/".join(parts)


def source_url(map_url: str, name: str, *, built: str) -> str:
    """
    Where a source of a map would be; absolute names and those of bundlers stay as they are.

    Args:
        map_url: as it was uploaded, often for any host.
        name: of the source in the map, relative to it.
        built: where the built file was, as the stack trace says; a path is a better base than a URL.
    """
    if name.startswith("/"):
        return name
    root = _split(built).root
    if "://" not in root:
        return join(built, name)
    return join(map_url.replace("~", root, 1) if map_url.startswith("~") else map_url, name)


def source_filename(name: str) -> str:
    """A source's name without what the bundler put before it."""
    bundler = _BUNDLER.match(name)
    if bundler:
        name = name[bundler.end() :]
    lead, dependency, rest = name.partition("/~/")  # webpack 1: node_modules
    return f"~/{rest}" if dependency and lead is not None else name


def source_module(name: str) -> str:
    """
    What a source file goes by, wherever its build is served: ``../src/cart.ts`` is ``src/cart``.

    Returns:
        Empty for an absolute path, which another machine's build has differently.
    """
    filename = source_filename(name).partition("?")[0]
    if filename.startswith("/") or _DRIVE.match(filename):
        return ""
    if _SCHEME.match(filename):
        filename = _split(filename).path
    upwards = _UPWARDS.match(filename)
    filename = filename[upwards.end() :] if upwards else filename
    folders = _BUILD_FOLDERS.match(filename)
    filename = filename[folders.end() :] if folders else filename
    return _EXTENSION.sub("", filename)
