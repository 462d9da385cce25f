"""Memory addresses and identifiers of binaries, each in one spelling."""

from __future__ import annotations

import pytest

from mesher.protocol.addresses import (
    canonical_code_id,
    canonical_debug_id,
    hexadecimal_address,
)

UUID = "3249d99d-0c40-4931-8610-f4e4fb0b6936"


@pytest.mark.parametrize(
    ("given", "address", "why"),
    [
        ("0x0000F00D", "0xf00d", "upper case and leading zeros"),
        ("0XF00D", "0xf00d", "the prefix in upper case"),
        (" 0xf00d ", "0xf00d", "blanks around"),
        ("61453", "0xf00d", "decimal text"),
        (61453, "0xf00d", "a number"),
        (0, "0x0", "zero is one"),
        ("f00d", None, "digits without the prefix"),
        ("", None, "nothing"),
        ("0x", None, "no digits"),
        ("0x1_0", None, "Python's underscores are none"),
        ("0x1ffffffffffffffff", None, "more than 64 bits"),
        (2**64, None, "as a number, too"),
        (str(2**64), None, "and as text"),
        (-1, None, "before the beginning"),
        (True, None, "a truth value"),
        (1.5, None, "a fraction"),
        ([], None, "a list"),
    ],
)
def test_an_address_is_hexadecimal(given, address, why):
    assert hexadecimal_address(given) == address, why


@pytest.mark.parametrize(
    ("given", "debug_id", "why"),
    [
        (UUID, UUID, "as it is kept"),
        (UUID.upper(), UUID, "Apple's upper case"),
        (UUID.replace("-", ""), UUID, "without hyphens"),
        (f"{{{UUID}}}", UUID, "Windows' braces"),
        (f"{UUID}-0", UUID, "an age of zero says nothing"),
        (f"{UUID}-a", f"{UUID}-a", "an age is kept"),
        ("3249D99D0C4049318610F4E4FB0B69361", f"{UUID}-1", "Breakpad's form, the age at its end"),
        (f"{UUID}-123456789", None, "an age of more than 32 bits"),
        ("00000000-0000-0000-0000-000000000000", None, "nil identifies nothing"),
        ("3249d99d", None, "too short"),
        ("", None, "nothing"),
        ("x" * 32, None, "no digits"),
    ],
)
def test_a_debug_id_is_a_uuid_with_its_age(given, debug_id, why):
    assert canonical_debug_id(given) == debug_id, why


@pytest.mark.parametrize(
    ("given", "code_id", "why"),
    [
        ("F7DC0F65A2B1", "f7dc0f65a2b1", "a build id"),
        ("5ab380779000", "5ab380779000", "time stamp and size of Windows"),
        (UUID.upper(), UUID.replace("-", ""), "an identifier of Apple's"),
        ("", None, "nothing"),
        ("libc.so", None, "a name"),
    ],
)
def test_a_code_id_is_lower_case_digits(given, code_id, why):
    assert canonical_code_id(given) == code_id, why
