"""
What a route asks of whoever uses it, declared once for each beside the routes.

The handlers enforce it by ``access.py``. A test asks every route of the running application as every
kind of caller and compares; docs/access.md is written from the same declarations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from mesher.types import Role, TokenScope


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What opens a route."""

    # The scope that a token must include; "any" = one of every scope does; None = no token does.
    scope: TokenScope | Literal["any"] | None = None
    session: bool = False  # whether a person who is logged in needs no token
    public: bool = False  # whether it is open to everybody, or has a secret of its own
    role: Role = "member"  # the least one in the organisation
    whole_organization: bool = False  # whether credentials for one project are refused
    note: str = ""  # what else is to be known, a sentence


# By the name of the handler.
Needs = Mapping[str, Need]
