"""
Every error of the API and of pages becomes an answer here: JSON where programs ask, a page elsewhere.
"""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, InternalServerException

from mesher.api.errors import error_json
from mesher.api.sentry.answers import error_detail
from mesher.errors import (
    AuthError,
    MesherError,
    NotFound,
    ProtocolError,
    RateLimited,
    TooLarge,
    Unavailable,
)
from mesher.web.errors import error_page

# Where the answers are JSON.
_FOR_PROGRAMS = ("/api/", "/health/", "/metrics")
# Where they are what Sentry's clients read.
_FOR_SENTRY_CLI = "/api/0/"

log = structlog.get_logger(__name__)


class _MethodNotAllowed(ProtocolError):
    status = 405
    code = "method_not_allowed"


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The answer for anything that a handler or the framework raises."""
    known = error if isinstance(error, MesherError) else _known(request, error)
    is_api = request.url.path.startswith(_FOR_PROGRAMS)
    if request.url.path.startswith(_FOR_SENTRY_CLI):
        answer: Response[Any] = error_detail(known)
    else:
        answer = error_json(known) if is_api else error_page(request, known)
    if isinstance(known, RateLimited | Unavailable):
        answer.headers["retry-after"] = str(known.retry_after_seconds)
    if isinstance(known, AuthError) and known.status == 401 and is_api:
        answer.headers["www-authenticate"] = "Bearer"
    return answer


def _known(request: Request[Any, Any, Any], error: Exception) -> MesherError:
    """A foreign error as one of ours; what nobody meant to raise is logged and its text kept back."""
    match error:
        case HTTPException(status_code=404):
            return NotFound("there is nothing at this address")
        case HTTPException(status_code=405):
            return _MethodNotAllowed(f"{request.method} is not possible here")
        case HTTPException(status_code=413):
            return TooLarge("the request is too large")
        case InternalServerException():  # the framework's word for a client that left
            return ProtocolError("the request ended before its body was complete")
        case HTTPException(status_code=status) if status < 500:
            return _bad_request(error)
    log.error("request_failed", path=request.url.path, exc_info=error)
    return MesherError("Mesher failed on this request", hint="its log says why")


def _bad_request(error: HTTPException) -> ProtocolError:
    """What the framework found wrong with a parameter or a form; it lists each of them."""
    first = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    return ProtocolError(first.get("message", error.detail), field=first.get("key", ""))
