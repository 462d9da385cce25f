"""Numbers of payment cards, and numbers that are none."""

from __future__ import annotations

import pytest

from fake_secrets import card
from mesher.scrubbing.patterns import replace_patterns


def scrubbed(text: str) -> str:
    return replace_patterns(text, lambda _name: None)


@pytest.mark.parametrize(
    ("prefix", "length"),
    [("4", 16), ("51", 16), ("2221", 16), ("34", 15), ("37", 15), ("36", 14), ("6011", 16), ("65", 16),
     ("3530", 16), ("62", 16), ("62", 19), ("6304", 16)],
)  # fmt: skip
def test_numbers_of_every_large_issuer_are_known(prefix: str, length: int) -> None:
    assert scrubbed(f"paid with {card(1, prefix, length)}.") == "paid with [card number]."


@pytest.mark.parametrize("separator", [" ", "-", "+", "%20"])
def test_groups_may_be_separated(separator: str) -> None:
    digits = card(2)
    written = separator.join(digits[start : start + 4] for start in range(0, 16, 4))
    assert scrubbed(f"card: {written}!") == "card: [card number]!"


def test_the_groups_of_american_express_are_known() -> None:
    digits = card(3, "37", 15)
    assert scrubbed(f"{digits[:4]} {digits[4:10]} {digits[10:]}") == "[card number]"


@pytest.mark.parametrize(
    "text",
    [
        "1700000000000000",  # microseconds
        "1795534440000000000",  # nanoseconds
        "9007199254740993",  # no issuer
        "4242424242424241",  # the sum is wrong
        "4444444444444444",  # nobody has it, and the sum is wrong
        "0000000000000000",
        "4242424242424242424",  # too long for its issuer
        "x4242424242424242",  # part of a name
        "0.4242424242424242",  # of a fraction
        "4242424242424242.5",
        "4242-4242-42424242",  # other groups
        "5018000000000009000",  # Maestro's have 16 digits here
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert scrubbed(text) == text
