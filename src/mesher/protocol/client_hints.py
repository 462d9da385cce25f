"""
Browser, operating system and device from the Client Hints that Chromium's browsers send beside their
User-Agent header, which they have frozen (https://wicg.github.io/ua-client-hints/).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# Of the headers, in the spelling of ``request``.
_BRANDS, _VERSIONS = "Sec-Ch-Ua", "Sec-Ch-Ua-Full-Version-List"
_SYSTEM, _SYSTEM_VERSION = "Sec-Ch-Ua-Platform", "Sec-Ch-Ua-Platform-Version"
_MODEL = "Sec-Ch-Ua-Model"
HINTS = (_BRANDS, _VERSIONS, _SYSTEM, _SYSTEM_VERSION, _MODEL)

_MAX_CHARACTERS = 512  # real lists stay below 150
_BRAND = re.compile(r'"([^"\\]{1,64})"\s*;\s*v="([\d.]{1,32})"')
# Every list holds a made-up brand, so that nobody relies on its order: "Not=A?Brand".
_MADE_UP = re.compile(r"not.*brand", re.IGNORECASE)
_ENGINE = "Chromium"
_PRODUCTS = {"Google Chrome": "Chrome", "Microsoft Edge": "Edge"}  # as User-Agent headers have it
# Windows' platform version is that of an interface of its, not of its own.
_WINDOWS_11 = 13


def parse_client_hints(headers: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """
    What the hints say, as contexts.

    Args:
        headers: the values of the hints by name; others are not looked at.

    Returns:
        ``browser`` and ``os`` with name and version, ``device`` with its model; only those that are
        there.
    """
    contexts: dict[str, dict[str, str]] = {}
    brands = headers.get(_VERSIONS) or headers.get(_BRANDS, "")
    if browser := _browser(brands[:_MAX_CHARACTERS]):
        contexts["browser"] = browser
    if name := _text(headers, _SYSTEM):
        version = _system_version(name, _text(headers, _SYSTEM_VERSION))
        contexts["os"] = {"name": name, "version": version} if version else {"name": name}
    if model := _text(headers, _MODEL):
        contexts["device"] = {"family": model, "model": model}
    return contexts


def _browser(brands: str) -> dict[str, str]:
    """The product; where only its engine is named, that."""
    found = {name: version for name, version in _BRAND.findall(brands) if not _MADE_UP.search(name)}
    for name in (*(name for name in found if name != _ENGINE), *found):
        return {"name": _PRODUCTS.get(name, name), "version": found[name]}
    return {}


def _system_version(name: str, version: str) -> str:
    major = version.partition(".")[0]
    if name != "Windows" or not major.isdecimal():
        return version
    number = int(major)
    if number == 0:
        return ""  # 7, 8 or 8.1
    return "11" if number >= _WINDOWS_11 else "10"


def _text(headers: Mapping[str, str], name: str) -> str:
    """A hint of one text, which is in quotation marks."""
    text = headers.get(name, "")[:_MAX_CHARACTERS].strip().strip('"')
    return "" if text == "Unknown" else text
