"""
How often the API may be asked: a fixed window for each token, session or, without either, address.

Counted in this process: with ``n`` web processes a caller has up to ``n`` times as many.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

import msgspec

from mesher.accounts.sessions import SESSION_COOKIE
from mesher.api.errors import ErrorBody

App = Callable[[Any, Any, Any], Awaitable[None]]

# Twenty a second for a minute: no page and no pipeline comes near it, and a loop without end does.
CALLS: Final = 1200
WINDOW_SECONDS: Final = 60
# Some megabytes; the one that called longest ago is forgotten first.
MAX_CALLERS: Final = 10_000


class _Window(NamedTuple):
    began: float
    calls: int


class CallLimits:
    """What is left to whom."""

    def __init__(self, *, calls: int = CALLS) -> None:
        self._calls = calls
        self._windows: OrderedDict[bytes, _Window] = OrderedDict()

    def count(self, caller: bytes, now: float) -> tuple[int, int]:
        """
        Count a call.

        Args:
            caller: whose.
            now: seconds on a clock that never goes back.

        Returns:
            How many calls are left, -1 if this was one too many; and the seconds until the window ends.
        """
        window = self._windows.get(caller)
        if window is None or now - window.began >= WINDOW_SECONDS:
            window = _Window(now, 0)
        calls = min(window.calls + 1, self._calls + 1)
        self._windows[caller] = window._replace(calls=calls)
        self._windows.move_to_end(caller)
        while len(self._windows) > MAX_CALLERS:
            self._windows.popitem(last=False)
        return self._calls - calls, max(1, round(window.began + WINDOW_SECONDS - now))


def with_call_limits(app: App, limits: CallLimits) -> App:
    """
    The application with limits on all of the API.

    The headers are those of draft-ietf-httpapi-ratelimit-headers-10.
    """
    policy = b'"default";q=%d;w=%d' % (CALLS, WINDOW_SECONDS)

    async def limited(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/v1/"):
            await app(scope, receive, send)
            return
        left, seconds = limits.count(_caller(scope), time.monotonic())
        told = [
            (b"ratelimit-policy", policy),
            (b"ratelimit", b'"default";r=%d;t=%d' % (max(0, left), seconds)),
        ]
        if left < 0:
            await _refuse(send, told, seconds)
            return

        async def send_told(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *told]}
            await send(message)

        await app(scope, receive, send_told)

    return limited


def _caller(scope: Any) -> bytes:
    headers = dict(scope["headers"])
    secret = headers.get(b"authorization") or _session(headers.get(b"cookie", b""))
    if secret:
        return hashlib.sha256(secret).digest()
    return str((scope.get("client") or ("",))[0]).encode()


def _session(cookies: bytes) -> bytes:
    name = SESSION_COOKIE.encode() + b"="
    return next(
        (one for one in cookies.replace(b" ", b"").split(b";") if one.startswith(name)), b""
    )


async def _refuse(send: Any, told: list[tuple[bytes, bytes]], seconds: int) -> None:
    body = ErrorBody(
        code="rate_limited",
        message=f"more than {CALLS} requests in {WINDOW_SECONDS} seconds",
        field="",
        hint=f"wait {seconds} seconds",
    )
    headers = [
        (b"content-type", b"application/json"),
        (b"retry-after", b"%d" % seconds),
        *told,
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": msgspec.json.encode(body)})
