"""Section 8.2: what becomes of a wrong clock."""

from __future__ import annotations

from protocol.contract.table import DAY, HOUR, RECEIVED_AT, Row, row, table

NOW = RECEIVED_AT


def at(time: float, crumb: float | None = None) -> dict[str, object]:
    crumbs = [] if crumb is None else [{"message": "m", "timestamp": crumb}]
    return {"timestamp": time, "breadcrumbs": crumbs}


@table(
    [
        row(
            "a little drift is believed",
            at(NOW - 3299),
            {"timestamp": NOW - 3299},
            sent_at=NOW - 3299,
        ),
        row(
            "55 minutes are not",
            at(NOW - 3305, NOW - 3310),
            {"timestamp": NOW - 5, "breadcrumbs.0.timestamp": NOW - 10},
            "clock_drift timestamp",
            sent_at=NOW - 3300,
        ),
        row(
            "in either direction",
            at(NOW + HOUR - 5),
            {"timestamp": NOW - 5},
            "clock_drift timestamp",
            sent_at=NOW + HOUR,
        ),
        row("a minute in the future is believed", at(NOW + 60), {"timestamp": NOW + 60}),
        row(
            "more is the time of receipt",
            at(NOW + 61, NOW + 51),
            {"timestamp": NOW, "breadcrumbs.0.timestamp": NOW - 10},
            "future_timestamp timestamp",
        ),
        row("90 days ago is believed", at(NOW - 90 * DAY), {"timestamp": NOW - 90 * DAY}),
        row(
            "more is the time of receipt, too",
            at(NOW - 91 * DAY, NOW - 91 * DAY - 10),
            {"timestamp": NOW, "breadcrumbs.0.timestamp": NOW - 10},
            "past_timestamp timestamp",
        ),
        row(
            "what was kept offline keeps its time",
            at(NOW - 30 * DAY),
            {"timestamp": NOW - 30 * DAY},
            sent_at=NOW,
        ),
        row(
            "both corrections may be needed",
            at(NOW + 3 * HOUR),
            {"timestamp": NOW},
            "clock_drift timestamp",
            "future_timestamp timestamp",
            sent_at=NOW + HOUR,
        ),
        row(
            "nothing moves behind the last year",
            at(NOW - 91 * DAY, 253_402_300_000),
            {"breadcrumbs.0.timestamp": 253_402_300_799.0},
            "past_timestamp timestamp",
        ),
    ]
)
def test_clocks(row: Row):
    row.check()
