"""Bodies: content codings, what old clients send to store, and browsers' reports."""

from __future__ import annotations

import base64
import bz2
import gzip
import json
import lzma
import zlib
from collections.abc import Iterable

import brotli
import httpx
import zstandard

from acceptance.contract.table import (
    ANY_ID,
    EVENT,
    ID,
    Row,
    at,
    envelope,
    row,
    table,
)
from mesher.protocol.limits import MAX_EVENT_BYTES

BODY = envelope(("event", EVENT), event_id=ID)
EVENT_WITH_ID = json.dumps({"event_id": ID, "message": "promised"}).encode()
DUMP = b"MDMP and so on"
CODINGS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}
VIOLATION = {"violated-directive": "img-src 'self'", "document-uri": "https://a.example/"}
OF_REPORTING_API = {
    "type": "csp-violation",
    "url": "https://a.example/",
    "body": {"effectiveDirective": "img-src", "documentURL": "https://a.example/"},
}


def encoded(promise: str, coding: str, body: bytes | Iterable[bytes], status: int = 200) -> Row:
    answer = {"id": ID} if status == 200 else None
    headers = {"content-encoding": coding}
    return row(promise, "POST", at("envelope"), status, answer, headers=headers, content=body)


def to_store(promise: str, body: bytes, status: int = 200, **headers: str) -> Row:
    answer = {"id": ID} if status == 200 else None
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return row(promise, "POST", at("store"), status, answer, headers=named, content=body)


def report(
    promise: str, body: object, status: int = 200, kind: str = "application/csp-report"
) -> Row:
    answer = b"" if status == 200 else None
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": kind}
    return row(promise, "POST", at("security"), status, answer, headers=headers, content=content)


CODED = [
    *[encoded(f"{name} is undone", name, code(BODY)) for name, code in CODINGS.items()],
    *[
        encoded(f"the coding {name!r} is none (old Ruby and Android SDKs)", name, BODY)
        for name in ("", "identity", "utf-8")
    ],
    encoded("its name may be in any case", "GZIP", gzip.compress(BODY)),
    encoded("another coding is 415", "compress", BODY, 415),
    encoded("a body that is not in its coding is 400", "gzip", BODY, 400),
    encoded("a body that is cut short is 400", "gzip", gzip.compress(BODY)[:-9], 400),
    row(
        "a chunked body without length and type (Node.js)",
        "POST",
        at("envelope"),
        200,
        {"id": ID},
        headers={"content-encoding": "gzip"},
        content=iter([gzip.compress(BODY)[:20], gzip.compress(BODY)[20:]]),
    ),
    *[
        row(
            f"an envelope of the Content-Type {kind}",
            "POST",
            at("envelope"),
            200,
            {"id": ID},
            headers={"content-type": kind},
            content=BODY,
        )
        for kind in (
            "application/x-sentry-envelope",
            "text/plain;charset=UTF-8",
            "application/json",
            "application/octet-stream",
            "multipart/form-data",
        )
    ],
    *[
        row(
            f"a minidump in {name}",
            "POST",
            at("minidump"),
            200,
            files={"upload_file_minidump": ("crash.dmp", wrap(DUMP))},
        )
        for name, wrap in [
            ("gzip", gzip.compress),
            ("xz", lzma.compress),
            ("bzip2", bz2.compress),
            ("zstd", zstandard.compress),
        ]
    ],
]

STORED = [
    to_store("JSON", EVENT_WITH_ID),
    *[
        to_store(f"JSON of the Content-Type {kind}", EVENT_WITH_ID, content_type=kind)
        for kind in ("application/octet-stream", "text/plain", "application/json")
    ],
    to_store("base64 of JSON", base64.b64encode(EVENT_WITH_ID)),
    to_store("base64 of zlib (raven-node)", base64.b64encode(zlib.compress(EVENT_WITH_ID))),
    to_store(
        "zlib as a content coding (raven-python)",
        zlib.compress(EVENT_WITH_ID),
        content_encoding="deflate",
    ),
    to_store(
        "Python's NaN and Infinity",
        b'{"event_id":"%s","extra":{"a":NaN,"b":-Infinity}}' % ID.encode(),
    ),
    to_store("a transaction", b'{"event_id":"%s","type":"transaction"}' % ID.encode()),
    to_store("an empty body is 400", b"", 400),
    to_store("a body that is neither is 400", b"<event/>", 400),
    to_store("an event above its limit is 413", b" " * MAX_EVENT_BYTES + EVENT_WITH_ID, 413),
    to_store(
        "an event that unpacks to more is 413",
        gzip.compress(b" " * MAX_EVENT_BYTES + EVENT_WITH_ID),
        413,
        content_encoding="gzip",
    ),
]

REPORTED = [
    report("of the report-uri form", {"csp-report": VIOLATION}),
    report("as application/json", {"csp-report": VIOLATION}, kind="application/json"),
    report(
        "a list of the Reporting API",
        [OF_REPORTING_API, OF_REPORTING_API],
        kind="application/reports+json",
    ),
    report("a single one of it", OF_REPORTING_API, kind="application/reports+json; charset=utf-8"),
    report("one of another type is dropped", [{"type": "deprecation", "body": {}}]),
    report("of certificates, which browsers send no more, are dropped", {"expect-ct-report": {}}),
    report("another Content-Type is 415", {"csp-report": VIOLATION}, 415, "text/plain"),
    report("without a known directive is 400", {"csp-report": {"document-uri": "https://a/"}}, 400),
    report("that is none is 400", {"hello": "world"}, 400),
    report("that is no JSON is 400", b"hello", 400),
]


@table(CODED)
def test_body(client: httpx.Client, row: Row) -> None:
    row.check(client)


@table(STORED)
def test_store_takes(client: httpx.Client, row: Row) -> None:
    row.check(client)


@table(REPORTED)
def test_a_browsers_report(client: httpx.Client, row: Row) -> None:
    row.check(client)


def test_a_new_id_is_answered_where_store_is_sent_none(client: httpx.Client) -> None:
    row("", "POST", at("store"), 200, ANY_ID, content=EVENT).check(client)
