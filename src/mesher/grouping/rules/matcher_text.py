"""The part of a rule that says what it is about: ``[ function:retry ] | module:shop.* !app:no``."""

from __future__ import annotations

import re

from mesher.grouping.rules.globs import ANY_FOLDERS, path_test
from mesher.grouping.rules.matchers import (
    APP,
    KINDS,
    LONG_NAMES,
    NAMES,
    NO,
    TAG,
    YES,
    Matcher,
    kind_of,
)
from mesher.grouping.rules.rule import MAX_PATTERN_CHARACTERS
from mesher.grouping.rules.scanner import Scanner

_NAME = re.compile(r"(!?)([A-Za-z][\w.-]*):(?![ \t])")
_PATTERN = re.compile(r"[^\s\"]\S*")
_OPEN, _CLOSE = re.compile(r"\["), re.compile(r"\](?!\S)")

_MATCHER_HINT = f"name:pattern, where the name is one of {', '.join(NAMES)}"


def take_neighbour(scanner: Scanner) -> tuple[Matcher, ...]:
    """
    Go past the matchers in brackets; none where no bracket is opened.

    Raises:
        RuleError: what is in the brackets cannot be read.
    """
    if not scanner.take(_OPEN):
        return ()
    begin = scanner.mark()
    matchers = take_matchers(scanner, within_brackets=True)
    for one in matchers:
        if one.name != APP and kind_of(one.name).of != "call":
            scanner.fail(f"{one.name} is not of a call", "write it before the brackets", at=begin)
    if not scanner.take(_CLOSE):
        scanner.expected("another matcher or ]", "close the bracket with a blank before it: ` ]`")
    return matchers


def take_matchers(scanner: Scanner, *, within_brackets: bool = False) -> tuple[Matcher, ...]:
    """
    Go past all matchers that stand here, at least one.

    Raises:
        RuleError: there is none, or one that cannot be read.
    """
    found: list[Matcher] = []
    while True:
        begin = scanner.mark()
        name = scanner.take(_NAME)
        if name is None:
            break
        short = LONG_NAMES.get(name[2], name[2])
        is_tag = short.startswith(TAG) and short != TAG
        if short not in KINDS and short != APP and not is_tag:
            scanner.fail(
                f"{short!r} is nothing that a rule can match",
                f"one of {', '.join(NAMES)}",
                at=begin,
            )
        pattern = _pattern(scanner, short, within_brackets=within_brackets)
        if short == APP and any(one.name == APP for one in found):
            scanner.fail("app is asked for twice", "one of app:yes and app:no", at=begin)
        found.append(Matcher(short, pattern, negated=name[1] == "!"))
    if not found:
        scanner.expected("a matcher", _MATCHER_HINT)
    return tuple(found)


def _pattern(scanner: Scanner, name: str, *, within_brackets: bool) -> str:
    begin = scanner.mark()
    pattern = scanner.take_quoted()
    if pattern is None:
        bare = scanner.take(_PATTERN)
        pattern = bare[0] if bare else ""
        if within_brackets and pattern.endswith("]"):
            scanner.fail(
                "the bracket is closed without a blank before it",
                "write ` ]`, or put a pattern that ends in ] in quotation marks",
                at=begin + len(pattern) - 1,
            )
    if not pattern:
        scanner.expected(f"a pattern for {name}", f'{name}:pattern, or {name}:"with blanks"')
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        scanner.fail(
            f"the pattern has {len(pattern)} characters; {MAX_PATTERN_CHARACTERS} are allowed",
            "keep the part that tells it apart, and put * for the rest",
            at=begin,
        )
    if name == APP and pattern not in YES | NO:
        scanner.fail(f"{pattern!r} is neither yes nor no", "app:yes or app:no", at=begin)
    if name in KINDS and KINDS[name].test is path_test:
        _check_path(scanner, pattern, begin)
    return pattern


def _check_path(scanner: Scanner, pattern: str, begin: int) -> None:
    for part in pattern.replace("\\", "/").split("/"):
        if ANY_FOLDERS in part and part != ANY_FOLDERS:
            scanner.fail(
                f"{ANY_FOLDERS} stands beside other text in {part!r}",
                f"put it alone between slashes: {ANY_FOLDERS}/*.py; within a part, * is enough",
                at=begin,
            )
