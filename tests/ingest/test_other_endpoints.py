"""Endpoints of old clients and of what is not kept."""

from __future__ import annotations

import base64
import json
import zlib
from urllib.parse import quote

import pytest

from mesher.ingest.digest import digest_record

AUTH = {"X-Sentry-Auth": "Sentry sentry_key=a3f1c29be4d84f0c9e7b5d6c81f02e4a, sentry_version=7"}
KEY = "sentry_key=a3f1c29be4d84f0c9e7b5d6c81f02e4a"
ID = "9ec79c33ec9942ab8353589fcb2e04dc"
EVENT = json.dumps({"event_id": ID, "message": "it broke ?>"}).encode()


@pytest.mark.parametrize(
    "data",
    [
        quote(EVENT, safe=""),
        quote(base64.b64encode(EVENT), safe=""),
        base64.b64encode(zlib.compress(EVENT)).decode(),  # with its plus signs as they are
    ],
)
def test_an_event_in_the_query_is_answered_with_one_transparent_pixel(ingest, data):
    answer = ingest.request("GET", f"/api/1/store/?{KEY}&sentry_data={data}")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.content.startswith(b"GIF89a\x01\x00\x01\x00")
    [record] = ingest.journal()
    assert record.event_ids == [ID]
    assert digest_record(record).events[0].message == "it broke ?>"


def test_a_query_without_an_event_is_refused(ingest):
    assert ingest.request("GET", f"/api/1/store/?{KEY}").status_code == 400


@pytest.mark.parametrize(
    ("path", "category", "body"),
    [
        ("/api/1/nel/", "default", b""),
        ("/api/1/integration/otlp/v1/traces/", "span", b"{}"),
        ("/api/1/integration/otlp/v1/logs/", "log_item", b"{}"),
    ],
)
def test_what_is_not_kept_is_answered_200_and_counted(ingest, path, category, body):
    answer = ingest.post(path, b"\x0a\x00", headers=AUTH)

    assert (answer.status_code, answer.content) == (200, body)
    [record] = ingest.journal()
    assert {(k.category, k.outcome, k.reason) for k in digest_record(record).outcomes} == {
        (category, "accepted", ""),
        (category, "dropped", "not_kept"),
    }
    assert ingest.post(path, b"").status_code == 401


def test_the_time_in_the_credentials_is_kept_for_digest(ingest):
    auth = {"X-Sentry-Auth": AUTH["X-Sentry-Auth"] + ", sentry_timestamp=1700000000.5"}
    ingest.post("/api/1/store/", EVENT, headers=auth)
    assert ingest.journal()[0].context == {"sentry_timestamp": "1700000000.5"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_other_methods_are_answered_405_with_those_that_are_possible(ingest, method):
    answer = ingest.request(method, "/api/1/envelope/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.headers["access-control-allow-origin"] == "*"
