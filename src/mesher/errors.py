"""
Every error that Mesher raises on purpose.

    MesherError                 500  something of ours that has a name
    ├── ProtocolError           400  the client's bytes are not what the protocol says
    │   ├── TooLarge            413  a size or count limit was passed
    │   └── UnsupportedEncoding 415  a content coding or content type that we do not read
    ├── AuthError               401  no credentials, or not readable
    │   └── Forbidden           403  credentials that do not open this
    ├── NotFound                404  no such thing, or not yours: the two look the same
    ├── Conflict                409  the thing is not in the state that the request needs
    │   └── Stale               412  it is not as the client last saw it, and that was asked for
    ├── RateLimited             429  come back later; carries the seconds
    ├── Unavailable             503  we cannot keep what you sent; carries the seconds
    └── SetupError              exit 1, on the command line: what is wrong and what to do

Catch ``MesherError`` broadly and its children narrowly. An error owns its HTTP status, its stable
machine code and its hint; each edge (ingest, API, pages, command line) renders it in one place.
"""

from __future__ import annotations

from typing import ClassVar, Literal


class MesherError(Exception):
    """
    Base of all errors above.

    Args:
        message: what happened and to which input, in one sentence.
        hint: what to do next; empty when the message says it.
        field: the path of the offending input (``exception[0].type``); empty when it is the whole.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str, *, hint: str = "", field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field


class ProtocolError(MesherError):
    """The client's bytes are not what the protocol says."""

    status = 400
    code = "invalid_request"


class TooLarge(ProtocolError):
    """A size or count limit of ``protocol/limits.py`` was passed."""

    status = 413
    code = "too_large"


class UnsupportedEncoding(ProtocolError):
    """A content coding or content type that Mesher does not read."""

    status = 415
    code = "unsupported_encoding"


class AuthError(MesherError):
    """Credentials are missing or cannot be read."""

    status = 401
    code = "unauthorized"


class Forbidden(AuthError):
    """Credentials were read, and do not open this."""

    status = 403
    code = "forbidden"


class NotFound(MesherError):
    """No such thing, or a thing of another tenant: the answer is the same."""

    status = 404
    code = "not_found"


class Conflict(MesherError):
    """The thing is not in the state that the request needs."""

    status = 409
    code = "conflict"


class Stale(Conflict):
    """The thing was changed since the client saw it, which only wants to change it as it was."""

    status = 412
    code = "stale"


class _RetryLater(MesherError):
    """An error that names the seconds after which a retry makes sense."""

    def __init__(self, message: str, *, retry_after_seconds: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_seconds = retry_after_seconds


class RateLimited(_RetryLater):
    """
    A limit per key, project or account was passed.

    Args:
        message: as ``MesherError``, and ``hint`` too.
        retry_after_seconds: until the limit allows more.
        categories: of items, which the limit is on; empty for all.
        scope: of the limit: organization, project or key.
    """

    status = 429
    code = "rate_limited"

    def __init__(
        self,
        message: str,
        *,
        retry_after_seconds: int,
        hint: str = "",
        categories: tuple[str, ...] = (),
        scope: Literal["organization", "project", "key"] = "organization",
    ) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds, hint=hint)
        self.categories = categories
        self.scope: Literal["organization", "project", "key"] = scope


class Unavailable(_RetryLater):
    """Mesher cannot keep what was sent, or cannot reach what it needs."""

    status = 503
    code = "unavailable"


class SetupError(MesherError):
    """Something about this machine or its configuration stops Mesher; the hint says what to do."""

    code = "setup_error"
