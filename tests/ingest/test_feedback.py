"""What people write about an error, from the request to the row."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from mesher.ingest.digest import digest_record
from mesher.storage.companions import store_companions
from mesher.storage.connection import connect

KEY = "a3f1c29be4d84f0c9e7b5d6c81f02e4a"
ID = "9ec79c33ec9942ab8353589fcb2e04dc"
DSN = f"https://{KEY}@errors.example/1"
API = "/api/0/projects/acme/shop/user-feedback/"
PAGE = f"/api/embed/error-page/?dsn={quote(DSN, safe='')}&eventId={ID}"
REPORT = {"event_id": ID, "name": "Eva", "email": "e@x.example", "comments": "it broke"}


def feedback(ingest):
    [record] = ingest.journal()
    return [
        (new.event_id.hex, new.name, new.comments)
        for new in digest_record(record).companions.feedback
    ]


@pytest.mark.parametrize("authorization", [f"DSN {DSN}", f"Bearer mshr_{KEY}"])
def test_the_feedback_api_takes_a_report_by_dsn_or_key(ingest, authorization):
    answer = ingest.post(API, json.dumps(REPORT).encode(), headers={"authorization": authorization})
    assert answer.status_code == 200
    assert answer.json() == {**REPORT, "url": ""}
    assert feedback(ingest) == [(ID, "Eva", "it broke")]


def test_the_error_page_is_a_script_into_which_nothing_of_the_request_is_written(ingest):
    answer = ingest.request("GET", f"{PAGE}&name=%3C/script%3E%27%22xyzzy")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["x-content-type-options"] == "nosniff"
    for given in ("xyzzy", KEY, ID):
        assert given not in answer.text


def test_what_is_written_in_the_dialog_is_kept_for_its_event(ingest):
    answer = ingest.request("POST", PAGE, data={"name": "Eva", "email": "", "comments": "it broke"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert feedback(ingest) == [(ID, "Eva", "it broke")]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", API, json.dumps(REPORT).encode(), 401),
        ("POST", f"{API}?sentry_key={KEY}", b"[]", 400),
        ("POST", f"{API}?sentry_key={KEY}", b'{"comments":"a"}', 400),
        ("POST", f"{API}?sentry_key={KEY}", b"x" * 200_000, 413),
        ("GET", API, b"", 405),
        ("GET", "/api/embed/error-page/", b"", 400),
        ("GET", PAGE.replace(KEY, "f" * 32), b"", 403),
        ("GET", PAGE.replace(ID, "0"), b"", 400),
        ("POST", PAGE, b"name=Eva", 400),
        ("POST", PAGE, b"a=1&" * 200, 400),
    ],
)
def test_what_cannot_be_taken_is_refused_and_not_kept(ingest, method, path, body, status):
    answer = ingest.request(method, path, content=body)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert ingest.journal() == []


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("user_report", {"comments": "it broke", "name": "Eva"}),
        ("feedback", {"contexts": {"feedback": {"message": "it broke", "name": "Eva"}}}),
    ],
)
def test_both_forms_of_an_envelope_are_stored_once_however_often_sent(
    ingest, database_url, kind, payload
):
    body = f'{{"event_id":"{ID}"}}\n{{"type":"{kind}"}}\n{json.dumps(payload)}'.encode()
    assert ingest.post(f"/api/1/envelope/?sentry_key={KEY}", body).json() == {"id": ID}
    [record] = ingest.journal()
    found = digest_record(record).companions

    with connect(database_url, application_name="test") as conn:
        outcomes = [store_companions(conn, found, set()) for _ in range(2)]
        assert [[(k.outcome, k.reason) for k in each] for each in outcomes] == [
            [("stored", "")],
            [("dropped", "duplicate")],
        ]
        [row] = conn.execute(
            "SELECT project_id, event_id, name, comments, received_at FROM user_feedback"
        ).fetchall()
    received_at = datetime.fromtimestamp(record.received_at_us / 1e6, UTC)
    assert row[:4] == (uuid.UUID(int=1), uuid.UUID(ID), "Eva", "it broke")
    assert abs((row[4] - received_at).total_seconds()) < 0.001
