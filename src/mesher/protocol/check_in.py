"""Check-ins of jobs: ``{"monitor_slug": …, "status": "ok", "check_in_id": …, "duration": …}``."""

from __future__ import annotations

import re
import uuid
from typing import Any, NamedTuple

from mesher.errors import ProtocolError
from mesher.ids import parse_uuid
from mesher.protocol.attributes import clean_name
from mesher.protocol.free_form import cut_to_size
from mesher.protocol.json_text import load_json

MAX_SLUG_CHARACTERS = 50  # Relay
MAX_DURATION_SECONDS = 366 * 24 * 3600  # no schedule is longer
MAX_CONFIG_BYTES = 2048  # real ones stay below 300
_DEFAULT_ENVIRONMENT = "production"
_STATUSES = frozenset(["ok", "error", "in_progress"])
_NOT_IN_SLUGS = re.compile(r"[^a-z0-9_-]+")


class CheckIn(NamedTuple):
    """One report of a job."""

    slug: str
    status: str  # ok, error or in_progress
    check_in_id: uuid.UUID | None  # None: the latest that is in progress, or else a new one
    environment: str
    duration_seconds: float | None
    release: str
    config: dict[str, Any] | None  # schedule and margins, where the SDK sends them along


def read_check_in(payload: bytes) -> CheckIn:
    """
    Read a check-in.

    Raises:
        ProtocolError: no JSON object, or without a slug or status.
    """
    given = load_json(payload, "the check-in")
    if not isinstance(given, dict):
        raise ProtocolError("the check-in is not a JSON object")
    slug, status = given.get("monitor_slug"), given.get("status")
    slug = _NOT_IN_SLUGS.sub("-", slug.lower()).strip("-") if isinstance(slug, str) else ""
    if not slug:
        raise ProtocolError("the check-in names no monitor", field="monitor_slug")
    if not isinstance(status, str):
        raise ProtocolError("the check-in has no status", field="status")
    config = given.get("monitor_config")
    return CheckIn(
        slug=slug[:MAX_SLUG_CHARACTERS],
        status=status if status in _STATUSES else "error",
        check_in_id=parse_uuid(given.get("check_in_id")),
        environment=clean_name("environment", given.get("environment")) or _DEFAULT_ENVIRONMENT,
        duration_seconds=_duration(given.get("duration")),
        release=clean_name("release", given.get("release")) or "",
        config=cut_to_size(config, MAX_CONFIG_BYTES) if isinstance(config, dict) else None,
    )


def _duration(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value <= MAX_DURATION_SECONDS else None
