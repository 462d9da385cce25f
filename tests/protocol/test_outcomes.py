"""The ledger's words, and the header that tells clients of limits."""

from __future__ import annotations

import pytest

from mesher.protocol.outcomes import RateLimit, item_category, rate_limits_header


@pytest.mark.parametrize(
    ("item_type", "category"),
    [
        ("event", "error"),
        ("transaction", "transaction"),
        ("user_report", "feedback"),
        ("check_in", "monitor"),
        ("log", "log_item"),
        ("client_report", "internal"),
        ("never_heard_of", "default"),
    ],
)
def test_an_item_counts_in_the_category_that_sdks_know_it_by(item_type, category):
    assert item_category(item_type) == category


def test_every_field_of_a_limit_is_written_since_clients_differ_in_what_they_need():
    header = rate_limits_header(
        [
            RateLimit(60, ("error", "default"), "key", "ip_quota"),
            RateLimit(2700, (), "organization", "disabled"),
        ]
    )
    assert header == "60:error;default:key:ip_quota, 2700::organization:disabled"
