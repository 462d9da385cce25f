"""An OpenID provider in a process of its own, and a browser's way through it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx

from waiting import wait_until


class IdentityProvider:
    """Lets everybody in as whoever they say they are."""

    def __init__(self, url: str) -> None:
        self.url = url

    def know(self, subject: str, **claims: Any) -> None:
        """What it says of somebody from now on."""
        httpx.put(f"{self.url}/users/{quote(subject)}", json=claims).raise_for_status()

    def log_in(self, authorization_url: str, subject: str) -> str:
        """What somebody does there; where the browser is sent afterwards."""
        answer = httpx.post(authorization_url, data={"sub": subject})
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]


@contextmanager
def running_provider() -> Iterator[IdentityProvider]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(url))
        yield IdentityProvider(url)
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/.well-known/openid-configuration").status_code == 200
    except httpx.TransportError:
        return False
