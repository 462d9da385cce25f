"""What people see instead of a page."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.response import Redirect

from mesher.errors import MesherError
from mesher.web.render import render
from mesher.web.session import WebRequest

_HEADINGS = {
    400: "This address does not fit",
    403: "Not allowed",
    404: "Not found",
    405: "This cannot be done here",
    409: "This has changed meanwhile",
    413: "That is too large",
    429: "Too many requests",
    503: "The database cannot be reached",
}


def error_page(request: WebRequest, error: MesherError) -> Response[Any]:
    """The page for an error; to the log-in where that is all that is missing."""
    if error.status == 401 and request.method == "GET":
        query = request.scope["query_string"].decode("latin-1")
        wanted = request.url.path + (f"?{query}" if query else "")
        return Redirect(f"/login?next={quote(wanted)}", status_code=303)
    return render(
        "error.html",
        http_status=error.status,
        heading=_HEADINGS.get(error.status, "Something went wrong"),
        message=sentence(error.message),
        hint=sentence(error.hint),
    )


def problem_text(error: MesherError) -> str:
    """What was wrong and what to do, as sentences of a page."""
    return f"{sentence(error.message)} {sentence(error.hint)}".rstrip()


def sentence(text: str) -> str:
    """An error's message or hint as a sentence of a page."""
    return f"{text[:1].upper()}{text[1:]}." if text else ""
