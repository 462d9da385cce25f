"""Message, breadcrumbs, request, user, contexts and SDK of an event."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from mesher.protocol import limits
from mesher.protocol.event import Breadcrumb, Level, LogEntry, Request, Sdk, User
from mesher.protocol.free_form import cut_to_size, flatten, json_size
from mesher.protocol.lenient import (
    Notes,
    Reader,
    cut,
    lenient_text,
    pairs,
    read_lenient_text,
    read_struct,
    values_list,
)
from mesher.protocol.timestamps import parse_timestamp

_METHOD = re.compile(r"[A-Z_-]{3,32}")
_BRACES = re.compile(r"\{([^{}]*)\}")
_LEVELS: dict[Any, Level] = {
    "fatal": "fatal", "error": "error", "warning": "warning", "info": "info", "debug": "debug",
    "log": "info", "critical": "fatal",
    10: "debug", 20: "info", 30: "warning", 40: "error", 50: "fatal",
}  # fmt: skip


def read_level(value: Any, notes: Notes, path: str) -> Level | None:
    """A level from its name, an alias, or Python's numbers; ``None`` and a note for others."""
    level = _LEVELS.get(value) if isinstance(value, str | int) else None
    if level is None:
        notes.invalid(path, value)
    return level


def read_logentry(value: Any, notes: Notes) -> LogEntry | None:
    """
    Read a message from a string, ``{message, params, formatted}``, or any JSON value, formatted.

    ``message`` stays only where it is a template that differs from the formatted text.
    """
    if isinstance(value, dict) and value.keys() & {"message", "formatted", "params"}:
        entry = LogEntry(
            message=_message_text(value.get("message")),
            formatted=_message_text(value.get("formatted")),
            params=_message_params(value.get("params")),
        )
    else:
        entry = LogEntry(formatted=_message_text(value))
    if entry.message and not entry.formatted:
        entry.formatted = _format(entry.message, entry.params) if entry.params else entry.message
    if entry.message == entry.formatted:
        entry.message = None
    if not entry.formatted:
        return None
    entry.formatted = cut(entry.formatted, limits.VALUE_CHARACTERS, notes, "logentry.formatted")
    if entry.message:
        entry.message = cut(entry.message, limits.VALUE_CHARACTERS, notes, "logentry.message")
    return entry


def read_breadcrumbs(value: Any, notes: Notes) -> list[Breadcrumb]:
    """Read breadcrumbs from decoded JSON, oldest first; the newest ``MAX_BREADCRUMBS`` are kept."""
    elements = values_list(value)[-limits.MAX_BREADCRUMBS :]
    crumbs = (
        read_struct(Breadcrumb, element, notes, f"breadcrumbs.{index}", _BREADCRUMB_READERS)
        for index, element in enumerate(elements)
    )
    return [crumb for crumb in crumbs if crumb is not None and crumb != _EMPTY_BREADCRUMB]


def read_request(value: Any, notes: Notes) -> Request | None:
    """Read the HTTP request: query and fragment leave the URL, cookies leave the headers."""
    request = read_struct(Request, value, notes, "request", _REQUEST_READERS)
    if request is None:
        return None
    if request.url:
        _split_url(request, notes)
    cookie_headers = [text for name, text in request.headers or [] if name == "Cookie"]
    if cookie_headers:
        request.headers = [pair for pair in request.headers or [] if pair[0] != "Cookie"]
        request.cookies = request.cookies or _cookie_pairs(cookie_headers[0])
    if isinstance(request.data, str):
        request.data, request.inferred_content_type = _parse_body(request.data)
    request.data = _bounded(request.data, limits.REQUEST_DATA_BAG, notes, "request.data")
    request.env = _bounded(request.env, limits.REQUEST_DATA_BAG, notes, "request.env")
    return None if request == _EMPTY_REQUEST else request


def read_user(value: Any, notes: Notes) -> User | None:
    """Read the user; keys that the protocol does not name go into ``data``."""
    user = read_struct(User, value, notes, "user", _USER_READERS)
    if user is None:
        return None
    others = {
        key: inner for key, inner in value.items() if key not in _USER_KEYS and inner is not None
    }
    if others:
        user.data = {**(user.data or {}), **others}
    user.data = _bounded(user.data, limits.SMALL_BAG, notes, "user.data")
    user.geo = _bounded(user.geo, limits.SMALL_BAG, notes, "user.geo")
    return user


def read_contexts(value: Any, notes: Notes) -> dict[str, dict[str, Any]]:
    """Read the contexts: a map of maps, each with its ``type``; others are left out."""
    if not isinstance(value, dict):
        notes.invalid("contexts", value)
        return {}
    contexts: dict[str, dict[str, Any]] = {}
    for name, context in list(value.items())[: limits.MAX_CONTEXTS]:
        if not isinstance(context, dict):
            continue
        bounded = _bounded(context, limits.CONTEXT_BAG, notes, f"contexts.{name}")
        contexts[name] = bounded if "type" in bounded else {**bounded, "type": name}
    return contexts


