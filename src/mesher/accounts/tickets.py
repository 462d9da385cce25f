"""Sealed notes that a browser carries from one step to the next, and can neither read nor make."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

import msgspec

from mesher.errors import SetupError
from mesher.secret_box import SecretBox

# A tagged struct: a note for one purpose is none for another.
T = TypeVar("T", bound=msgspec.Struct)


def seal_ticket(box: SecretBox, ticket: msgspec.Struct) -> str:
    """A note as text for a cookie or a form."""
    return base64.urlsafe_b64encode(box.seal(msgspec.json.encode(ticket).decode())).decode()


def open_ticket(box: SecretBox, text: str, kind: type[T]) -> T | None:
    """The note in a text; ``None``: it is not one of ours, or one for something else."""
    try:
        return msgspec.json.decode(box.open(base64.urlsafe_b64decode(text)), type=kind)
    except (SetupError, binascii.Error, ValueError, msgspec.DecodeError):
        return None
