"""
Patterns: ``*`` stands for any text, ``?`` for one character, all else for itself.

Whoever writes a pattern, and whoever sends what it is matched against, must not be able to make
that slow. Each ``*`` therefore takes the first place where what follows it fits and is never tried
again (an atomic group); the first place is always good enough, because what follows up to the next
``*`` has a fixed length. The time is at most that of the text times the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

Test = Callable[[str], bool]

ANY_FOLDERS = "**"


@lru_cache(maxsize=1024)
def text_test(glob: str) -> Test:
    """Whether a whole text fits a pattern; case counts, and ``*`` crosses everything."""
    if "*" not in glob and "?" not in glob:
        return glob.__eq__
    return _test(re.compile(_stars(glob, any_one=".", any_text=".*") + r"\Z", re.DOTALL))


@lru_cache(maxsize=1024)
def path_test(glob: str) -> Test:
    """
    Whether a whole path fits a pattern; case does not count, and a backslash is a slash.

    ``*`` stays within one part of the path. ``**``, which stands alone between slashes, is any
    number of parts. Where one of the two begins with a slash, so does the other: ``src/*.py`` fits
    ``/src/a.py``, and the other way round.
    """
    parts = _normalized(glob).split("/")[1:]
    # The runs between the ``**``. Each takes the first place where it fits: its parts are of a fixed
    # number, so the argument for ``*`` holds for ``**`` too, with parts for characters.
    runs: list[list[str]] = [[]]
    for part in parts:
        if part == ANY_FOLDERS:
            runs.append([])
        else:
            runs[-1].append(part)
    first, *others = ["".join(map(_part, run)) for run in runs]
    folders = "(?:/[^/]*+)*?"
    middle = "".join(f"(?>{folders}{run}(?=/))" for run in others[:-1])
    last = f"{folders}{others[-1] or '/[^/]*+'}" if others else ""
    expression = re.compile(f"{first}{middle}{last}\\Z")
    test = _test(expression)
    return lambda path: test(_normalized(path))


def _part(glob: str) -> str:
    return "/" + _stars(glob, any_one="[^/]", any_text="[^/]*")


def _stars(glob: str, *, any_one: str, any_text: str) -> str:
    first, *others = [
        any_one.join(map(re.escape, part.split("?")))
        for part in re.sub(r"\*+", "*", glob).split("*")
    ]
    if not others:
        return first
    middle = "".join(f"(?>{any_text}?{part})" for part in others[:-1])
    return f"{first}{middle}{any_text}{others[-1]}"


def _normalized(path: str) -> str:
    path = path.lower().replace("\\", "/")
    return path if path.startswith("/") else f"/{path}"


def _test(expression: re.Pattern[str]) -> Test:
    match = expression.match
    return lambda text: match(text) is not None
