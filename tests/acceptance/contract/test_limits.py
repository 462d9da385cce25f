"""What is too large, what is too much, and what browsers may do and read."""

from __future__ import annotations

import gzip
import zlib

import httpx

from acceptance.contract.table import (
    CLOSED_KEY,
    CLOSED_NUMBER,
    EVENT,
    ID,
    KEY,
    NUMBER,
    Row,
    at,
    envelope,
    row,
    table,
)
from mesher.protocol.limits import (
    MAX_ATTACHMENT_BYTES,
    MAX_ATTACHMENTS,
    MAX_CLIENT_REPORTS,
    MAX_ENVELOPE_BYTES,
    MAX_EVENT_BYTES,
    MAX_HEADER_LINE_BYTES,
    MAX_ITEMS,
    MAX_SESSION_BYTES,
    MAX_SESSION_ITEMS,
    MAX_SMALL_ITEM_BYTES,
)

MEBIBYTE = 1024**2
EXPOSED = {
    "access-control-expose-headers": "x-sentry-error, x-sentry-rate-limits, retry-after",
    "cross-origin-resource-policy": "cross-origin",
}
ALLOWED_HEADERS = (
    "x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type, "
    "authentication, authorization, content-encoding, transfer-encoding"
)
PREFLIGHT = {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": ALLOWED_HEADERS,
    "access-control-max-age": "3600",
    **EXPOSED,
}


def large(promise: str, *items: tuple[str, bytes], status: int = 413) -> Row:
    return row(promise, "POST", at("envelope"), status, content=envelope(*items))


