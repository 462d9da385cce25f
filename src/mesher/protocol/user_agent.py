"""
Browser, operating system and device from a User-Agent header: enough to search by, no more.

Browsers freeze and fake most of the header, so a database of all devices ever made would mostly
find what is not true.
"""

from __future__ import annotations

import re
from functools import lru_cache

_MAX_CHARACTERS = 512  # real ones stay below 300
# The first that is found wins: each claims to be those below it, too.
_BROWSERS = (
    ("Edge", re.compile(r"\b(?:Edg|Edge|EdgA|EdgiOS)/([\d.]+)")),
    ("Opera", re.compile(r"\b(?:OPR|OPiOS)/([\d.]+)")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/([\d.]+)")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/([\d.]+)")),
    ("Chrome", re.compile(r"(?:Chrome|CriOS)/([\d.]+)")),
    ("Safari", re.compile(r"\bVersion/([\d.]+).*\bSafari/")),
)
_PROGRAM = re.compile(r"(?!Mozilla)([\w.-]{2,40})/([\d.]+)")  # curl/8.5.0, python-requests/2.32
_SYSTEMS = (
    ("Windows", re.compile(r"\bWindows NT ([\d.]+)")),
    ("iOS", re.compile(r"\b(?:iPhone OS|CPU OS) ([\d_]+) like Mac OS X")),
    ("macOS", re.compile(r"\bMac OS X ([\d_.]+)")),
    ("Android", re.compile(r"\bAndroid ([\d.]+)")),
    ("ChromeOS", re.compile(r"\bCrOS \w+ ([\d.]+)")),
    ("Linux", re.compile(r"\bLinux\b()")),
)
_WINDOWS_VERSIONS = {"6.1": "7", "6.2": "8", "6.3": "8.1", "10.0": ">=10"}
_DEVICE = re.compile(
    r"\((iPhone|iPad|iPod)|\bAndroid [\d.]+; (?!K\b)([^;()]{2,60}?)(?: Build/|[;)])"
)


@lru_cache(maxsize=4096)  # most events come from few browsers
def parse_user_agent(text: str) -> dict[str, dict[str, str]]:
    """
    What a User-Agent header says, as contexts.

    Returns:
        ``browser`` and ``os`` with name and version, ``device`` with its model; only those that are
        recognised. Shared between callers: copy before changing.
    """
    text = text[:_MAX_CHARACTERS]
    found: dict[str, dict[str, str]] = {}
    for name, pattern in _BROWSERS:
        if match := pattern.search(text):
            found["browser"] = {"name": name, "version": match[1]}
            break
    else:
        if match := _PROGRAM.match(text):
            found["browser"] = {"name": match[1], "version": match[2]}
    for name, pattern in _SYSTEMS:
        if match := pattern.search(text):
            found["os"] = _system(name, match[1])
            break
    if match := _DEVICE.search(text):
        found["device"] = {"model": match[1] or match[2]}
    return found


def _system(name: str, version: str) -> dict[str, str]:
    if name == "Windows":
        version = _WINDOWS_VERSIONS.get(version, version)
    version = version.replace("_", ".")
    return {"name": name, "version": version} if version else {"name": name}