def read_sdk(value: Any, notes: Notes) -> Sdk | None:
    """Read the description of the client library."""
    return read_struct(Sdk, value, notes, "sdk", _SDK_READERS)


def read_extra(value: Any, notes: Notes) -> dict[str, Any]:
    """Read the free-form data that users attach."""
    if not isinstance(value, dict):
        notes.invalid("extra", value)
        return {}
    bounded: dict[str, Any] = {
        key: _bounded(inner, limits.EXTRA_ENTRY_BAG, notes, f"extra.{key}")
        for key, inner in value.items()
    }
    if json_size(bounded) > limits.EXTRA_BAG[0]:
        notes.add("value_too_long", "extra")
        bounded = cut_to_size(bounded, limits.EXTRA_BAG[0])
    return bounded


def read_debug_meta(value: Any, notes: Notes) -> dict[str, Any] | None:
    """Read the loaded images, by which source maps and symbols are found."""
    if not isinstance(value, dict):
        notes.invalid("debug_meta", value)
        return None
    bounded: dict[str, Any] = _bounded(value, limits.DEBUG_META_BAG, notes, "debug_meta")
    return bounded


def split_client(client: str | None) -> Sdk | None:
    """The SDK from the ``sentry_client`` of the credentials: ``sentry.python/2.75.0``."""
    if not client:
        return None
    name, _, version = client.partition("/")
    return Sdk(name=name[:100] or None, version=version[:100] or None)


def _bounded(value: Any, bag: tuple[int, int], notes: Notes, path: str) -> Any:
    if not isinstance(value, dict | list | str) or not value:
        return value
    max_bytes, depth = bag
    if isinstance(value, str):
        return cut(value, (max_bytes, 0), notes, path)
    bounded = flatten(value, depth)
    if json_size(bounded) <= max_bytes:
        return bounded
    notes.add("value_too_long", path)
    return cut_to_size(bounded, max_bytes)


def _message_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode() if value else None


def _message_params(value: Any) -> Any:
    if not isinstance(value, dict | list):
        return None
    return cut_to_size(flatten(value, limits.SMALL_BAG[1]), limits.SMALL_BAG[0]) or None


def _format(template: str, params: Any) -> str:
    """The template with its parameters; as it is where they do not fit (clients do that)."""
    try:
        if "%" in template:
            return template % (params if isinstance(params, dict) else tuple(params))
    except (TypeError, ValueError, KeyError, OverflowError, MemoryError):
        return template
    return _fill_braces(template, params)


def _fill_braces(template: str, params: Any) -> str:
    """``{}``, ``{0}`` and ``{name}``; nothing of ``str.format``, which reaches into objects."""
    numbered = iter(params) if isinstance(params, list) else iter(())

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if isinstance(params, dict):
            return str(params.get(name, match[0]))
        if name.isdigit() and len(name) < 4:
            return str(params[int(name)]) if int(name) < len(params) else match[0]
        return str(next(numbered, match[0])) if not name else match[0]

    return _BRACES.sub(fill, template)


def _split_url(request: Request, notes: Notes) -> None:
    assert request.url is not None  # noqa: S101 - the caller has looked
    url, _, fragment = request.url.partition("#")
    url, _, query = url.partition("?")
    if query and not request.query_string:
        request.query_string = _parameter_pairs(query)
    if fragment and not request.fragment:
        request.fragment = cut(fragment, limits.FRAGMENT_CHARACTERS, notes, "request.fragment")
    request.url = cut(url, limits.PATH_CHARACTERS, notes, "request.url")


def _parameter_pairs(text: str) -> list[tuple[str, str]]:
    try:
        found = parse_qsl(text.lstrip("?"), keep_blank_values=True, errors="replace")
    except ValueError:
        return [(text, "")]
    return found[: limits.MAX_PAIRS]


def _cookie_pairs(text: str) -> list[tuple[str, str]]:
    parts = (part.strip().partition("=") for part in text.split(";"))
    return [(name, value) for name, _, value in parts if name][: limits.MAX_PAIRS]


def _parse_body(text: str) -> tuple[Any, str | None]:
    """A request's body as the structure it is: JSON or a form, where it clearly is one."""
    stripped = text.strip()
    if stripped[:1] in {"{", "["}:
        try:
            return json.loads(stripped), "application/json"
        except (ValueError, RecursionError):
            return text, None
    if "=" in stripped and not re.search(r"\s", stripped):
        found = parse_qsl(stripped, keep_blank_values=True, errors="replace")
        if found:
            return dict(found), "application/x-www-form-urlencoded"
    return text, None


