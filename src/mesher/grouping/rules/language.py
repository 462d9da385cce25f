"""
Text to rules.

    # fingerprint: what is matched, and the values that make the issue
    type:DatabaseUnavailable release:2.* -> database-down, {{ tags.shard }} title="Database down"
    # calls: what is matched, and what becomes of the call or of those around it
    path:**/generated/** -app
    [ function:retry ] | module:shop.* ^-group
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

import msgspec

from mesher.grouping.rules.fingerprint_text import take_fingerprint
from mesher.grouping.rules.matcher_text import take_matchers, take_neighbour
from mesher.grouping.rules.matchers import Matcher
from mesher.grouping.rules.rule import (
    MAX_CALLS,
    MAX_MATCHERS,
    MAX_RULES,
    MAX_TEXT_CHARACTERS,
    CallRule,
    FingerprintRule,
    Mark,
    Rule,
)
from mesher.grouping.rules.scanner import RuleError, Scanner

_BAR, _ARROW = re.compile(r"\|"), re.compile(r"->")
_MARK = re.compile(r"([v^]?)([+-])(app|group)(?!\S)")
_LIMIT = re.compile(r"(max|min)-frames=(\d{1,9})(?!\S)")
_CATEGORY = re.compile(r"category=")

_ACTION_HINT = (
    "-> and the values of a fingerprint, or what becomes of the call: +app, -app, +group, -group "
    "(with ^ for the newer calls, v for the older ones), max-frames=n, min-frames=n"
)


class Parsed(NamedTuple):
    """What a text holds."""

    rules: list[Rule]  # in the order of their lines
    errors: list[RuleError]  # of the lines that are no rules, in their order


def parse_rules(text: str) -> Parsed:
    """
    Read a text of rules, one to a line; empty lines and comments are passed over.

    Nothing is raised: a line that cannot be read is an error in the result, as is a text that is too
    long or holds too many rules, of which the first are kept.
    """
    rules: list[Rule] = []
    errors: list[RuleError] = []
    if len(text) > MAX_TEXT_CHARACTERS:
        errors.append(
            RuleError(
                f"the text has {len(text):,} characters; {MAX_TEXT_CHARACTERS:,} are allowed",
                line=1,
                column=1,
                hint="join rules that differ in their patterns alone, with * and ?",
            )
        )
        return Parsed(rules, errors)
    # By the ends of lines that editors know: others may be part of a pattern.
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        scanner = Scanner(line, number)
        if scanner.at_end:
            continue
        try:
            if len(rules) == MAX_RULES:
                scanner.fail(f"there are more than {MAX_RULES} rules", "remove what is not needed")
            rules.append(_rule(scanner, line.strip(), number))
        except RuleError as error:
            errors.append(error)
    return Parsed(rules, errors)


def _rule(scanner: Scanner, text: str, line: int) -> Rule:
    caller = take_neighbour(scanner)
    if caller and not scanner.take(_BAR):
        scanner.expected("|", "[ matchers of the caller ] | matchers of the call")
    begin = scanner.mark()
    matchers = take_matchers(scanner)
    callee: tuple[Matcher, ...] = ()
    if scanner.take(_BAR):
        callee = take_neighbour(scanner)
        if not callee:
            scanner.expected("[", "matchers of the call | [ matchers of the callee ]")
    if len(matchers) + len(caller) + len(callee) > MAX_MATCHERS:
        scanner.fail(f"the rule has more than {MAX_MATCHERS} matchers", "split the rule", at=begin)
    arrow = scanner.mark()
    if scanner.take(_ARROW):
        if caller or callee:
            scanner.fail(
                "a fingerprint cannot depend on who calls whom",
                "name the call alone, without brackets",
                at=arrow,
            )
        values, title = take_fingerprint(scanner)
        return FingerprintRule(line=line, text=text, matchers=matchers, values=values, title=title)
    return _call_rule(
        scanner, CallRule(line=line, text=text, matchers=matchers, caller=caller, callee=callee)
    )


def _call_rule(scanner: Scanner, rule: CallRule) -> CallRule:
    marks: list[Mark] = []
    limits: dict[str, int] = {}
    while not scanner.at_end:
        begin = scanner.mark()
        if mark := scanner.take(_MARK):
            reach: Literal["", "^", "v"] = "^" if mark[1] == "^" else "v" if mark[1] else ""
            what: Literal["app", "group"] = "app" if mark[3] == "app" else "group"
            marks.append(Mark(what, mark[2] == "+", reach))
        elif limit := scanner.take(_LIMIT):
            number = int(limit[2])
            if not 0 < number <= MAX_CALLS:
                scanner.fail(f"{number} is no number of calls", f"1 to {MAX_CALLS}", at=begin)
            limits[limit[1]] = number
        elif scanner.take(_CATEGORY):
            scanner.fail("categories are not supported", "name what becomes of the call", at=begin)
        else:
            break
    if not marks and not limits:
        scanner.expected("another matcher, -> or an action", _ACTION_HINT)
    if not scanner.at_end:
        scanner.expected("another action or the end of the line", _ACTION_HINT)
    return msgspec.structs.replace(
        rule, marks=tuple(marks), at_most=limits.get("max"), at_least=limits.get("min")
    )
