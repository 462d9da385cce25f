"""Patterns: what fits them, and that none can be made slow."""

from __future__ import annotations

import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.grouping.rules.globs import path_test, text_test

# Of CPU, for the longest texts that events keep (8,192 characters): a thousand a second would still be
# matched; what tries combinations takes minutes.
ENOUGH_SECONDS = 0.5


@pytest.mark.parametrize(
    ("glob", "text", "fits"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("a*", "a", True),
        ("a*c", "abbc", True),
        ("a*c", "abcd", False),
        ("*b*", "abc", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("*", "two\nlines", True),
        ("Error", "error", False),
        ("items[0]", "items[0]", True),
        ("a.c", "abc", False),
        ("a**b", "a/x/b", True),
        ("*ab*ab", "abab", True),
        ("*ab*ab", "ab", False),
    ],
)
def test_a_pattern_fits_the_whole_text_with_stars_and_question_marks_alone_special(
    glob, text, fits
):
    assert text_test(glob)(text) is fits


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_a_pattern_fits_what_the_patterns_of_files_fit(glob, text):
    assert text_test(glob)(text) is fnmatch.fnmatchcase(text, glob)


@pytest.mark.parametrize(
    ("glob", "path", "fits", "why"),
    [
        ("**/vendor/**", "/srv/app/vendor/x/y.php", True, "any folders before and behind"),
        ("**/vendor/**", "vendor/y.php", True, "none before"),
        ("**/vendor/**", "/srv/vendors/y.php", False, "a whole part"),
        ("src/*.py", "/src/a.py", True, "a slash at the begin is no difference"),
        ("/src/*.py", "src/a.py", True, "either way"),
        ("src/*.py", "src/b/a.py", False, "a star stays within a part"),
        ("**/a/**/b/c", "/a/b/x/b/c", True, "the second b/c counts"),
        ("**/a/**/b/c", "/a/b/x/b/d", False, "none counts"),
        ("a/**/b", "a/b", True, "no folder at all"),
        ("**/*.min.js", "https://cdn.example.com/x/App.MIN.js", True, "case is no difference"),
        ("C:\\Jobs\\*", "c:/jobs/a.cs", True, "nor is the kind of slash"),
        ("**", "x", True, "anything"),
        ("**/**/b", "/a/c/b", True, "twice is once"),
        ("*/b", "/a/c/b", False, "one part, not two"),
    ],
)
def test_a_pattern_of_paths_knows_folders(glob, path, fits, why):
    assert path_test(glob)(path) is fits, why


def _by_trying_everything(glob: list[str], path: list[str]) -> bool:
    if not glob:
        return not path
    if glob[0] == "**":
        tails = range(len(path) + 1) if len(glob) > 1 else range(1, len(path) + 1)
        return any(_by_trying_everything(glob[1:], path[n:]) for n in tails) or (
            len(glob) == 1 and bool(path)
        )
    return (
        bool(path)
        and fnmatch.fnmatchcase(path[0], glob[0])
        and _by_trying_everything(glob[1:], path[1:])
    )


_PARTS = st.sampled_from(["a", "b", "ab", "abb"])
_GLOBS = st.sampled_from(["a", "b", "*", "a*", "*b", "a?", "**"])


@given(st.lists(_GLOBS, min_size=1, max_size=6), st.lists(_PARTS, min_size=1, max_size=7))
def test_taking_the_first_place_finds_what_trying_all_places_finds(glob, path):
    assert path_test("/".join(glob))("/".join(path)) is _by_trying_everything(glob, path)


@pytest.mark.parametrize("test", [text_test, path_test])
@pytest.mark.parametrize("glob", ["*a" * 60 + "b", "**/a/" * 30 + "*b", "?*" * 60 + "b"])
@pytest.mark.parametrize("text", ["a" * 8192, "/a" * 4096, "a/b" * 2730])
def test_no_pattern_is_slow_on_any_text(test, glob, text):
    began = time.process_time()
    test(glob)(text)
    assert time.process_time() - began < ENOUGH_SECONDS