def _read_pairs(value: Any, notes: Notes, path: str) -> list[tuple[str, str]] | None:
    found: list[tuple[str, str]] = []
    for key, inner in pairs(value)[: limits.MAX_PAIRS]:
        texts = inner if isinstance(inner, list) else [inner]
        text = ",".join(lenient_text(element) or "" for element in texts)
        name = lenient_text(key)
        if name:
            found.append((name, cut(text, (2048, 0), notes, path)))
    return found or None


def _read_headers(value: Any, notes: Notes, path: str) -> list[tuple[str, str]] | None:
    found = _read_pairs(value, notes, path) or []
    return [(name.title(), text) for name, text in found] or None


def _read_query(value: Any, notes: Notes, path: str) -> list[tuple[str, str]] | None:
    return _parameter_pairs(value) if isinstance(value, str) else _read_pairs(value, notes, path)


def _read_cookies(value: Any, notes: Notes, path: str) -> list[tuple[str, str]] | None:
    return _cookie_pairs(value) if isinstance(value, str) else _read_pairs(value, notes, path)


def _read_method(value: Any, notes: Notes, path: str) -> str | None:
    method = value.upper() if isinstance(value, str) else ""
    if _METHOD.fullmatch(method):
        return method
    notes.invalid(path, value)
    return None


def _read_any(value: Any, _notes: Notes, _path: str) -> Any:
    return value


def _read_map(value: Any, notes: Notes, path: str) -> dict[str, Any] | None:
    if isinstance(value, dict):
        return value
    notes.invalid(path, value)
    return None


def _read_small_bag(value: Any, notes: Notes, path: str) -> Any:
    if not isinstance(value, dict):
        return None
    return _bounded(value, limits.SMALL_BAG, notes, path)


def _read_timestamp(value: Any, notes: Notes, path: str) -> float | None:
    seconds = parse_timestamp(value)
    if seconds is None:
        notes.invalid(path, value)
    return seconds


def _text_within(limit: tuple[int, int]) -> Reader:
    def read(value: Any, notes: Notes, path: str) -> str | None:
        text = read_lenient_text(value, notes, path)
        return cut(text, limit, notes, path) if text else None

    return read


def _read_message(value: Any, notes: Notes, path: str) -> str | None:
    text = _message_text(value)
    return cut(text, limits.VALUE_CHARACTERS, notes, path) if text else None


def _read_address(value: Any, notes: Notes, path: str) -> str | None:
    if value == "{{auto}}":
        return "{{auto}}"
    try:
        return str(ipaddress.ip_address(value)) if isinstance(value, str) else None
    except ValueError:
        notes.invalid(path, value)
        return None


def _read_names(value: Any, _notes: Notes, _path: str) -> list[str] | None:
    if not isinstance(value, list):
        return None
    return [name for name in value[: limits.MAX_PAIRS] if isinstance(name, str)]


def _read_packages(value: Any, _notes: Notes, _path: str) -> list[dict[str, Any]] | None:
    if not isinstance(value, list):
        return None
    return [
        {key: package[key] for key in ("name", "version") if isinstance(package.get(key), str)}
        for package in value[: limits.MAX_PAIRS]
        if isinstance(package, dict)
    ]


_EMPTY_BREADCRUMB = Breadcrumb()
_EMPTY_REQUEST = Request()
_USER_KEYS = frozenset(User.__struct_fields__) | {"segment"}
_BREADCRUMB_READERS: dict[str, Reader] = {
    "timestamp": _read_timestamp,
    "type": _text_within(limits.NAME_CHARACTERS),
    "category": _text_within(limits.NAME_CHARACTERS),
    "level": read_level,
    "message": _read_message,
    "data": _read_small_bag,
    "event_id": read_lenient_text,
}
_REQUEST_READERS: dict[str, Reader] = {
    "url": read_lenient_text,
    "method": _read_method,
    "query_string": _read_query,
    "data": _read_any,
    "cookies": _read_cookies,
    "headers": _read_headers,
    "env": _read_map,
}
_USER_READERS: dict[str, Reader] = {
    "id": _text_within(limits.NAME_CHARACTERS),
    "username": _text_within(limits.NAME_CHARACTERS),
    "name": _text_within(limits.NAME_CHARACTERS),
    "email": _text_within(limits.EMAIL_CHARACTERS),
    "ip_address": _read_address,
    "geo": _read_map,
    "data": _read_map,
}
_SDK_READERS: dict[str, Reader] = {
    "name": _text_within(limits.TYPE_CHARACTERS),
    "version": _text_within(limits.TYPE_CHARACTERS),
    "integrations": _read_names,
    "packages": _read_packages,
    "settings": _read_small_bag,
}
