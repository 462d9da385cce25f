"""What the tests below ``/api/0`` share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import httpx

Ask = Callable[..., httpx.Response]
Upload = Callable[..., httpx.Response]
RunJobs = Callable[[], int]

CHUNK_UPLOAD = "/organizations/ada/chunk-upload/"


def sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
