"""The part of a rule that says what the fingerprint is: ``database-down, {{ tags.shard }}``."""

from __future__ import annotations

import re

from mesher.grouping.rules.rule import MAX_VALUES
from mesher.grouping.rules.scanner import Scanner
from mesher.grouping.variables import is_variable, variable_name

_COMMA = re.compile(r",")
_TITLE = re.compile(r"title=")
_VARIABLE = re.compile(r"\{\{[^{}]*\}\}")
_VALUE = re.compile(r"[^\s,\"]+")


def take_fingerprint(scanner: Scanner) -> tuple[tuple[str, ...], str | None]:
    """
    Go past the values and the title, up to the end of the line.

    Raises:
        RuleError: there is no value, or something that is none.
    """
    values: list[str] = []
    while True:
        begin = scanner.mark()
        values.append(_value(scanner))
        if len(values) > MAX_VALUES:
            scanner.fail(f"there are more than {MAX_VALUES} values", "join some", at=begin)
        if not scanner.take(_COMMA):
            break
    title: str | None = None
    if scanner.take(_TITLE):
        title = scanner.take_quoted()
        if not title:
            scanner.expected("the title in quotation marks", 'title="Payment of {{ tags.shop }}"')
        for variable in _VARIABLE.findall(title):
            _check_variable(scanner, variable, scanner.mark())
    if not scanner.at_end:
        scanner.expected(
            "a comma and another value, or the end of the line",
            'values are separated by commas, and stand in " where they hold blanks',
        )
    return tuple(values), title


def _value(scanner: Scanner) -> str:
    begin = scanner.mark()
    quoted = scanner.take_quoted()
    if quoted is not None and quoted.strip():
        return quoted
    variable = scanner.take(_VARIABLE)
    if variable:
        _check_variable(scanner, variable[0], begin)
        return variable[0]
    bare = None if quoted is not None or scanner.take(_TITLE) else scanner.take(_VALUE)
    if bare is None:
        scanner.expected("a value", "-> value, {{ variable }}: what makes the issue")
    return bare[0]


def _check_variable(scanner: Scanner, variable: str, begin: int) -> None:
    name = variable_name(variable)
    if name is None or not is_variable(name):
        scanner.fail(
            f"{variable} is no variable",
            "{{ default }}, {{ type }}, {{ value }}, {{ message }}, {{ function }}, "
            "{{ module }}, {{ path }}, {{ package }}, {{ transaction }}, {{ level }}, "
            "{{ logger }} or {{ tags.NAME }}",
            at=begin,
        )
