"""What an alert rule does when it fires: whom it tells, by which way, and when it keeps quiet."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

# Of one rule: more is a list of recipients, which belongs to where it is read.
MAX_ACTIONS = 10
MAX_ADDRESSES = 20
MAX_EMAIL_CHARACTERS = 254  # RFC 5321, section 4.5.3.1.3, without the angle brackets
MAX_URL_CHARACTERS = 2000  # what browsers and proxies agree on
# As GitHub and Stripe sign by: what is shorter is guessed from a few signatures.
MIN_SECRET_CHARACTERS = 16
MAX_SECRET_CHARACTERS = 200
MAX_DIGEST_MINUTES = 24 * 60
MAX_ZONE_CHARACTERS = 64

_Email = Annotated[str, msgspec.Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=MAX_EMAIL_CHARACTERS)]
_WebUrl = Annotated[
    str, msgspec.Meta(pattern=r"^https?://[^/\s]+\S*$", max_length=MAX_URL_CHARACTERS)
]
# The service comes first, as in slack://… (https://appriseit.com/services/).
_ServiceUrl = Annotated[
    str, msgspec.Meta(pattern=r"^[a-zA-Z][a-zA-Z0-9+.-]*://\S+$", max_length=MAX_URL_CHARACTERS)
]
_Secret = Annotated[
    str, msgspec.Meta(min_length=MIN_SECRET_CHARACTERS, max_length=MAX_SECRET_CHARACTERS)
]
_Clock = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class _Action(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="action_type",
):
    """What all have in common."""


class Email(_Action, frozen=True, kw_only=True, tag="email"):
    """A mail to people of the organisation, to whoever the issue is assigned to, or to addresses."""

    to: (
        Literal["members", "admins", "assignee"]
        | Annotated[list[_Email], msgspec.Meta(min_length=1, max_length=MAX_ADDRESSES)]
    )


class Webhook(_Action, frozen=True, kw_only=True, tag="webhook"):
    """A signed request to an address."""

    url: _WebUrl
    secret: _Secret  # what the receiver checks the signature by


class Apprise(_Action, frozen=True, kw_only=True, tag="apprise"):
    """A message by any service that Apprise knows."""

    url: _ServiceUrl


class Kept(_Action, frozen=True, kw_only=True, tag="kept"):
    """An action as the rule has it already, whose secrets nobody has to enter again."""

    id: Annotated[str, msgspec.Meta(max_length=32)]


WantedAction = Email | Webhook | Apprise | Kept


class StoredAction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An action as it is kept."""

    id: str  # of its own, which stays while the rule is changed
    action_type: Literal["email", "webhook", "apprise"]
    to: str | list[str] = ""  # of an e-mail
    target: str = ""  # of others, for people: where to, without what is secret
    sealed: str = ""  # the ``Webhook`` or ``Apprise`` as JSON, sealed, as base64
    receiver: str = ""  # the same for all actions that reach the same server; tells nothing of it


class ShownAction(msgspec.Struct, frozen=True, kw_only=True):
    """An action as everybody in the project may see it."""

    id: str
    action_type: Literal["email", "webhook", "apprise"]
    to: str | list[str]
    target: str


class QuietHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When nobody is told; what happens meanwhile is told when they end."""

    begin: _Clock
    end: _Clock  # before ``begin``: on the next day
    time_zone: Annotated[str, msgspec.Meta(max_length=MAX_ZONE_CHARACTERS)] = "UTC"  # Europe/Berlin


class AlertAction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a rule does, as ``alert_rules.action_json`` keeps it; it always shows on the pages."""

    actions: list[StoredAction] = []
    quiet_hours: QuietHours | None = None
    digest_minutes: int = 0  # how long to collect into one message; 0: each at once


def target_of(action: Webhook | Apprise) -> str:
    """Where a message goes, for people: an address without path, user, password and query."""
    try:
        parts = urlsplit(action.url)
        host = parts.hostname or ""
    except ValueError:  # as of an IPv6 address that does not end
        return re.split("://", action.url)[0] + "://…"
    if isinstance(action, Apprise):
        # What stands in the place of a host is part of the secret for many services.
        return f"{parts.scheme}://…"
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def server_of(action: Webhook | Apprise) -> str:
    """The server that a message goes to, or what stands in its place; may be secret."""
    try:
        parts = urlsplit(action.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()
    except ValueError:  # as of an IPv6 address that does not end
        return action.url
