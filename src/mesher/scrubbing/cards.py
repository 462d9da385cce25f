"""
Numbers of payment cards: 14 to 19 digits that begin and end as those of an issuer do.

Prefixes and lengths are those of ISO/IEC 7812 as the networks publish them, the last digit is checked
by Luhn's sum (ISO/IEC 7812-1, annex B). Of the issuers whose numbers have several lengths, only those
that are issued are known, because identifiers of 17 to 19 digits are common and one in ten passes the
sum.
"""

from __future__ import annotations

import re
from typing import Final

MIN_DIGITS: Final = 14

# Groups are parted by one and the same of: nothing, space, hyphen, and both ways that forms write a space.
CARD: Final = re.compile(
    r"(?<![\w.])(?:\d{14,19}|\d{4}( |-|\+|%20)(?:\d{4}\1\d{4}\1\d{2,4}(?:\1\d{3})?|\d{6}\1\d{4,5}))"
    r"(?!\w|\.\d)",
    re.ASCII,
)
CARD_BYTES: Final = re.compile(
    rb"(?:\d{14,19}|\d{4}( |-|\+|%20)(?:\d{4}\1\d{4}\1\d{2,4}(?:\1\d{3})?|\d{6}\1\d{4,5}))(?!\w|\.\d)",
    re.ASCII,
)
_ISSUED = re.compile(
    r"4\d{15}"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners Club
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12}"  # Discover
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
    r"|62\d{14,17}"  # UnionPay
    r"|(?:50|5[6-8]|6304|6759|676[1-3])\d{10,14}",  # Maestro
    re.ASCII,
)
_LUHN_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_MAESTRO_DIGITS = 16


def is_card_number(found: str) -> bool:
    """Whether a match of ``CARD`` is the number of a card."""
    digits = "".join(filter(str.isdigit, found.replace("%20", "")))
    return (
        _ISSUED.fullmatch(digits) is not None
        and (digits[0] not in "56" or digits[:2] == "62" or len(digits) == _MAESTRO_DIGITS)
        and len(set(digits)) > 1
        and _passes_luhn(digits)
    )


def _passes_luhn(digits: str) -> bool:
    values = [int(digit) for digit in reversed(digits)]
    return (sum(values[::2]) + sum(_LUHN_DOUBLED[value] for value in values[1::2])) % 10 == 0
