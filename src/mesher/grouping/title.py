"""How an issue is called: title and culprit."""

from __future__ import annotations

from mesher.grouping.exceptions import is_report
from mesher.grouping.functions import JAVASCRIPT, NATIVE, call_name
from mesher.protocol.event import Event, ExceptionValue, Frame, message_text
from mesher.protocol.limits import LINE_CHARACTERS

TITLE_CHARACTERS = 256  # a line of a list; Sentry's newest is the same
UNNAMED_ERROR = "<unknown>"
UNNAMED_EVENT = "<unlabeled event>"


def issue_title(event: Event, main: ExceptionValue | None, crash: Frame | None) -> str:
    """
    The one line by which people know an issue, never empty.

    Args:
        event: any.
        main: its main exception.
        crash: the call that its stack trace is about.
    """
    message = _first_line(message_text(event))
    if main is None or (message and is_report(main, event.platform)):
        return message or UNNAMED_EVENT
    function = _first_line(crash.function or "") if crash else ""
    kind = _first_line(main.type or "")
    value = _first_line(main.value or "")
    made_up = main.mechanism is not None and main.mechanism.synthetic
    if function and (made_up if event.platform in NATIVE else not value and not kind):
        return function
    if value:
        return _cut(f"{kind or 'Error'}: {value}")
    return kind or UNNAMED_ERROR


def issue_culprit(event: Event, crash: Frame | None) -> str:
    """Where it happened, at most 200 characters: named by the client, else the crashed call."""
    named = event.culprit or event.transaction
    if named:
        return named
    if crash is None:
        return (event.request.url or "") if event.request else ""
    platform = crash.platform or event.platform
    name = call_name(crash, platform)
    function = name.shown or "?"
    place = crash.module or (name.module if platform == "csharp" else "") or crash.filename or "?"
    if platform in JAVASCRIPT:
        text = f"{function}({place})"
    elif platform in NATIVE:
        text = function
    else:
        text = f"{place} in {function}"
    return text[: LINE_CHARACTERS[0]]


def _first_line(text: str) -> str:
    for line in text.splitlines():
        if stripped := line.strip():
            return _cut(stripped)
    return ""


def _cut(text: str) -> str:
    return text if len(text) <= TITLE_CHARACTERS else text[: TITLE_CHARACTERS - 3] + "..."
