"""
Browser, operating system and device from a User-Agent header, by the expressions of ua-parser: those
that Sentry uses too, so that names and searches are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ua_parser import OS, Device, PartialResult, UserAgent

_MAX_CHARACTERS = 512  # real ones stay below 300
# Of the many programs that ua-parser does not know: Werkzeug/3.0, python-httpx/0.27.
_PROGRAM = re.compile(r"(?!Mozilla)([\w.-]{2,40})/(\d[\d.]{0,20})")
# What the header says for every version from this one on: browsers have frozen it.
_FROZEN = {("Windows", "10"), ("Mac OS X", "10.15.7")}
_HIDDEN_ANDROID = "Android 10; K)"  # Chrome's, for every version and model
_UNKNOWN_DEVICES = frozenset(["Other", "K", "Generic Smartphone", "Generic Tablet"])


def parse_user_agent(text: str) -> dict[str, dict[str, str]]:
    """
    What a User-Agent header says, as contexts.

    Returns:
        ``browser`` and ``os`` with name and version, ``device`` with its family, brand and model; only
        those that are recognised. Shared between callers: copy before changing.
    """
    return _parse(text[:_MAX_CHARACTERS]) if text else {}


@lru_cache(maxsize=1024)  # most events come from few browsers; an entry is 0.8 KB
def _parse(text: str) -> dict[str, dict[str, str]]:
    found = _resolver()(text)
    contexts: dict[str, dict[str, str]] = {}
    if found.user_agent is not None:
        contexts["browser"] = _browser(found.user_agent)
    elif match := _PROGRAM.match(text):
        contexts["browser"] = {"name": match[1], "version": match[2]}
    if found.os is not None:
        contexts["os"] = _system(found.os, text)
    if found.device is not None and found.device.family not in _UNKNOWN_DEVICES:
        contexts["device"] = _device(found.device)
    return contexts


@cache
def _resolver() -> Callable[[str], PartialResult]:
    """
    The compiled expressions: 11 MB and 0.2 s, which only a process that reads events should pay, and
    only once it reads one with such a header. RE2 takes linear time for any text.
    """
    from ua_parser import Domain  # noqa: PLC0415 - see above
    from ua_parser.loaders import load_builtins  # noqa: PLC0415
    from ua_parser.re2 import Resolver  # noqa: PLC0415

    resolver = Resolver(load_builtins())
    return lambda text: resolver(text, Domain.ALL)


def _browser(browser: UserAgent) -> dict[str, str]:
    return _named(browser.family, _version(browser.major, browser.minor, browser.patch))


def _system(system: OS, text: str) -> dict[str, str]:
    version = _version(system.major, system.minor, system.patch)
    if (system.family, version) in _FROZEN or _HIDDEN_ANDROID in text:
        version = f">={version}"
    return _named(system.family, version)


def _device(device: Device) -> dict[str, str]:
    parts = {"family": device.family, "brand": device.brand, "model": device.model}
    return {name: text for name, text in parts.items() if text}


def _named(name: str, version: str) -> dict[str, str]:
    return {"name": name, "version": version} if version else {"name": name}


def _version(*parts: str | None) -> str:
    return ".".join(part for part in parts if part)
