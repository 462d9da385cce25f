"""The HTTP request that an application was serving."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from mesher.errors import ProtocolError
from mesher.protocol import limits
from mesher.protocol.event import Request
from mesher.protocol.free_form import cut_to_size, flatten, json_size
from mesher.protocol.json_text import clean_text, load_json
from mesher.protocol.lenient import (
    Notes,
    StructReader,
    convert,
    cut,
    lenient_text,
    pairs,
    read_lenient_text,
    shorten,
)

Pairs = list[tuple[str, str]]

_METHOD = re.compile(r"[A-Z_-]{3,32}")
_LONG_NAME = 64  # of a header; longer ones are not worth remembering
_WHITE_SPACE = re.compile(r"\s")
# Of a query, a form or cookies in one text; no more than this is kept of any of them.
_LONGEST_TEXT = limits.REQUEST_DATA_BAG[0]


def read_request(value: Any, notes: Notes) -> Request | None:
    """Read the request: query and fragment leave the URL, cookies leave the headers."""
    request = _read_request(value, notes, "request")
    if request is None:
        return None
    if request.url:
        _split_url(request, request.url, notes)
    if request.fragment:
        request.fragment = cut(
            request.fragment, limits.FRAGMENT_CHARACTERS, notes, "request.fragment"
        )
    _move_cookies(request)
    _parse_data(request, notes)
    request.data = _free_form(request.data, notes, "request.data")
    request.env = _free_form(request.env, notes, "request.env")
    request.query_string = _first_pairs(
        request.query_string, limits.QUERY_BAG, notes, "query_string"
    )
    request.cookies = _first_pairs(request.cookies, limits.COOKIES_BAG, notes, "cookies")
    request.headers = _first_pairs(request.headers, limits.HEADERS_BAG, notes, "headers")
    return None if request == _EMPTY else request


def _split_url(request: Request, given: str, notes: Notes) -> None:
    url, _, fragment = given.partition("#")
    url, _, query = url.partition("?")
    request.query_string = request.query_string or _parameters(query)
    request.fragment = request.fragment or fragment or None
    request.url = cut(url, limits.PATH_CHARACTERS, notes, "request.url")


def _move_cookies(request: Request) -> None:
    headers = request.headers or []
    cookies = [text for name, text in headers if name == "Cookie"]
    if cookies:
        request.headers = [pair for pair in headers if pair[0] != "Cookie"]
        request.cookies = request.cookies or _cookies(cookies[0])


def _parse_data(request: Request, notes: Notes) -> None:
    """A body as the structure it is: JSON or a form, where it clearly is one."""
    if not isinstance(request.data, str):
        return
    text = request.data.strip()
    if text[:1] in {"{", "["}:
        try:
            request.data = load_json(text.encode(), "the body")
        except ProtocolError:
            return  # cut short by the SDK, or something else
        request.inferred_content_type = "application/json"
        return
    # What is not kept does not decide what the rest is.
    request.data = text = shorten(text, limits.REQUEST_DATA_BAG, notes, "request.data")
    if "=" in text and not _WHITE_SPACE.search(text) and (found := _parameters(text)):
        request.data = dict(found)
        request.inferred_content_type = "application/x-www-form-urlencoded"


def _free_form(value: Any, notes: Notes, path: str) -> Any:
    if value is None:
        return None
    flat = flatten(value, limits.REQUEST_DATA_BAG[1])
    return shorten(flat, limits.REQUEST_DATA_BAG, notes, path)


def _first_pairs(
    found: Pairs | None, bag: tuple[int, int], notes: Notes, name: str
) -> Pairs | None:
    """As many of the pairs as fit; ``None`` for none."""
    if not found:
        return None
    if json_size(found) <= bag[0] and len(found) <= limits.MAX_PAIRS:
        return found
    notes.add("value_too_long", f"request.{name}", len(found))
    longest = bag[0] // 2
    kept: Pairs = cut_to_size(
        [
            (name[: limits.NAME_CHARACTERS[0]], text[:longest])
            for name, text in found[: limits.MAX_PAIRS]
        ],
        bag[0],
    )
    return kept or None


def _parameters(text: str) -> Pairs:
    given = text.lstrip("?")[:_LONGEST_TEXT]
    if not given:
        return []
    found = parse_qsl(given, keep_blank_values=True, errors="replace")
    # "%00" and the like are decoded just now.
    return [(clean_text(name), clean_text(value)) for name, value in found if name]


def _cookies(text: str) -> Pairs:
    parts = (part.strip().partition("=") for part in text[:_LONGEST_TEXT].split(";"))
    return [(name, value) for name, _, value in parts if name]


def _read_pairs(value: Any, _notes: Notes, _path: str) -> Pairs | None:
    found: Pairs = []
    for key, inner in pairs(value)[: limits.MAX_PAIRS]:
        if type(inner) is str and type(key) is str:  # nearly always
            if key:
                found.append((key, inner))
            continue
        if isinstance(inner, list):  # PHP lists the values of a header
            text = ",".join(lenient_text(one) or "" for one in inner)
        else:
            text = lenient_text(inner) or ""
        if name := lenient_text(key):
            found.append((name, text))
    return found


@lru_cache(maxsize=1024)  # all requests have the same few dozen
def _train_case(name: str) -> str:
    return name.title()


def _read_headers(value: Any, notes: Notes, path: str) -> Pairs | None:
    return [
        (_train_case(name) if len(name) < _LONG_NAME else name.title(), text)
        for name, text in _read_pairs(value, notes, path) or []
    ]


def _read_query(value: Any, notes: Notes, path: str) -> Pairs | None:
    return _parameters(value) if isinstance(value, str) else _read_pairs(value, notes, path)


def _read_cookies(value: Any, notes: Notes, path: str) -> Pairs | None:
    return _cookies(value) if isinstance(value, str) else _read_pairs(value, notes, path)


def _read_method(value: Any, notes: Notes, path: str) -> str | None:
    method = value.upper() if isinstance(value, str) else ""
    if _METHOD.fullmatch(method):
        return method
    notes.invalid(path, value)
    return None


def _read_env(value: Any, notes: Notes, path: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (
        value if isinstance(value, dict) else convert(dict[str, Any], value, notes, path)
    )
    return found


def _read_any(value: Any, _notes: Notes, _path: str) -> Any:
    return value


_EMPTY = Request()
_read_request = StructReader(
    Request,
    {
        "url": read_lenient_text,
        "method": _read_method,
        "query_string": _read_query,
        "fragment": read_lenient_text,
        "data": _read_any,
        "cookies": _read_cookies,
        "headers": _read_headers,
        "env": _read_env,
    },
)
