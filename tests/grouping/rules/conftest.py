"""How the tests of this folder read rules and apply them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mesher.grouping.fingerprint import Grouping, group
from mesher.grouping.rules.ruleset import Rules, compile_rules
from mesher.protocol.event import Event


def rules_of(text: str) -> Rules:
    """The rules of a text without errors."""
    rules, errors = compile_rules(text)
    assert errors == ()
    assert rules is not None
    return rules


@pytest.fixture
def ruled(event: Callable[..., Event]) -> Callable[..., Grouping]:
    """Groups an event, given by the attributes of its payload, under rules."""

    def run(rules: str, **payload: Any) -> Grouping:
        return group(event(**payload), rules_of(rules))

    return run


@pytest.fixture
def error_of() -> Callable[[str], Any]:
    """The one error in a text of rules."""

    def run(text: str) -> Any:
        _, errors = compile_rules(text)
        [error] = errors
        return error

    return run
