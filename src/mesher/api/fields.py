"""What several bodies of requests hold: names, labels and slugs, with their limits."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar.openapi.spec import OpenAPIType, Schema

from mesher.accounts.slugs import MAX_SLUG_CHARACTERS
from mesher.errors import ProtocolError

# What fits a heading of a page.
MAX_NAME_CHARACTERS = 100

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]

# The same for the OpenAPI document.
NAME = Schema(type=OpenAPIType.STRING, min_length=1, max_length=MAX_NAME_CHARACTERS)
SLUG = Schema(
    type=OpenAPIType.STRING,
    max_length=MAX_SLUG_CHARACTERS,
    description="Lower-case letters and digits, with single hyphens or underscores between.",
)


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
