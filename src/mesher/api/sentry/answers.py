"""What the clients read: errors with a ``detail``, and lists that a Link header continues."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from litestar import Response

from mesher.api.acting import ApiRequest
from mesher.errors import MesherError
from mesher.resources import resources_of
from mesher.storage.pages import Page

T = TypeVar("T")

# Rows of a page where the client asks for no number.
PAGE_ROWS = 100


class ErrorDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An error as sentry-cli prints it."""

    detail: str


def error_detail(error: MesherError) -> Response[ErrorDetail]:
    """The answer for an error; the client shows one text, so the hint is part of it."""
    text = f"{error.message}; {error.hint}" if error.hint else error.message
    return Response(ErrorDetail(detail=text), status_code=error.status)


def server_url(request: ApiRequest) -> str:
    """
    Where this client reaches Mesher, without a slash at the end.

    MESHER_URL, where it names something in front of Mesher. Where it is the very port that Mesher
    listens on, as it also is when nobody sets it, the name by which the client came is as good, and
    works from another machine where the other is ``localhost``.
    """
    url = resources_of(request).url
    known = urlsplit(url)
    server, host = request.scope.get("server"), request.headers.get("host")
    if known.scheme == "https" or server is None or known.port != server[1] or not host:
        return url
    return f"http://{host}{known.path}"


def paged(request: ApiRequest, items: list[T], page: Page[Any]) -> Response[list[T]]:
    """
    One page of a list.

    Args:
        request: which asked for it.
        items: the rows as the client reads them.
        page: where the next one begins; a client follows while ``results`` is true.
    """
    url = str(request.url.with_replacements(query=""))
    following = page.next_cursor or ""
    has_more = "true" if following else "false"
    # The first entry would lead back: clients only go forward.
    link = (
        f'<{url}?cursor=>; rel="previous"; results="false"; cursor="", '
        f'<{url}?cursor={following}>; rel="next"; results="{has_more}"; cursor="{following}"'
    )
    return Response(items, headers={"link": link})
