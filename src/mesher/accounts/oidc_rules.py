"""
Who of those that a provider vouches for comes in, and where: the operator's rules, read once.

    MESHER_OIDC_DOMAINS=example.com,example.org
    MESHER_OIDC_GROUPS=engineers=my-team:member,leads=my-team:admin,*=lobby:member
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import msgspec

from mesher.errors import SetupError
from mesher.types import ROLES, Role

# Whoever comes in at all.
EVERYBODY = "*"


class GroupRule(msgspec.Struct, frozen=True):
    """Members of a provider's group are members of an organisation."""

    group: str
    organization: str  # its slug
    role: Role


class OidcRules(msgspec.Struct, frozen=True):
    """The rules of one provider."""

    domains: frozenset[str]  # of verified e-mails, in lower case; empty: any
    groups: Sequence[GroupRule]

    def allows(self, email: str) -> bool:
        """Whether the domain of an e-mail is one of the listed, not a part of it or below it."""
        return not self.domains or email.rpartition("@")[2].lower() in self.domains

    def organizations(self) -> frozenset[str]:
        """The slugs of those whose members the provider's groups decide about."""
        return frozenset(rule.organization for rule in self.groups)

    def roles(self, groups: Sequence[str]) -> Mapping[str, Role]:
        """The role in each organisation that these groups give; of several the highest."""
        found: dict[str, Role] = {}
        for rule in self.groups:
            if rule.group == EVERYBODY or rule.group in groups:
                known = found.get(rule.organization, rule.role)
                found[rule.organization] = min(known, rule.role, key=ROLES.index)
        return found


def read_rules(domains: str, groups: str) -> OidcRules:
    """
    The rules of the two settings.

    Raises:
        SetupError: one of the groups does not read ``group=organization:role``.
    """
    return OidcRules(
        frozenset(part.strip().lower() for part in domains.split(",") if part.strip()),
        [_read_group(part.strip()) for part in groups.split(",") if part.strip()],
    )


def _read_group(text: str) -> GroupRule:
    # From the end: names of groups may hold anything.
    group, equals, place = text.rpartition("=")
    organization, colon, role = place.rpartition(":")
    for known in get_args(Role):
        if group and equals and organization and colon and role == known:
            return GroupRule(group, organization, known)
    raise SetupError(
        f"MESHER_OIDC_GROUPS: {text!r} does not fit",
        hint=f"as in engineers=my-team:member; roles are {', '.join(ROLES)}",
    )
