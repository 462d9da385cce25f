"""What the receive step lets in under a project's settings: as SDKs see it, and as digest finds it."""

from __future__ import annotations

import json
import uuid

import pytest

from mesher.ingest import quota
from mesher.ingest.sampling import is_kept
from mesher.protocol.limits import MAX_REQUEST_BYTES
from mesher.values.ingest_settings import IngestSettings

AUTH = {"X-Sentry-Auth": "Sentry sentry_key=a3f1c29be4d84f0c9e7b5d6c81f02e4a, sentry_version=7"}
OTHER_AUTH = {
    "X-Sentry-Auth": "Sentry sentry_key=0123456789abcdef0123456789abcdef, sentry_version=7"
}
PROJECT, OTHER_PROJECT = uuid.UUID(int=1), uuid.UUID(int=2)
EVENT, SESSION, REPORT = ("event", "{}"), ("session", "{}"), ("client_report", "{}")
ATTACHMENT = ("attachment", "abc")
KEPT_ID = uuid.UUID(int=4).hex
SAMPLED_ID = uuid.UUID(int=3).hex
# A rate between the two.
RATE = 0.5
assert is_kept(KEPT_ID, RATE)
assert not is_kept(SAMPLED_ID, RATE)


def envelope(*items: tuple[str, str], event_id: str = KEPT_ID) -> bytes:
    lines = [json.dumps({"event_id": event_id})]
    for kind, payload in items:
        lines += [json.dumps({"type": kind, "length": len(payload)}), payload]
    return "\n".join(lines).encode()


def test_over_the_limit_a_client_is_told_what_to_pause_and_for_how_long(ingest):
    ingest.settings = IngestSettings(key_events_per_window=1)
    first, second = ingest.post_all("/api/1/envelope/", [envelope(EVENT)] * 2, headers=AUTH)

    assert (first.status_code, second.status_code) == (200, 429)
    seconds = second.headers["retry-after"]
    assert 1 <= int(seconds) <= 60
    assert second.headers["x-sentry-rate-limits"] == f"{seconds}:error:key:key_quota"
    assert len(ingest.journal()) == 1
    assert ingest.refusals() == {(PROJECT, "error", "rate_limited"): 1}


def test_an_answer_of_200_never_carries_retry_after(ingest):
    # JavaScript SDKs would pause everything.
    answer = ingest.post("/api/1/envelope/", envelope(EVENT), headers=AUTH)
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(
    ("path", "body", "category"),
    [
        ("/api/1/envelope/", envelope(("check_in", "{}")), "monitor"),
        ("/api/1/store/", b"{}", "error"),
        ("/api/1/security/", b'{"csp-report":{"violated-directive":"img-src"}}', "security"),
        ("/api/v1/events", b'{"message":"a"}', "error"),
    ],
)
def test_each_endpoint_is_limited_in_the_category_of_its_items(ingest, path, body, category):
    ingest.settings = IngestSettings(project_events_per_window=0)
    headers = {**AUTH, "content-type": "application/json"}
    answer = ingest.post(path, body, headers=headers)
    assert answer.status_code == 429
    assert f":{category}:project:project_quota" in answer.headers["x-sentry-rate-limits"]
    assert ingest.journal() == []


def test_a_project_over_its_limit_leaves_another_alone(ingest):
    ingest.settings = IngestSettings(project_events_per_window=0)
    assert ingest.post("/api/1/envelope/", envelope(EVENT), headers=AUTH).status_code == 429
    assert ingest.post("/api/2/envelope/", envelope(EVENT), headers=OTHER_AUTH).status_code == 200
    assert ingest.refusals() == {(PROJECT, "error", "rate_limited"): 1}


def test_what_is_not_limited_in_an_envelope_is_kept_though_the_answer_is_429(ingest):
    ingest.settings = IngestSettings(key_events_per_window=1)
    bodies = [envelope(EVENT), envelope(EVENT, REPORT, SESSION)]
    _, answer = ingest.post_all("/api/1/envelope/", bodies, headers=AUTH)

    assert answer.status_code == 429
    assert ":error:key:" in answer.headers["x-sentry-rate-limits"]
    _, record = ingest.journal()
    assert record.refused == {"error": "rate_limited"}
    assert ingest.refusals() == {}


def test_client_reports_over_their_limit_are_dropped_without_a_word_to_the_client(
    ingest, monkeypatch
):
    monkeypatch.setattr(quota, "CLIENT_REPORTS_PER_SECOND", 0)
    bodies = [envelope(REPORT), envelope(EVENT, REPORT)]
    answers = ingest.post_all("/api/1/envelope/", bodies, headers=AUTH)

    for answer in answers:
        assert answer.status_code == 200
        assert not answer.headers.keys() & {"retry-after", "x-sentry-rate-limits"}
    assert ingest.refusals() == {(PROJECT, "internal", "rate_limited"): 1}
    [record] = ingest.journal()
    assert record.refused == {"internal": "rate_limited"}


def test_client_reports_over_their_limit_are_not_named_where_others_are(ingest, monkeypatch):
    monkeypatch.setattr(quota, "CLIENT_REPORTS_PER_SECOND", 0)
    ingest.settings = IngestSettings(key_events_per_window=0)
    answer = ingest.post("/api/1/envelope/", envelope(EVENT, REPORT), headers=AUTH)

    assert answer.status_code == 429
    assert answer.headers["x-sentry-rate-limits"].endswith(":error:key:key_quota")
    assert ingest.refusals() == {
        (PROJECT, "error", "rate_limited"): 1,
        (PROJECT, "internal", "rate_limited"): 1,
    }


