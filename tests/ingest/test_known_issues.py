"""Which fingerprints are remembered as bound."""

from __future__ import annotations

import uuid

from mesher.ingest import known_issues
from mesher.ingest.known_issues import KnownIssues

A, B = uuid.UUID(int=1), uuid.UUID(int=2)


def test_a_fingerprint_is_known_in_its_project_alone():
    known = KnownIssues()
    assert not known.has(A, "f")
    known.add(A, "f")
    assert known.has(A, "f")
    assert not known.has(B, "f")


def test_what_a_batch_added_is_forgotten_unless_it_is_committed():
    known = KnownIssues()
    known.add(A, "f")
    known.roll_back()
    assert not known.has(A, "f")
    known.add(A, "f")
    known.commit()
    known.roll_back()
    assert known.has(A, "f")


def test_when_too_much_is_remembered_all_of_it_is_forgotten(monkeypatch):
    monkeypatch.setattr(known_issues, "MAX_REMEMBERED", 2)
    known = KnownIssues()
    for fingerprint in "abc":
        known.add(A, fingerprint)
    known.commit()
    known.add(A, "d")
    known.commit()
    assert known.has(A, "d")
    assert not known.has(A, "a")