def _bomb() -> bytes:
    """Somewhat more than the limit of an envelope, packed to a thousandth."""
    compressor = zlib.compressobj(wbits=31)
    block = b" " * MEBIBYTE
    packed = [compressor.compress(block) for _ in range(MAX_ENVELOPE_BYTES // MEBIBYTE + 1)]
    return b"".join([*packed, compressor.flush()])


TOO_LARGE = [
    *[
        large(f"one {kind} item above {size} bytes", (kind, b" " * (size + 1)))
        for kind, size in [
            ("event", MAX_EVENT_BYTES),
            ("transaction", MAX_EVENT_BYTES),
            ("security", MAX_EVENT_BYTES),
            ("raw_security", MAX_EVENT_BYTES),
            ("feedback", MAX_EVENT_BYTES),
            ("user_report", MAX_SMALL_ITEM_BYTES),
            ("check_in", MAX_SMALL_ITEM_BYTES),
            ("client_report", MAX_SMALL_ITEM_BYTES),
            ("session", MAX_SESSION_BYTES),
            ("attachment", MAX_ATTACHMENT_BYTES),
        ]
    ],
    large(
        "session and sessions items above their limit together",
        ("session", b" " * (MAX_SESSION_BYTES // 2 + 1)),
        ("sessions", b" " * (MAX_SESSION_BYTES // 2 + 1)),
    ),
    *[
        large(f"more than {count} {kind} items", *[(kind, b"{}")] * (count + 1))
        for kind, count in [
            ("event", 1),
            ("transaction", 1),
            ("feedback", 1),
            ("check_in", 1),
            ("session", MAX_SESSION_ITEMS),
            ("client_report", MAX_CLIENT_REPORTS),
            ("attachment", MAX_ATTACHMENTS),
            ("novelty", MAX_ITEMS),
        ]
    ],
    row(
        "a header line that never ends",
        "POST",
        at("envelope"),
        413,
        content=b'{"a":"' + b"a" * MAX_HEADER_LINE_BYTES + b'"}',
    ),
    row(
        "a body that unpacks to more than an envelope may be",
        "POST",
        at("envelope"),
        413,
        headers={"content-encoding": "gzip"},
        content=_bomb(),
    ),
    row(
        "a check-in by URL above its limit",
        "POST",
        at("cron/nightly"),
        413,
        content=b" " * (MAX_SMALL_ITEM_BYTES + 1),
    ),
    row(
        "a minidump that unpacks to more than an attachment may be",
        "POST",
        at("minidump"),
        413,
        headers={"content-type": "application/octet-stream"},
        content=gzip.compress(b"MDMP" + b" " * MAX_ATTACHMENT_BYTES),
    ),
]


def limited(promise: str, categories: str, *items: tuple[str, bytes]) -> Row:
    """What a client is told whose key lets nothing in; ``categories`` as in the header."""
    return row(
        promise,
        "POST",
        at("envelope", number=CLOSED_NUMBER, key=CLOSED_KEY),
        429,
        content=envelope(*items, event_id=ID),
        answer_headers={
            "retry-after": r"[1-9]\d*",
            "x-sentry-rate-limits": rf"[1-9]\d*:{categories}:key:key_quota",
            **EXPOSED,
        },
    )


LIMITED = [
    limited("an event is limited as error, also where it is a message", "error", ("event", EVENT)),
    limited("a transaction as transaction", "transaction", ("transaction", b"{}")),
    limited("a session as session", "session", ("session", b"{}")),
    limited("aggregated sessions as session", "session", ("sessions", b"{}")),
    limited("an attachment by itself as attachment", "attachment", ("attachment", b"a")),
    limited("feedback as feedback", "feedback", ("feedback", b"{}")),
    limited("a user report as feedback", "feedback", ("user_report", b"{}")),
    limited("a check-in as monitor", "monitor", ("check_in", b"{}")),
    limited("a replay as replay", "replay", ("replay_event", b"{}")),
    limited("a profile as profile", "profile", ("profile", b"{}")),
    limited("logs as log_item", "log_item", ("log", b"{}")),
    limited("a browser's report as security", "security", ("security", b"{}")),
    limited(
        "attachments go with their event",
        "attachment;error",
        ("event", EVENT),
        ("attachment", b"a"),
    ),
    limited(
        "of client reports nothing is said", "error", ("event", EVENT), ("client_report", b"{}")
    ),
]

NOT_LIMITED = [
    row(
        "a client report where nothing else is let in",
        "POST",
        at("envelope", number=CLOSED_NUMBER, key=CLOSED_KEY),
        200,
        {},
        content=envelope(("client_report", b"{}")),
    ),
    row(
        "an envelope without items",
        "POST",
        at("envelope", number=CLOSED_NUMBER, key=CLOSED_KEY),
        200,
        {},
        content=b"{}\n",
    ),
]

# What a script of any page may do, without a key.
ASKED_FIRST = [
    row(f"a preflight of /{endpoint}/", "OPTIONS", f"/api/{NUMBER}/{endpoint}/", 200, b"", answer_headers=PREFLIGHT)
    for endpoint in (
        "envelope", "store", "security", "minidump", "cron/nightly", f"events/{ID}/attachments", "upload",
    )
]  # fmt: skip
READ = [
    row(
        f"the answer {status} to a page of another origin",
        "POST",
        at("envelope", key=key),
        status,
        headers={"origin": "https://shop.example"},
        content=body,
        answer_headers=EXPOSED,
    )
    for status, key, body in [
        (200, KEY, envelope(("event", EVENT))),
        (400, KEY, b""),
        (403, "f" * 32, envelope(("event", EVENT))),
        (
            413,
            KEY,
            envelope(("event", b" " * (MAX_EVENT_BYTES + 1))),
        ),
    ]
]


@table(TOO_LARGE)
def test_413_is_answered_to(client: httpx.Client, row: Row) -> None:
    row.check(client)


@table(LIMITED)
def test_over_the_limit(client: httpx.Client, row: Row) -> None:
    row.check(client)


@table(NOT_LIMITED)
def test_never_limited_is(client: httpx.Client, row: Row) -> None:
    row.check(client)


@table(ASKED_FIRST + READ)
def test_browsers_may_read(client: httpx.Client, row: Row) -> None:
    row.check(client)
