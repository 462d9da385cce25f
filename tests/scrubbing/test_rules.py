"""From the settings of a project to its rules."""

from __future__ import annotations

from mesher.scrubbing.rules import rules_of
from mesher.values.ingest_settings import IngestSettings


def test_a_project_that_wants_everything_as_it_comes_has_no_rules() -> None:
    assert rules_of(IngestSettings(scrub=False)) is None


def test_without_scrubbing_addresses_are_treated_all_the_same() -> None:
    rules = rules_of(IngestSettings(scrub=False, ip_addresses="remove"))
    assert rules is not None
    assert rules.kind_of("remote_addr") == "address"
    assert rules.kind_of("password") == ""


def test_the_same_settings_have_the_same_rules() -> None:
    assert rules_of(IngestSettings()) is rules_of(IngestSettings(sample_rate=0.5))
