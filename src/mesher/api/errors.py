"""The one shape of the API's errors."""

from __future__ import annotations

import msgspec
from litestar import Response

from mesher.errors import MesherError


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller gets instead of what it asked for."""

    code: str  # stable, for programs
    message: str  # what happened, for people
    field: str  # path of the offending input; empty when it is the whole
    hint: str  # what to do; may be empty


def error_json(error: MesherError) -> Response[ErrorBody]:
    """The answer for an error."""
    body = ErrorBody(code=error.code, message=error.message, field=error.field, hint=error.hint)
    return Response(body, status_code=error.status)
