"""
What the tables of promises are made of: a sentence, a request, and the answer that it promises.

What holds for every answer is checked with each row: browsers may read it, a refusal says why, and
``Retry-After`` comes with a refusal alone, since JavaScript SDKs pause on it whatever the status is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import httpx
import pytest

from mesher.protocol.envelope import format_envelope

# Two projects beside the first one, and their keys: one takes what it is sent, the other nothing.
NUMBER, KEY = 4001, "c0ffee00c0ffee00c0ffee00c0ffee00"
CLOSED_NUMBER, CLOSED_KEY = 4002, "deadbeefdeadbeefdeadbeefdeadbeef"
REVOKED_KEY = "0badf00d0badf00d0badf00d0badf00d"
DSN = f"https://{KEY}@errors.example/{NUMBER}"

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
HYPHENATED_ID = "9ec79c33-ec99-42ab-8353-589fcb2e04dc"
ANY_ID = re.compile(r'\{"id":"[0-9a-f]{32}"\}')
EVENT = b'{"message":"promised"}'


class Row(NamedTuple):
    """One promise."""

    promise: str
    method: str
    path: str
    status: int
    # As text, a whole JSON value, or bytes to the last one; None: whatever it may be.
    answer: re.Pattern[str] | Mapping[str, Any] | bytes | None
    headers: Mapping[str, str]  # of the answer: patterns that the whole value fits
    options: dict[str, Any]  # of httpx: headers, content, files

    def check(self, client: httpx.Client) -> None:
        """Send the request, and fail unless the answer is as promised."""
        answer = client.request(self.method, self.path, **self.options)
        assert answer.status_code == self.status, answer.text
        for name, pattern in self.headers.items():
            assert re.fullmatch(pattern, answer.headers.get(name, "")), answer.headers
        match self.answer:
            case re.Pattern() as pattern:
                assert pattern.fullmatch(answer.text), answer.text
            case bytes() as content:
                assert answer.content == content
            case Mapping() as value:
                assert answer.json() == value
        _check_any(answer)


def row(
    promise: str,
    method: str,
    path: str,
    status: int,
    answer: re.Pattern[str] | Mapping[str, Any] | bytes | None = None,
    *,
    answer_headers: Mapping[str, str] | None = None,
    **options: Any,
) -> Row:
    return Row(promise, method, path, status, answer, answer_headers or {}, options)


def table(rows: Iterable[Row]) -> pytest.MarkDecorator:
    """Runs a test once for each row, under the name of its promise."""
    return pytest.mark.parametrize("row", [pytest.param(each, id=each.promise) for each in rows])


def at(endpoint: str, *, number: int = NUMBER, key: str = KEY, query: str = "") -> str:
    """The path of an endpoint with the key in the query, which is where browsers put it."""
    return f"/api/{number}/{endpoint}/?sentry_key={key}{query}"


def envelope(*items: tuple[str, bytes], **header: Any) -> bytes:
    """An envelope of items, each a type and a payload."""
    return format_envelope(header, [({"type": kind}, payload) for kind, payload in items])


def _check_any(answer: httpx.Response) -> None:
    assert answer.headers["access-control-allow-origin"] == "*"
    if answer.status_code < 400:
        assert "retry-after" not in answer.headers
        return
    assert answer.headers["x-sentry-error"]
    if answer.request.method != "HEAD":
        refusal = json.loads(answer.content)
        assert refusal["detail"]
        assert all(isinstance(cause, str) for cause in refusal["causes"])
