"""The actions of an alert rule as they are kept: what is secret in them is sealed."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence

import msgspec

from mesher.errors import ProtocolError
from mesher.secret_box import SecretBox
from mesher.values.alert_action import (
    Apprise,
    Email,
    Kept,
    ShownAction,
    StoredAction,
    WantedAction,
    Webhook,
    server_of,
    target_of,
)

_ID_BYTES = 8
# All mails go by one server.
MAIL_RECEIVER = "email"


def seal_actions(
    box: SecretBox, wanted: Sequence[WantedAction], before: Sequence[StoredAction]
) -> list[StoredAction]:
    """
    The actions that are wanted, in their order, as they are kept.

    Args:
        box: seals.
        wanted: as a request has them.
        before: what the rule had, for those that are to stay.

    Raises:
        ProtocolError: one is to stay that the rule has not.
        SetupError: the key cannot be read or made.
    """
    known = {action.id: action for action in before}
    return [_sealed(box, action, known, index) for index, action in enumerate(wanted)]


def open_action(box: SecretBox, action: StoredAction) -> Webhook | Apprise:
    """
    A sealed action as it was entered.

    Raises:
        SetupError: it was sealed by another key.
    """
    content = box.open(base64.b64decode(action.sealed))
    return msgspec.json.decode(content, type=Webhook | Apprise)


def show_action(action: StoredAction) -> ShownAction:
    """An action without its secrets."""
    return ShownAction(
        id=action.id, action_type=action.action_type, to=action.to, target=action.target
    )


def _sealed(
    box: SecretBox, action: WantedAction, known: dict[str, StoredAction], index: int
) -> StoredAction:
    match action:
        case Kept():
            if action.id not in known:
                raise ProtocolError(
                    "the rule has no action with this id",
                    hint="send the action as a whole",
                    field=f"actions[{index}].id",
                )
            return known[action.id]
        case Email():
            return StoredAction(
                id=_new_id(), action_type="email", to=action.to, receiver=MAIL_RECEIVER
            )
        case _:
            sealed = box.seal(msgspec.json.encode(action).decode())
            return StoredAction(
                id=_new_id(),
                action_type="webhook" if isinstance(action, Webhook) else "apprise",
                target=target_of(action),
                receiver=box.mark(server_of(action)),
                sealed=base64.b64encode(sealed).decode(),
            )


def _new_id() -> str:
    return secrets.token_hex(_ID_BYTES)
