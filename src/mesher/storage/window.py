"""From when until when events count, for lists, figures and charts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from mesher.errors import ProtocolError

# What a query asks of events is asked of those of two weeks, as at Sentry; longer windows read more
# partitions with each search.
USUAL_WINDOW = timedelta(days=14)
MAX_WINDOW = timedelta(days=366)


class Window(msgspec.Struct, frozen=True):
    """From when until when events count."""

    since: datetime
    until: datetime


def usual_window(until: datetime) -> Window:
    """
    The window of a search that sets none.

    Raises:
        OverflowError: it would begin before the first year.
    """
    return Window(until - USUAL_WINDOW, until)


def asked_window(since: datetime | None, until: datetime | None) -> Window:
    """
    The window that two parameters of a request set: without an end until now, without a beginning
    the usual one.

    Raises:
        ProtocolError: it is empty or too long, or a time has no time zone.
    """
    for name, moment in (("since", since), ("until", until)):
        if moment is not None and moment.tzinfo is None:
            raise ProtocolError(
                f"{name} has no time zone", field=name, hint="as in 2026-11-26T10:00:00Z"
            )
    end = until or datetime.now(UTC)
    try:
        window = Window(since, end) if since else usual_window(end)
        length = window.until - window.since
    except OverflowError as error:
        raise ProtocolError("until is too far away", field="until") from error
    if not timedelta() < length <= MAX_WINDOW:
        raise ProtocolError("since has to be before until, by a year at most", field="since")
    return window
