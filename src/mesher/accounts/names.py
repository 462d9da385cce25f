"""What things may be called."""

from __future__ import annotations

from mesher.errors import ProtocolError


def clean_name(name: str, *, field: str = "name") -> str:
    """
    A name as it is kept: without blanks around it and without control characters.

    Raises:
        ProtocolError: nothing is left of it.
    """
    cleaned = "".join(character for character in name if character.isprintable()).strip()
    if not cleaned:
        raise ProtocolError(f"the {field} is empty", hint="send a text that is seen", field=field)
    return cleaned
