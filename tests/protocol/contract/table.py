"""
What the tables of the payload's contract are made of: a sentence, a payload, and what becomes of it.

What holds for every event is checked with each row: what is stored of it is read back as the same
event, by the way that decodes it in one go and by the one that takes it apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
import pytest

from mesher.protocol.event import Event
from mesher.protocol.normalize import event_from_payload
from mesher.protocol.parse import read_payload
from mesher.protocol.payload import decode_any_form, decode_well_formed

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
RECEIVED_AT = 1_795_534_440.0  # 2026-11-24T15:34:00Z
HOUR, DAY = 3600.0, 86_400.0


class Row(NamedTuple):
    """One sentence of the contract."""

    promise: str
    payload: Any
    expected: Mapping[str, Any]  # by path in the JSON of the event; None: not there
    notes: tuple[str, ...]  # kind and path of all that is noted
    options: Mapping[str, Any]  # of normalising: sent_at, client, client_ip

    def check(self) -> None:
        """Normalise the payload, and fail unless the event is as promised."""
        event = _normalized(json.dumps(self.payload).encode(), **self.options)
        stored = msgspec.json.encode(event)
        found = json.loads(stored)
        for path, value in self.expected.items():
            assert _at(found, path) == value, path
        assert tuple(f"{note.type} {note.name}" for note in event.errors) == self.notes
        assert _normalized(stored) == event
        way, other = (
            read_payload(decode(stored), ID, RECEIVED_AT)[0]
            for decode in (decode_well_formed, decode_any_form)
        )
        assert way == other


def row(
    promise: str,
    payload: Any,
    expected: Mapping[str, Any] | None = None,
    *notes: str,
    **options: Any,
) -> Row:
    return Row(promise, payload, expected or {}, notes, options)


def table(rows: Iterable[Row]) -> pytest.MarkDecorator:
    """Runs a test once for each row, under the name of its promise."""
    return pytest.mark.parametrize("row", [pytest.param(each, id=each.promise) for each in rows])


def _normalized(payload: bytes, **options: Any) -> Event:
    defaults = {"sent_at": None, "client": None, "client_ip": None}
    return event_from_payload(
        payload, event_id=ID, received_at=RECEIVED_AT, **{**defaults, **options}
    )


def _at(found: Any, path: str) -> Any:
    """What is at a path; ``None`` where a step of it is missing."""
    rest = path
    while rest:
        if isinstance(found, dict) and rest in found:  # os.name is the name of a tag
            return found[rest]
        step, _, rest = rest.partition(".")
        if isinstance(found, list):
            found = found[int(step)] if int(step) < len(found) else None
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return found
