"""
The order of release versions.

Clients name releases ``package@1.2.3-rc.1+42``, with two to four numbers. Versions of one package are
ordered by their numbers; a pre-release comes before its release, as https://semver.org says (11); and
where all else is the same, the build with the larger number is newer, as app stores count. Every other
text has no order, and releases are then ordered by when they were made.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

# Longer ones are a time in microseconds, or no number that anybody counts by.
_VERSION = re.compile(
    r"(?:(?P<package>.+)@)?v?(?P<numbers>[0-9]{1,18}(?:\.[0-9]{1,18}){1,3})"
    r"(?:-(?P<pre_release>[0-9A-Za-z.-]+))?(?:\+(?P<build>[0-9A-Za-z.-]+))?",
    re.ASCII,
)
_NUMBERS = 4
_BUILD_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


class _Version(NamedTuple):
    package: str | None
    precedence: tuple[object, ...]
    build: int | None


def compare_versions(one: str, other: str) -> int | None:
    """
    Which of two versions is newer by what they are called.

    Returns:
        Above 0: ``one``; below 0: ``other``; 0: neither. ``None``: their names do not tell.
    """
    left, right = _parse(one), _parse(other)
    if left is None or right is None or left.package != right.package:
        return None
    order = _order(left.precedence, right.precedence)
    if order == 0 and left.build is not None and right.build is not None:
        return left.build - right.build
    return order


def current_version(versions: Sequence[str]) -> str | None:
    """
    The newest of some versions: by name among those that can be compared with the one that was made
    last, else that one itself.

    Args:
        versions: in the order in which they were made, the latest first.
    """
    current = None
    for version in versions:
        if current is None or (compare_versions(version, current) or 0) > 0:
            current = version
    return current


def _parse(version: str) -> _Version | None:
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    numbers = [int(number) for number in found["numbers"].split(".")]
    numbers += [0] * (_NUMBERS - len(numbers))
    build = found["build"]
    return _Version(
        found["package"],
        (*numbers, *_pre_release(found["pre_release"])),
        int(build) if build and _BUILD_NUMBER.fullmatch(build) else None,
    )


def _pre_release(text: str | None) -> tuple[object, ...]:
    """A key that sorts below that of a release; numbers below words, fewer parts below more."""
    if text is None:
        return (1,)
    parts = (
        (0, int(part), "") if _BUILD_NUMBER.fullmatch(part) else (1, 0, part)
        for part in text.split(".")
    )
    return (0, tuple(parts))


def _order(one: tuple[object, ...], other: tuple[object, ...]) -> int:
    return (one > other) - (one < other)
