from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.ingest.sampling import is_kept

ids = st.uuids().map(lambda value: value.hex)


@given(ids)
def test_a_rate_of_one_keeps_all_and_a_rate_of_zero_none(event_id):
    assert is_kept(event_id, 1.0)
    assert not is_kept(event_id, 0.0)


@given(ids, st.floats(0, 1), st.floats(0, 1))
def test_what_is_kept_at_a_rate_is_kept_at_every_higher_one(event_id, one, other):
    lower, higher = sorted([one, other])
    assert is_kept(event_id, higher) or not is_kept(event_id, lower)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("make", [lambda n: uuid.UUID(int=n), lambda n: uuid.UUID(int=n << 96)])
def test_the_share_is_kept_even_of_ids_that_only_count_up(rate, make):
    kept = sum(is_kept(make(number).hex, rate) for number in range(10_000))
    assert abs(kept / 10_000 - rate) < 0.02


def test_the_decision_never_changes_since_processes_of_two_versions_may_run_at_once():
    decisions = [is_kept(uuid.UUID(int=number).hex, 0.5) for number in range(8)]
    assert decisions == [False, False, True, False, True, True, False, False]
