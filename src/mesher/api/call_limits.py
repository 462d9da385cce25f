"""
How often the API may be asked: a fixed window for each token or session, and one for each address.

An address has more, since an office is behind one; it is counted whatever the credentials are, because
they are looked at later, and made-up ones would each have a window of their own.

Counted in this process: with ``n`` web processes a caller has up to ``n`` times as many.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

from litestar import Request

from mesher.accounts.client_address import Network, client_address
from mesher.accounts.sessions import SESSION_COOKIE
from mesher.api.errors import send_error
from mesher.errors import RateLimited

App = Callable[[Any, Any, Any], Awaitable[None]]

# A hundred a second for a minute: no page and no pipeline comes near it, and a loop without end does.
CALLS: Final = 6000
WINDOW_SECONDS: Final = 60
# As five callers at their limit.
CALLS_OF_ADDRESS: Final = 5 * CALLS
# Some megabytes; the one that called longest ago is forgotten first.
MAX_CALLERS: Final = 10_000


class _Window(NamedTuple):
    began: float
    calls: int


class CallLimits:
    """What is left to whom."""

    def __init__(self, *, calls: int = CALLS, calls_of_address: int = CALLS_OF_ADDRESS) -> None:
        self._calls = calls
        self._calls_of_address = calls_of_address
        self._windows: OrderedDict[bytes, _Window] = OrderedDict()

    def count(self, address: str, secret: bytes, now: float) -> tuple[int, int]:
        """
        Count a call.

        Args:
            address: where it comes from.
            secret: the token or session that it carries; may be empty, or made up.
            now: seconds on a clock that never goes back.

        Returns:
            How many calls are left, -1 if this was one too many; and the seconds until the window ends.
        """
        of_address = self._count(address.encode(), self._calls_of_address, now)
        if not secret or of_address[0] < 0:
            return of_address
        return self._count(hashlib.sha256(secret).digest(), self._calls, now)

    def _count(self, caller: bytes, allowed: int, now: float) -> tuple[int, int]:
        window = self._windows.get(caller)
        if window is None or now - window.began >= WINDOW_SECONDS:
            window = _Window(now, 0)
        calls = min(window.calls + 1, allowed + 1)
        self._windows[caller] = window._replace(calls=calls)
        self._windows.move_to_end(caller)
        while len(self._windows) > MAX_CALLERS:
            self._windows.popitem(last=False)
        return allowed - calls, max(1, round(window.began + WINDOW_SECONDS - now))


def with_call_limits(app: App, limits: CallLimits, *, trusted_proxies: Sequence[Network]) -> App:
    """
    The application with limits on all of the API.

    The headers are those of draft-ietf-httpapi-ratelimit-headers-10.
    """
    policy = b'"default";q=%d;w=%d' % (CALLS, WINDOW_SECONDS)

    async def limited(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/v1/"):
            await app(scope, receive, send)
            return
        address = client_address(Request(scope), trusted_proxies)
        left, seconds = limits.count(address, _secret(scope), time.monotonic())
        told = [
            (b"ratelimit-policy", policy),
            (b"ratelimit", b'"default";r=%d;t=%d' % (max(0, left), seconds)),
        ]
        if left < 0:
            error = RateLimited(
                f"more than {CALLS} requests in {WINDOW_SECONDS} seconds",
                retry_after_seconds=seconds,
                hint=f"wait {seconds} seconds",
            )
            await send_error(send, error, told)
            return

        async def send_told(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *told]}
            await send(message)

        await app(scope, receive, send_told)

    return limited


def _secret(scope: Any) -> bytes:
    headers = dict(scope["headers"])
    return bytes(headers.get(b"authorization") or _session(headers.get(b"cookie", b"")))


def _session(cookies: bytes) -> bytes:
    name = SESSION_COOKIE.encode() + b"="
    return next(
        (one for one in cookies.replace(b" ", b"").split(b";") if one.startswith(name)), b""
    )
