"""What the forms of pages send."""

from __future__ import annotations

from mesher.errors import AuthError, Conflict, Forbidden, ProtocolError, RateLimited
from mesher.web.session import WebRequest

# What a form may be answered with on the page itself, beside its fields.
PROBLEMS = (AuthError, Conflict, Forbidden, ProtocolError, RateLimited)


async def fields(request: WebRequest) -> dict[str, str]:
    """The fields of a form; files are none, and of several with one name the last counts."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def lines(text: str) -> list[str]:
    """The lines of a text area that are not empty."""
    return [line.strip() for line in text.splitlines() if line.strip()]
