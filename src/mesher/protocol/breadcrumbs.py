"""Breadcrumbs: what happened before an event."""

from __future__ import annotations

from typing import Any

import msgspec

from mesher.protocol import limits
from mesher.protocol.bounded import NameText, ValueText
from mesher.protocol.event import Breadcrumb, Level
from mesher.protocol.free_form import Bag5, json_size
from mesher.protocol.lenient import (
    Notes,
    StructReader,
    TypedReader,
    json_text_within,
    shorten,
    values_list,
)
from mesher.protocol.level import read_level
from mesher.protocol.timestamps import parse_timestamp

_BAG_BYTES = limits.SMALL_BAG[0]


class SentBreadcrumb(msgspec.Struct, kw_only=True, gc=False):
    """A breadcrumb as most SDKs send it; what differs is read leniently."""

    timestamp: float | str | None = None
    type: NameText | None = None
    category: NameText | None = None
    level: NameText | int | None = None
    message: ValueText | None = None
    data: Bag5 | None = None
    event_id: NameText | None = None
    origin: NameText | None = None


class _Values(msgspec.Struct):
    values: list[SentBreadcrumb]


SentBreadcrumbs = list[SentBreadcrumb] | _Values


def read_breadcrumbs(given: SentBreadcrumbs | msgspec.Raw, notes: Notes) -> list[Breadcrumb]:
    """Read breadcrumbs, oldest first; the newest ``MAX_BREADCRUMBS`` are kept."""
    found = _typed_breadcrumbs(given, notes, "breadcrumbs")
    sent = found.values if isinstance(found, _Values) else found
    crumbs = [_finish_breadcrumb(crumb, notes) for crumb in sent[-limits.MAX_BREADCRUMBS :]]
    return [crumb for crumb in crumbs if crumb != _EMPTY]


def _finish_breadcrumb(sent: SentBreadcrumb, notes: Notes) -> Breadcrumb:
    timestamp = None
    if sent.timestamp is not None:
        timestamp = parse_timestamp(sent.timestamp)
        if timestamp is None:
            notes.invalid("breadcrumbs.timestamp", sent.timestamp)
    level: Level | None = "info"
    if sent.level and sent.level != "info":
        level = read_level(sent.level, notes, "breadcrumbs.level")
    data = sent.data
    if data and json_size(data) > _BAG_BYTES:
        data = shorten(data, limits.SMALL_BAG, notes, "breadcrumbs.data")
    return Breadcrumb(
        timestamp=timestamp,
        type=sent.type or "default",
        category=sent.category or None,
        level=level or "info",
        message=sent.message or None,
        data=data or None,
        event_id=sent.event_id or None,
        origin=sent.origin,
    )


def _lenient_breadcrumbs(value: Any, notes: Notes, path: str) -> list[SentBreadcrumb]:
    newest = values_list(value, notes, path)[-limits.MAX_BREADCRUMBS :]
    crumbs = (
        _read_breadcrumb(element, notes, f"{path}.{index}") for index, element in enumerate(newest)
    )
    return [crumb for crumb in crumbs if crumb is not None]


def _read_sent_level(value: Any, notes: Notes, path: str) -> str | int | None:
    if isinstance(value, str | int):
        return value
    notes.invalid(path, value)
    return None


_EMPTY = Breadcrumb()
_read_breadcrumb = StructReader(
    SentBreadcrumb,
    {"level": _read_sent_level, "message": json_text_within(limits.VALUE_CHARACTERS)},
)
_typed_breadcrumbs: TypedReader[SentBreadcrumbs] = TypedReader(
    SentBreadcrumbs, _lenient_breadcrumbs
)
