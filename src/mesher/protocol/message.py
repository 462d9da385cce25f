"""The message of an event, from a text or a template with its parameters."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from mesher.protocol import limits
from mesher.protocol.event import LogEntry
from mesher.protocol.free_form import flatten
from mesher.protocol.lenient import Notes, cut, shorten

_BRACES = re.compile(r"\{([^{}]*)\}")
# Conversions of Python's "%" that cost and yield little: no width or precision of megabytes, no "%c",
# which makes characters that no column can hold.
_PERCENT = re.compile(
    r"%(?:%|(?:\(([^()]{0,100})\))?[-+ #0]{0,5}\d{0,2}(?:\.\d{1,2})?[sdrifeEgGxXoua])"
)


def read_logentry(value: Any, notes: Notes) -> LogEntry | None:
    """
    Read a message from a string, ``{message, params, formatted}``, or any JSON value, formatted.

    ``message`` stays only where it is a template that differs from the formatted text.
    """
    if isinstance(value, dict) and value.keys() & {"message", "formatted", "params"}:
        entry = LogEntry(
            message=_text(value.get("message"), notes, "logentry.message"),
            formatted=_text(value.get("formatted"), notes, "logentry.formatted"),
            params=_params(value.get("params"), notes),
        )
    else:
        entry = LogEntry(formatted=_text(value, notes, "logentry.formatted"))
    if entry.message and not entry.formatted:
        formatted = fill_template(entry.message, entry.params) if entry.params else entry.message
        entry.formatted = cut(formatted, limits.VALUE_CHARACTERS, notes, "logentry.formatted")
    if entry.message == entry.formatted:
        entry.message = None
    return entry if entry.formatted else None


def fill_template(template: str, params: Any) -> str:
    """
    A template with its parameters: ``%s`` and ``%(name)s``, else ``{}``, ``{0}`` and ``{name}``.

    Args:
        template: bounded by the caller.
        params: a list or a map.

    Returns:
        The template as it is where the parameters do not fit, as loggers do.
    """
    if not _PERCENT.search(template):
        return _fill_braces(template, params)
    if "%" in _PERCENT.sub("", template):
        return template  # a conversion that is not among those above
    try:
        return template % (params if isinstance(params, dict) else tuple(params))
    except (TypeError, ValueError, KeyError, OverflowError):
        return template


def _fill_braces(template: str, params: Any) -> str:
    """Nothing of ``str.format``, which reaches into objects."""
    numbered = iter(params) if isinstance(params, list) else iter(())

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if isinstance(params, dict):
            return str(params.get(name, match[0]))
        if name.isdecimal() and len(name) < 4:
            return str(params[int(name)]) if int(name) < len(params) else match[0]
        return match[0] if name else str(next(numbered, match[0]))

    return _BRACES.sub(fill, template)


def _text(value: Any, notes: Notes, path: str) -> str | None:
    if not isinstance(value, str):
        says_nothing = value is None or value is False or value in ([], {})
        value = "" if says_nothing else msgspec.json.encode(value).decode()
    return cut(value, limits.VALUE_CHARACTERS, notes, path) or None


def _params(value: Any, notes: Notes) -> Any:
    if not isinstance(value, dict | list) or not value:
        return None
    flat = flatten(value, limits.SMALL_BAG[1])
    return shorten(flat, limits.SMALL_BAG, notes, "logentry.params") or None
