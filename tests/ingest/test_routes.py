"""The ingest endpoints as an SDK sees them: status, body and headers; and what the journal keeps."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from mesher.ingest.routes import IngestApp

AUTH = {
    "X-Sentry-Auth": "Sentry sentry_key=a3f1c29be4d84f0c9e7b5d6c81f02e4a, sentry_version=7,"
    " sentry_client=test/1.0"
}
ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def test_an_acknowledged_envelope_is_in_the_journal_as_it_was_sent(ingest, envelope):
    body = gzip.compress(envelope(f'{{"event_id":"{ID}"}}'))

    answer = ingest.post("/api/1/envelope/", body, headers={**AUTH, "Content-Encoding": "gzip"})

    assert answer.status_code == 200
    assert answer.json() == {"id": ID}
    [record] = ingest.journal()
    assert record.body == body
    assert record.event_ids == [ID]
    assert record.content_encoding == "gzip"
    assert record.client == "test/1.0"
    assert record.client_ip == "192.0.2.7"


def test_an_envelope_without_items_is_answered_and_takes_no_place_in_the_journal(ingest):
    answer = ingest.post("/api/1/envelope/", b"{}\n", headers=AUTH)

    assert (answer.status_code, answer.json()) == (200, {})
    assert ingest.journal() == []


def test_each_record_is_received_later_than_the_last_whatever_the_clock_says(ingest, envelope):
    ingest.clock = iter([5_000_000, 5_000_000, 3_000_000]).__next__
    ingest.post_all("/api/1/envelope/", [envelope()] * 3, headers=AUTH)

    assert [record.received_at_us for record in ingest.journal()] == [5000, 5001, 5002]


def test_a_hyphenated_event_id_is_answered_as_32_digits(ingest, envelope):
    hyphenated = "9ec79c33-ec99-42ab-8353-589fcb2e04dc"
    answer = ingest.post(
        "/api/1/envelope/", envelope(f'{{"event_id":"{hyphenated}"}}'), headers=AUTH
    )
    assert answer.json() == {"id": ID}


def test_an_id_that_only_the_payload_has_is_answered(ingest, envelope):
    answer = ingest.post("/api/1/envelope/", envelope("{}", f'{{"event_id":"{ID}"}}'), headers=AUTH)
    assert answer.json() == {"id": ID}


def test_an_event_without_any_id_is_given_one_at_receipt(ingest, envelope):
    answer = ingest.post("/api/1/envelope/", envelope(), headers=AUTH)
    assert re.fullmatch("[0-9a-f]{32}", answer.json()["id"])
    assert ingest.journal()[0].event_ids == [answer.json()["id"]]


def test_an_envelope_without_an_event_is_answered_with_an_empty_object(ingest):
    body = b'{}\n{"type":"session"}\n{"sid":"1"}\n'
    answer = ingest.post("/api/1/envelope/", body, headers=AUTH)
    assert (answer.status_code, answer.json()) == (200, {})


@pytest.mark.parametrize(
    "path", ["/api/1/envelope/", "/api/1/envelope", "/a/b/api/1/envelope/", "/api//1//envelope/"]
)
def test_the_slash_at_the_end_a_path_in_front_and_double_slashes_do_not_matter(
    ingest, envelope, path
):
    assert ingest.post(path, envelope(), headers=AUTH).status_code == 200


@pytest.mark.parametrize(
    ("path", "matches"),
    [
        ("/api/1/envelope/", True),
        ("/api/store/", True),
        ("/api/v1/events", True),
        ("/api/v1/events/bulk", True),
        ("/tunnel", True),
        ("/api/v1/events/9ec79c33ec9942ab8353589fcb2e04dc", False),
        ("/api/1/unknown/", True),
        ("/api/x/envelope/", True),
        ("/api/0/organizations/", False),
        ("/api/v1/projects", False),
        ("/issues", False),
    ],
)
def test_only_ingest_paths_are_taken(path, matches):
    assert IngestApp.matches({"path": path}) is matches


def test_the_key_may_stand_in_the_query(ingest, envelope):
    path = "/api/1/envelope/?sentry_version=7&sentry_key=a3f1c29be4d84f0c9e7b5d6c81f02e4a"
    assert ingest.post(path, envelope()).status_code == 200


def test_the_key_may_stand_in_the_envelope_alone(ingest, envelope):
    dsn = "https://a3f1c29be4d84f0c9e7b5d6c81f02e4a@errors.example/1"
    assert ingest.post("/api/1/envelope/", envelope(json.dumps({"dsn": dsn}))).status_code == 200


def test_a_tunnel_takes_key_and_project_from_the_envelope(ingest, envelope):
    dsn = "https://a3f1c29be4d84f0c9e7b5d6c81f02e4a@errors.example/1"
    assert ingest.post("/tunnel", envelope(json.dumps({"dsn": dsn}))).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"),
    [
        pytest.param("/api/1/envelope/", {}, b"{}\n", 401, id="no key"),
        pytest.param("/api/2/envelope/", AUTH, b"{}\n", 403, id="key of another project"),
        pytest.param("/api/1/envelope/?sentry_key=" + "f" * 32, {}, b"{}\n", 403, id="unknown key"),
        pytest.param("/api/1/envelope/?sentry_key=short", {}, b"{}\n", 400, id="key too short"),
        pytest.param("/api/1/envelope/", AUTH, b"", 400, id="empty body"),
        pytest.param("/api/1/envelope/", AUTH, b"not json\n", 400, id="header line is no JSON"),
        pytest.param(
            "/api/1/envelope/", AUTH, b'{}\n{"type":"event","length":99}\n{}', 400, id="truncated"
        ),
        pytest.param(
            "/api/1/envelope/",
            {**AUTH, "Content-Encoding": "gzip"},
            b"not gzip",
            400,
            id="damaged gzip",
        ),
        pytest.param(
            "/api/1/envelope/", {**AUTH, "Content-Encoding": "lzma"}, b"{}\n", 415, id="coding"
        ),
        pytest.param(
            "/api/1/envelope/", AUTH, b'{"dsn":"https://%s@h/2"}\n' % (b"f" * 32), 400, id="dsn"
        ),
        pytest.param("/api/1/store/", AUTH, b"no event", 400, id="store body is no event"),
    ],
)
def test_what_cannot_be_taken_is_answered_with_a_reason_and_not_kept(
    ingest, path, headers, body, status
):
    answer = ingest.post(path, body, headers=headers)

    assert answer.status_code == status
    assert answer.json()["detail"]
    assert answer.headers["x-sentry-error"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert ingest.journal() == []


def test_another_method_than_post_is_answered_405(ingest):
    assert ingest.request("GET", "/api/1/envelope/").status_code == 405


def test_a_preflight_needs_no_key(ingest):
    answer = ingest.request("OPTIONS", "/api/1/envelope/")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert "x-sentry-auth" in answer.headers["access-control-allow-headers"]


def test_a_browser_may_read_the_rate_limit_headers_of_every_answer(ingest, envelope):
    answer = ingest.post("/api/1/envelope/", envelope(), headers=AUTH)
    assert "x-sentry-rate-limits" in answer.headers["access-control-expose-headers"]
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_full_journal_is_answered_503_with_the_time_to_wait(ingest, envelope):
    ingest.post("/api/1/envelope/", envelope(), headers=AUTH)

    ingest.journal_limit_bytes = 0
    answer = ingest.post("/api/1/envelope/", envelope(), headers=AUTH)

    assert answer.status_code == 503
    seconds = answer.headers["retry-after"]
    assert int(seconds) > 0
    assert answer.headers["x-sentry-rate-limits"] == f"{seconds}::organization:unavailable"
    assert len(ingest.journal()) == 1


def test_a_body_that_is_too_large_is_refused_before_it_is_read(ingest):
    answer = ingest.post("/api/1/envelope/", b"x", headers={**AUTH, "Content-Length": str(10**10)})
    assert answer.status_code == 413


def test_a_native_event_is_kept_and_answered_with_its_id(ingest):
    answer = ingest.post(
        "/api/v1/events",
        b'{"message":"hello","level":"error"}',
        headers={"Authorization": "Bearer mshr_a3f1c29be4d84f0c9e7b5d6c81f02e4a"},
    )
    assert answer.status_code == 200, answer.text
    assert ingest.journal()[0].event_ids == [answer.json()["id"]]


def test_a_native_event_that_does_not_fit_is_refused_by_the_name_of_its_field(ingest):
    answer = ingest.post("/api/v1/events", b'{"message":"x","level":"loud"}', headers=AUTH)
    assert answer.status_code == 400
    assert answer.json()["field"] == "level"


def test_a_bulk_request_is_one_record_with_an_id_for_each_event(ingest):
    answer = ingest.post(
        "/api/v1/events/bulk", b'[{"message":"one"},{"message":"two"}]', headers=AUTH
    )
    assert answer.status_code == 200, answer.text
    [record] = ingest.journal()
    assert record.event_ids == answer.json()["ids"]
    assert len(record.event_ids) == 2


def test_of_a_bulk_request_with_one_bad_event_nothing_is_kept(ingest):
    answer = ingest.post(
        "/api/v1/events/bulk", b'[{"message":"one"},{"message":"two","level":7.5}]', headers=AUTH
    )
    assert answer.status_code == 400
    assert answer.json()["field"] == "[1].level"
    assert ingest.journal() == []
