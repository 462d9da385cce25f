"""The rules of one project, ready to be applied; made once for each text."""

from __future__ import annotations

from functools import lru_cache

from mesher.errors import ProtocolError
from mesher.grouping.rules import fingerprints, marking
from mesher.grouping.rules.calls import CallIndex
from mesher.grouping.rules.language import parse_rules
from mesher.grouping.rules.rule import CallRule, FingerprintRule, Rule
from mesher.grouping.rules.scanner import RuleError

# Texts in use at a time, and some that are being tried; up to a megabyte each where the calls of
# the project are many.
_REMEMBERED = 64


class Rules:
    """What ``group`` takes."""

    def __init__(self, rules: list[Rule]) -> None:
        """
        Args:
            rules: in the order of their lines.
        """
        of_calls = [rule for rule in rules if isinstance(rule, CallRule)]
        of_fingerprints = [rule for rule in rules if isinstance(rule, FingerprintRule)]
        asked = [one for rule in of_calls for one in marking.asked_of_calls(rule)]
        asked += [one for rule in of_fingerprints for one in fingerprints.asked_of_calls(rule)]
        index = CallIndex(asked)
        self.calls = marking.CallRules(of_calls, index)
        self.fingerprints = fingerprints.FingerprintRules(of_fingerprints, index)


@lru_cache(maxsize=_REMEMBERED)
def compile_rules(text: str) -> tuple[Rules | None, tuple[RuleError, ...]]:
    """
    The rules of a text, and the errors in it.

    Returns:
        Rules made of the lines that can be read; ``None`` where there is no such line. Then the
        errors: whoever stores a text refuses it because of them, whoever applies a stored one,
        perhaps of a newer version, goes on without those lines.
    """
    parsed = parse_rules(text)
    return Rules(parsed.rules) if parsed.rules else None, tuple(parsed.errors)


def checked_rules(text: str) -> Rules | None:
    """
    The rules of a text that people have written just now; ``None`` where there is none in it.

    Raises:
        ProtocolError: a line cannot be read: the first one, and how many others there are.
    """
    rules, errors = compile_rules(text)
    if not errors:
        return rules
    first, others = errors[0], len(errors) - 1
    lines = f" (and {others} more line{'s'[: others > 1]} with a mistake)" if others else ""
    raise ProtocolError(f"{first.message}{lines}", hint=first.hint, field=first.field)
