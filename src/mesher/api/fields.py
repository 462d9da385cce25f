"""What several bodies of requests hold: names, labels and slugs, with their limits."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar.openapi.spec import OpenAPIType, Schema

from mesher.accounts.slugs import MAX_SLUG_CHARACTERS

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
