"""IP addresses, where a project does not want them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mesher.scrubbing.addresses import Addresses, treat_address, treat_addresses
from mesher.scrubbing.payload import scrub_payload
from mesher.scrubbing.rules import Rules


@pytest.mark.parametrize(
    ("address", "shortened"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("no address", "no address"),
    ],
)
def test_addresses_are_shortened_to_their_network(address: str, shortened: str) -> None:
    assert treat_address(address, "shorten") == shortened


def test_a_removed_address_is_empty() -> None:
    assert treat_address("203.0.113.77", "remove") == ""
    assert treat_address("203.0.113.77", "keep") == "203.0.113.77"


def test_all_addresses_of_a_list_are_treated() -> None:
    given = "for=203.0.113.77;by=[2001:db8:1:2::3], 198.51.100.9:1234, 999.1.1.1"
    assert treat_addresses(given, "remove") == (
        "for=[address];by=[[address]], [address]:1234, 999.1.1.1"
    )


def event(value: Any) -> dict[str, Any]:
    return {
        "user": {"id": 1, "ip_address": value},
        "request": {
            "env": {"REMOTE_ADDR": value},
            "headers": [["X-Forwarded-For", f"{value}, 10.0.0.1"], ["Host", "x"]],
        },
        "extra": {"scope": f"{{'client': ('{value}', 5000), 'n': 1}}", "ip": 5},
    }


@pytest.mark.parametrize(
    ("addresses", "user", "forwarded", "scope"),
    [
        ("keep", "203.0.113.77", "203.0.113.77, 10.0.0.1", "('203.0.113.77', 5000)"),
        ("shorten", "203.0.113.0", "203.0.113.0, 10.0.0.0", "('203.0.113.0', 5000)"),
        ("remove", None, "[address], [address]", "('[address]', 5000)"),
    ],
)
@pytest.mark.parametrize("secrets", [True, False])
def test_a_project_says_what_becomes_of_addresses(
    addresses: Addresses, user: str | None, forwarded: str, scope: str, secrets: bool
) -> None:
    rules = Rules(addresses=addresses, secrets=secrets)
    found = json.loads(scrub_payload(json.dumps(event("203.0.113.77")).encode(), rules).payload)

    assert found["user"] == {"id": 1, "ip_address": user}
    assert found["request"]["env"] == {"REMOTE_ADDR": user}
    assert found["request"]["headers"][0] == ["X-Forwarded-For", forwarded]
    assert found["extra"]["scope"] == f"{{'client': {scope}, 'n': 1}}"
    assert found["extra"]["ip"] == 5


def test_without_secrets_only_addresses_are_looked_for() -> None:
    payload = b'{"password":"hunter2","m":"token=abc sk_live_0123456789","ip":"203.0.113.77"}'
    rules = Rules(addresses="shorten", secrets=False)
    assert scrub_payload(payload, rules).payload == payload.replace(b".77", b".0")