def test_client_reports_from_a_filtered_address_are_limited_too(ingest, monkeypatch):
    monkeypatch.setattr(quota, "CLIENT_REPORTS_PER_SECOND", 0)
    ingest.settings = IngestSettings(filter_addresses=("192.0.2.0/24",))
    assert ingest.post("/api/1/envelope/", envelope(REPORT), headers=AUTH).status_code == 200
    assert ingest.journal() == []


def test_attachments_go_with_their_event_and_do_not_count_beside_it(ingest):
    ingest.settings = IngestSettings(key_events_per_window=1)
    bodies = [envelope(EVENT, ATTACHMENT, ATTACHMENT), envelope(ATTACHMENT, EVENT)]
    first, second = ingest.post_all("/api/1/envelope/", bodies, headers=AUTH)

    assert (first.status_code, second.status_code) == (200, 429)
    assert ingest.refusals() == {
        (PROJECT, "error", "rate_limited"): 1,
        (PROJECT, "attachment", "rate_limited"): 1,
    }


def test_a_sampled_event_is_answered_like_one_that_is_kept(ingest):
    ingest.settings = IngestSettings(sample_rate=RATE)
    bodies = [envelope(EVENT, ATTACHMENT, event_id=given) for given in (SAMPLED_ID, KEPT_ID)]
    answers = ingest.post_all("/api/1/envelope/", bodies, headers=AUTH)

    assert [answer.json()["id"] for answer in answers] == [SAMPLED_ID, KEPT_ID]
    assert {answer.status_code for answer in answers} == {200}
    assert [record.event_ids for record in ingest.journal()] == [[KEPT_ID]]
    assert ingest.refusals() == {
        (PROJECT, "error", "sampled"): 1,
        (PROJECT, "attachment", "sampled"): 1,
    }


def test_what_comes_beside_a_sampled_event_is_kept(ingest):
    ingest.settings = IngestSettings(sample_rate=RATE)
    ingest.post("/api/1/envelope/", envelope(EVENT, SESSION, event_id=SAMPLED_ID), headers=AUTH)
    [record] = ingest.journal()
    assert record.refused == {SAMPLED_ID: "sampled"}


def test_each_event_of_a_bulk_request_is_sampled_by_its_own_id(ingest):
    ingest.settings = IngestSettings(sample_rate=RATE)
    body = json.dumps([{"event_id": SAMPLED_ID}, {"event_id": KEPT_ID}]).encode()
    answer = ingest.post("/api/v1/events/bulk", body, headers=AUTH)
    assert answer.json() == {"ids": [SAMPLED_ID, KEPT_ID]}
    [record] = ingest.journal()
    assert record.refused == {SAMPLED_ID: "sampled"}


def test_sampled_events_take_nothing_of_the_limit(ingest):
    ingest.settings = IngestSettings(sample_rate=RATE, key_events_per_window=1)
    bodies = [envelope(EVENT, event_id=given) for given in (SAMPLED_ID, SAMPLED_ID, KEPT_ID)]
    answers = ingest.post_all("/api/1/envelope/", bodies, headers=AUTH)
    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_nothing_but_client_reports_is_kept_from_a_filtered_address(ingest):
    ingest.settings = IngestSettings(filter_addresses=("192.0.2.0/24",))
    bodies = [envelope(EVENT, ATTACHMENT), envelope(REPORT), envelope(SESSION)]
    answers = ingest.post_all("/api/1/envelope/", bodies, headers=AUTH)

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    [record] = ingest.journal()
    assert b"client_report" in record.body
    assert ingest.refusals() == {
        (PROJECT, category, "filtered:address"): 1
        for category in ("error", "attachment", "session")
    }


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/api/1/envelope/", b"no envelope", "invalid"),
        ("/api/1/store/", b"x" * (5 * 1024**2), "too_large"),
        ("/api/1/store/", b"x" * (MAX_REQUEST_BYTES + 1), "too_large"),
        ("/api/v1/events", b'{"level":"loud"}', "invalid"),
    ],
    ids=["frame", "event", "body", "field"],
)
def test_what_cannot_be_read_is_counted_as_one_error_of_its_project(ingest, path, body, reason):
    assert ingest.post(path, body, headers=AUTH).status_code in {400, 413}
    assert ingest.refusals() == {(PROJECT, "error", reason): 1}


def test_what_is_of_no_known_project_is_in_no_ledger(ingest):
    unknown = {"X-Sentry-Auth": f"Sentry sentry_key={'b' * 32}, sentry_version=7"}
    ingest.post("/api/1/envelope/", b"no envelope", headers=unknown)
    ingest.post("/api/1/envelope/", b"x" * (MAX_REQUEST_BYTES + 1), headers=unknown)
    assert ingest.refusals() == {}


def test_what_the_journal_has_no_room_for_is_counted_once_it_has_room_again(ingest):
    ingest.journal_limit_bytes = 0
    assert ingest.post("/api/1/envelope/", envelope(EVENT), headers=AUTH).status_code == 503
    assert ingest.journal() == []


@pytest.mark.parametrize(
    ("path", "body", "category"),
    [
        (f"/api/1/events/{KEPT_ID}/attachments/", b"", "attachment"),
        ("/api/1/cron/nightly/", b"[]", "monitor"),
    ],
)
def test_where_the_endpoint_tells_what_it_takes_that_is_counted(ingest, path, body, category):
    assert ingest.post(path, body, headers=AUTH).status_code in {400, 415}
    assert ingest.refusals() == {(PROJECT, category, "invalid"): 1}
