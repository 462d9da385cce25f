"""The operator's rules about who comes in by an identity provider."""

from __future__ import annotations

import pytest

from mesher.accounts.oidc_rules import read_rules
from mesher.errors import SetupError


@pytest.mark.parametrize(
    ("email", "allowed"),
    [
        ("ada@example.com", True),
        ("ada@EXAMPLE.com", True),
        ("ada@sub.example.com", False),
        ("ada@notexample.com", False),
        ("ada@example.com@evil.example", False),
        ("", False),
    ],
)
def test_only_the_whole_domain_of_an_email_counts(email: str, allowed: bool) -> None:
    assert read_rules("Example.com, example.org", "").allows(email) is allowed


def test_without_domains_everybody_is_allowed() -> None:
    assert read_rules("", "").allows("ada@anywhere.example")


def test_of_several_groups_the_highest_role_counts() -> None:
    rules = read_rules("", "devs=shop:member,leads=shop:admin,cn=ops=infra:owner,*=lobby:member")
    assert rules.roles(["devs", "leads"]) == {"shop": "admin", "lobby": "member"}
    assert rules.roles(["leads", "devs"]) == {"shop": "admin", "lobby": "member"}
    assert rules.roles([]) == {"lobby": "member"}


@pytest.mark.parametrize(
    "text", ["devs", "devs=shop", "devs=shop:boss", "=shop:member", "devs=:member"]
)
def test_a_group_that_does_not_read_stops_the_start_and_is_named(text: str) -> None:
    with pytest.raises(SetupError, match="MESHER_OIDC_GROUPS") as raised:
        read_rules("", f"ok=shop:member,{text}")
    assert text in raised.value.message
