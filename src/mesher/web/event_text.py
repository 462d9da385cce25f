"""An event as text to take elsewhere: its request as a curl command, and the whole as Markdown."""

from __future__ import annotations

import shlex
from urllib.parse import urlencode

import msgspec

from mesher.protocol.event import Event, ExceptionValue, Frame, Request, message_text

# What a person, or a program that helps them, reads at once.
MAX_MARKDOWN_FRAMES = 30
MAX_MARKDOWN_CRUMBS = 20
# Set by curl itself, or of the connection and not of the request.
_OWN_HEADERS = frozenset({"content-length", "host", "connection", "accept-encoding"})


def as_curl(request: Request) -> str:
    """A request as a command that sends it again; what was scrubbed is sent as it was kept."""
    url = request.url or ""
    if request.query_string and "?" not in url:
        url += "?" + urlencode(request.query_string)
    parts = [f"curl {shlex.quote(url)}"]
    if request.method and request.method != "GET":
        parts.append(f"-X {shlex.quote(request.method)}")
    for name, text in request.headers or []:
        if name.lower() not in _OWN_HEADERS and name.lower() != "cookie":
            parts.append(f"-H {shlex.quote(f'{name}: {text}')}")
    if request.cookies:
        cookies = "; ".join(f"{name}={text}" for name, text in request.cookies)
        parts.append(f"-b {shlex.quote(cookies)}")
    if request.data is not None:
        data = request.data
        body = data if isinstance(data, str) else msgspec.json.encode(data).decode()
        parts.append(f"--data-raw {shlex.quote(body)}")
    return " \\\n  ".join(parts)


def as_markdown(title: str, event: Event) -> str:
    """
    An event as Markdown: what it takes to look for the cause, for people and for programs.

    Args:
        title: of its issue.
        event: as it is stored, and so scrubbed.
    """
    parts = [f"# {_line(title)}", _facts(event)]
    if message := message_text(event):
        parts += ["## Message", _block(message)]
    for exception in reversed(event.exception):
        parts.append(_exception(exception))
    if event.stacktrace:
        parts += ["## Stack trace", _frames(event.stacktrace.frames)]
    if event.breadcrumbs:
        crumbs = event.breadcrumbs[-MAX_MARKDOWN_CRUMBS:]
        lines = [f"{crumb.category or crumb.type}: {crumb.message or ''}" for crumb in crumbs]
        parts += ["## Breadcrumbs, the latest last", _block("\n".join(lines))]
    if event.request and event.request.url:
        parts += ["## Request", _block(f"{event.request.method or 'GET'} {event.request.url}")]
    return "\n\n".join(parts) + "\n"


def _facts(event: Event) -> str:
    known = {
        "Level": event.level,
        "Platform": event.platform,
        "Release": event.release,
        "Environment": event.environment,
        "Transaction": event.transaction,
        "Event": event.event_id,
    } | dict(event.tags)
    return "\n".join(f"- {_line(name)}: {_line(text)}" for name, text in known.items() if text)


def _exception(exception: ExceptionValue) -> str:
    head = f"## {_line(exception.type or 'Error')}"
    parts = [head]
    if exception.value:
        parts.append(_block(exception.value))
    if exception.stacktrace:
        parts.append(_frames(exception.stacktrace.frames))
    return "\n\n".join(parts)


def _frames(frames: list[Frame]) -> str:
    """The latest calls, the innermost last, each with its lines of source."""
    lines = []
    for frame in frames[-MAX_MARKDOWN_FRAMES:]:
        place = frame.filename or frame.abs_path or frame.module or "?"
        line = f":{frame.lineno}" if frame.lineno is not None else ""
        app = "" if frame.in_app else "  (library)"
        lines.append(f"{place}{line} in {frame.function or '?'}{app}")
        if frame.context_line is not None:
            lines += [f"    {text or ''}" for text in frame.pre_context or []]
            lines.append(f"  > {frame.context_line}")
            lines += [f"    {text or ''}" for text in frame.post_context or []]
    return _block("\n".join(lines))


def _line(text: str) -> str:
    return " ".join(text.split())


def _block(text: str) -> str:
    """A fenced block; the fence is longer than any in the text, so that none ends it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text}\n{fence}"
