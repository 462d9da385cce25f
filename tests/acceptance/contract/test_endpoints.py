"""Every endpoint: what it answers to what it is for, and to what it is not for."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import httpx

from acceptance.contract.table import (
    ANY_ID,
    CLOSED_KEY,
    CLOSED_NUMBER,
    DSN,
    EVENT,
    HYPHENATED_ID,
    ID,
    KEY,
    NUMBER,
    Row,
    at,
    envelope,
    row,
    table,
)

BODY = envelope(("event", EVENT), event_id=ID)
EVENT_WITH_ID = json.dumps({"event_id": ID, "message": "promised"}).encode()
JSON = {"content-type": "application/json"}
VIOLATION = b'{"csp-report":{"violated-directive":"img-src","document-uri":"https://a.example/"}}'
DUMP = b"MDMP and so on"
HYPHENATED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PLAIN = {"content-type": "text/plain.*"}
REPORT = {
    "event_id": ID,
    "name": "Ada",
    "email": "ada@example.com",
    "comments": "it broke",
    "url": "",
}
FEEDBACK = "/api/0/projects/acme/shop/user-feedback/"
ERROR_PAGE = f"/api/embed/error-page/?dsn={quote(DSN, safe='')}&eventId={ID}"
CHECK_IN = b'{"status":"ok"}'
FILE = {"file": ("app.log", b"starting")}
CLOSED_CRON = f"/api/{CLOSED_NUMBER}/cron/nightly/{CLOSED_KEY}/?status=ok"

PROMISES = [
    row(
        "an envelope: 200 with its event's id",
        "POST",
        at("envelope"),
        200,
        {"id": ID},
        content=BODY,
    ),
    row(
        "an envelope in which nothing has an id: 200 with an empty object",
        "POST",
        at("envelope"),
        200,
        {},
        content=envelope(("session", b"{}")),
    ),
    row(
        "an event to store: 200 with its id",
        "POST",
        at("store"),
        200,
        {"id": ID},
        content=EVENT_WITH_ID,
    ),
    row(
        "an event without an id: 200 with a new one",
        "POST",
        at("store"),
        200,
        ANY_ID,
        content=EVENT,
    ),
    row(
        "an envelope to store, by its Content-Type: 200 with its event's id",
        "POST",
        at("store"),
        200,
        {"id": ID},
        headers={"content-type": "application/x-sentry-envelope"},
        content=BODY,
    ),
    row(
        "an event in the query of store: 200 with one pixel",
        "GET",
        at("store", query="&sentry_data=" + quote(EVENT_WITH_ID)),
        200,
        re.compile(r"GIF89a\x01\x00\x01\x00.*", re.DOTALL),
        answer_headers={"content-type": "image/gif"},
    ),
    *[
        row(
            f"a browser's report to {endpoint}: 200 with nothing",
            "POST",
            at(endpoint),
            200,
            b"",
            headers={"content-type": "application/csp-report"},
            content=VIOLATION,
        )
        for endpoint in ("security", "csp-report")
    ],
    row("network errors: 200, counted and not kept", "POST", at("nel"), 200, b"", content=b"[]"),
    row(
        "a minidump: 200 with the event's id in plain text, with hyphens",
        "POST",
        at("minidump"),
        200,
        HYPHENATED,
        answer_headers=PLAIN,
        headers={"content-type": "application/octet-stream"},
        content=DUMP,
    ),
    row(
        "a minidump in a form that names the event: 200 with that id",
        "POST",
        at("minidump"),
        200,
        HYPHENATED_ID.encode(),
        answer_headers=PLAIN,
        files={"upload_file_minidump": ("crash.dmp", DUMP)},
        data={"sentry": EVENT_WITH_ID.decode()},
    ),
    row(
        "attachments of an event: 201 with nothing",
        "POST",
        at(f"events/{ID}/attachments"),
        201,
        b"",
        files=FILE,
    ),
    row(
        "attachments of an event by its hyphenated id: 201",
        "POST",
        at(f"events/{HYPHENATED_ID}/attachments"),
        201,
        b"",
        files=FILE,
    ),
    *[
        row(f"a check-in by {method} {path}: 202 with nothing", method, path, 202, b"")
        for method in ("GET", "POST")
        for path in (
            at("cron/nightly", query="&status=ok"),
            f"/api/{NUMBER}/cron/nightly/{KEY}/?status=ok",
            f"/cron/nightly/{KEY}/?status=ok",
        )
    ],
    row(
        "a check-in as JSON: 202",
        "POST",
        at("cron/nightly"),
        202,
        b"",
        headers=JSON,
        content=CHECK_IN,
    ),
    row("a check-in over the limit: 202 and never 429", "POST", CLOSED_CRON, 202, b""),
    *[
        row(
            f"OpenTelemetry's {what}: 200, counted and not kept",
            "POST",
            at(path),
            200,
            {},
            content=b"",
        )
        for what, path in [
            ("traces", "integration/otlp/v1/traces"),
            ("logs", "integration/otlp/v1/logs"),
        ]
    ],
    row(
        "a feedback report by DSN: 200 with what was understood",
        "POST",
        FEEDBACK,
        200,
        REPORT,
        headers={"authorization": f"DSN {DSN}", **JSON},
        content=json.dumps(REPORT).encode(),
    ),
    row(
        "the dialog of an event: 200 with a script",
        "GET",
        ERROR_PAGE,
        200,
        answer_headers={"content-type": "text/javascript.*"},
    ),
    row("what was written in the dialog: 200", "POST", ERROR_PAGE, 200, {}, data=REPORT),
    row("a form without a dump: 400", "POST", at("minidump"), 400, files=FILE),
    row(
        "a form without a file: 400",
        "POST",
        at(f"events/{ID}/attachments"),
        400,
        files={"a": (None, "b")},
    ),
    row("attachments of no event's id: 400", "POST", at("events/abc/attachments"), 400, files=FILE),
    row(
        "attachments that are no form: 415",
        "POST",
        at(f"events/{ID}/attachments"),
        415,
        content=b"abc",
    ),
    row("a check-in without a status: 400", "POST", at("cron/nightly"), 400),
    row(
        "a feedback report that is no JSON: 400",
        "POST",
        FEEDBACK + f"?sentry_key={KEY}",
        400,
        content=b"-",
    ),
    row("store without an event in the query: 400", "GET", at("store"), 400),
]


@table(PROMISES)
def test_promise(client: httpx.Client, row: Row) -> None:
    row.check(client)
