"""Literals in bytes, found as a slow and plain search finds them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from mesher.scrubbing.literals import Literals
from mesher.scrubbing.rules import Rules

LITERALS = [b"token", b"token0", b"en", b"0000", b"00-00", b"a.b", b"\xc3\xa4", b"s\\"]
FINDER = Literals(LITERALS)
pieces = st.sampled_from(
    [
        *LITERALS,
        b"TOKEN",
        b"ToKeN7",
        b"12",
        b"3",
        b"-",
        b"4-5",
        b"A.B",
        b"axb",
        b"\xc3\x84",
        b"\0",
        b" ",
    ]
)


def places(data: bytes) -> list[tuple[int, int]]:
    return sorted(
        (end, index)
        for index, literal in enumerate(LITERALS)
        for end in range(len(literal), len(data) + 1)
        if re.fullmatch(
            re.escape(literal).replace(b"0", b"[0-9]"),
            data[end - len(literal) : end],
            re.IGNORECASE,
        )
    )


@given(st.lists(pieces).map(b"".join))
def test_every_place_of_every_literal_is_found(data: bytes) -> None:
    assert FINDER.find(data) == places(data)


def test_several_threads_may_look_at_once() -> None:
    data = b"token " * 5000
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(FINDER.find, [data] * 64))
    assert all(one == found[0] for one in found)
    assert len(found[0]) == 10_000  # of "token" and of its end


def test_of_triggers_that_overlap_the_one_that_ends_first_counts() -> None:
    data = b'"12345678901234567"'
    assert [data[begin:end] for _, begin, end in Rules().triggers.find(data)] == [b"12345678901234"]
