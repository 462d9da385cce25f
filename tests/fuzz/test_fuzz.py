"""
Any request to an ingest endpoint is answered with a documented status, whatever is in it; what is
acknowledged can be digested; and memory is bounded.

``make fuzz CASES=1000000`` runs more cases. One that fails is kept in ``regressions`` and is sent
again by every run.
"""

from __future__ import annotations

import asyncio
import os
import resource
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from captures import KEY
from fuzz.mutations import ENCODERS, Case, make_case
from fuzz.target import keep, read, run_cases

REGRESSIONS = Path(__file__).parent / "regressions"
CASES = int(os.environ.get("FUZZ_CASES", "3000"))
FIRST_CASE = int(os.environ.get("FUZZ_FIRST", "0"))
BLOCK = 1000
# The largest of a case's decoded bodies is 20 MB, of which a few forms are held at once.
MAX_GROWTH_KIB = 200 * 1024


@pytest.mark.timeout(0)  # the long run takes hours
def test_changed_captures_are_answered_with_a_documented_status(tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for first in range(FIRST_CASE, FIRST_CASE + CASES, BLOCK):
        numbers = range(first, min(first + BLOCK, FIRST_CASE + CASES))
        failures = asyncio.run(run_cases(tmp_path, [make_case(number) for number in numbers]))
        kept = [(str(keep(case, REGRESSIONS)), what) for case, what in failures]
        assert kept == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MAX_GROWTH_KIB


def test_what_failed_once_is_answered(tmp_path):
    cases = [read(path) for path in sorted(REGRESSIONS.glob("*.json"))]
    assert asyncio.run(run_cases(tmp_path, cases)) == []


header_text = st.text(st.characters(max_codepoint=255), max_size=60)


@settings(
    derandomize=True,  # a fixed seed: the same cases in each run
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    endpoint=st.sampled_from(["envelope", "store", "security", "minidump", "user-feedback"]),
    encoding=st.sampled_from(list(ENCODERS)),
    headers=st.dictionaries(
        st.sampled_from(["x-sentry-auth", "content-type", "authorization", "user-agent"]),
        header_text,
    ),
    body=st.binary(max_size=200),
)
def test_any_bytes_and_any_headers_are_answered(tmp_path, endpoint, encoding, headers, body):
    case = Case(
        "POST",
        f"/api/1/{endpoint}/",
        f"sentry_key={KEY}",
        [*headers.items(), ("content-encoding", encoding)],
        ENCODERS[encoding](body),
    )
    assert [what for _, what in asyncio.run(run_cases(tmp_path, [case]))] == []
