"""One journal record to events and ledger entries, without a database."""

from __future__ import annotations

import json
import uuid

import msgspec
import pytest
import zstandard

from mesher.errors import ProtocolError
from mesher.ingest import digest as digest_module
from mesher.ingest.digest import TAKE_ALL, Digested, Policy, digest_record, digest_records
from mesher.ingest.journal import Record
from mesher.protocol.event import Event
from mesher.symbolication.outcome import Outcome
from mesher.values.ingest_settings import IngestSettings

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
PROJECT = uuid.UUID(int=1)


def digest(
    body: bytes | dict, kind: str = "store", policy: Policy = TAKE_ALL, **changes
) -> Digested:
    return digest_record(record(body, kind, **changes), policy)


def record(body: bytes | dict, kind: str = "store", **changes) -> Record:
    values = {
        "kind": kind,
        "project_id": PROJECT,
        "received_at_us": 1_700_000_000_000_000,
        "event_ids": [ID],
        "content_encoding": "",
        "client": "test/1.0",
        "client_ip": "192.0.2.7",
        "context": {},
        "body": body if isinstance(body, bytes) else json.dumps(body).encode(),
    }
    return Record(**{**values, **changes})


def envelope(*items: tuple[str, bytes]) -> bytes:
    lines = [b"{}"]
    for kind, payload in items:
        lines += [json.dumps({"type": kind, "length": len(payload)}).encode(), payload]
    return b"\n".join(lines)


def ledger(digested: Digested) -> dict[tuple[str, str, str], int]:
    return {(key.category, key.outcome, key.reason): n for key, n in digested.outcomes.items()}


def test_the_row_holds_compact_parts_and_the_whole_event_compressed():
    [row] = digest(
        {
            "exception": [
                {
                    "type": "KeyError",
                    "value": "'sku'",
                    "mechanism": {"type": "generic", "handled": False},
                    "stacktrace": {
                        "frames": [
                            {
                                "function": "cart",
                                "filename": "app/cart.py",
                                "lineno": 7,
                                "in_app": True,
                                "vars": {"sku": "'x'"},
                            }
                        ]
                    },
                }
            ],
            "breadcrumbs": [{"category": "sql", "message": "SELECT 1", "data": {"rows": 1}}],
            "user": {"id": 7},
            "extra": {"cart": [1, 2]},
        }
    ).events

    assert row.title == "KeyError: 'sku'"
    assert row.message == "KeyError: 'sku'"
    assert json.loads(row.exception) == [{"type": "KeyError", "value": "'sku'", "handled": False}]
    assert json.loads(row.stacktrace) == [
        {"function": "cart", "filename": "app/cart.py", "lineno": 7, "in_app": True}
    ]
    [crumb] = json.loads(row.breadcrumbs)
    assert (crumb["category"], crumb["message"]) == ("sql", "SELECT 1")
    assert json.loads(row.user_context) == {"id": "7"}
    assert json.loads(row.extra) == {"cart": [1, 2]}

    whole = msgspec.json.decode(zstandard.decompress(row.payload), type=Event)
    assert whole.exception[0].stacktrace.frames[0].vars == {"sku": "'x'"}
    assert whole.breadcrumbs[0].data == {"rows": 1}


def test_large_parts_are_cut_in_the_row_and_whole_in_the_payload():
    extra = {f"key{number}": "x" * 500 for number in range(10)}
    [row] = digest({"message": "y" * 5000, "extra": extra}).events

    assert len(row.message) == 1024
    assert len(row.extra) <= 1024
    whole = msgspec.json.decode(zstandard.decompress(row.payload), type=Event)
    assert whole.logentry.formatted == "y" * 5000
    assert whole.extra == extra


def test_the_same_record_always_gives_the_same_rows():
    body = {"message": "again", "tags": {"a": "1"}}
    assert digest(body).events == digest(body).events


def test_items_that_are_not_kept_are_counted_by_their_category_beside_the_event():
    digested = digest(
        envelope(("event", b'{"message":"a"}'), ("profile", b"{}"), ("novelty", b"?")),
        kind="envelope",
    )
    assert [row.message for row in digested.events] == ["a"]
    assert ledger(digested) == {
        ("error", "accepted", ""): 1,
        ("profile", "accepted", ""): 1,
        ("profile", "dropped", "not_kept"): 1,
        ("default", "accepted", ""): 1,
        ("default", "dropped", "not_kept"): 1,
    }


def test_a_bad_event_is_dropped_with_its_reason_and_its_siblings_are_kept():
    digested = digest(envelope(("event", b"[]"), ("security", b'{"message":"a"}')), kind="envelope")
    assert [row.message for row in digested.events] == ["a"]
    assert ledger(digested)["error", "dropped", "invalid"] == 1


@pytest.mark.parametrize("kind", ["transaction", "feedback"])
def test_what_only_the_payload_tells_to_be_no_error_is_not_kept(kind):
    digested = digest({"type": kind, "message": "x"})
    assert digested.events == []
    assert ledger(digested) == {(kind, "accepted", ""): 1, (kind, "dropped", "not_kept"): 1}


def test_a_native_event_becomes_the_same_row_as_its_sentry_form():
    native = digest({"message": "a", "user_context": {"id": "7"}, "sdk_name": "sh"}, kind="native")
    sentry = digest({"message": "a", "user": {"id": "7"}, "sdk": {"name": "sh"}})
    assert native.events == sentry.events


def test_each_report_of_a_browser_is_an_event_with_what_the_request_said():
    report = {
        "csp-report": {"violated-directive": "img-src 'self'", "blocked-uri": "https://x.y/z"}
    }
    [row] = digest(
        report,
        kind="security",
        context={
            "content-type": "application/csp-report",
            "query": "sentry_release=1.2",
            "user-agent": "Mozilla/5.0 Firefox/130.0",
        },
    ).events
    assert row.category == "security"
    assert json.loads(row.tags)["release"] == "1.2"
    assert row.title == "Blocked 'image' from 'x.y'"


def test_a_filtered_event_is_dropped_with_its_attachments_whichever_comes_first():
    digested = digest(
        envelope(("attachment", b"a"), ("event", b'{"message":"no"}'), ("attachment", b"b")),
        kind="envelope",
        policy=Policy(IngestSettings(filter_messages=("no",))),
    )
    assert digested.events == []
    assert digested.companions.attachments == []
    assert ledger(digested) == {
        ("error", "accepted", ""): 1,
        ("error", "dropped", "filtered:message"): 1,
        ("attachment", "accepted", ""): 2,
        ("attachment", "dropped", "filtered:message"): 2,
    }


@pytest.mark.parametrize("refused", [{"error": "rate_limited"}, {ID: "sampled"}])
def test_what_receive_refused_of_a_record_is_dropped_and_counted_and_the_rest_is_kept(refused):
    digested = digest(
        envelope(("event", b'{"message":"a"}'), ("client_report", b"{}")),
        kind="envelope",
        refused=refused,
    )
    assert digested.events == []
    assert ledger(digested) == {
        ("error", "accepted", ""): 1,
        ("error", "dropped", next(iter(refused.values()))): 1,
        ("internal", "accepted", ""): 1,
        ("internal", "stored", ""): 1,
    }


def test_what_an_sdk_says_it_dropped_is_counted_beside_what_was_received():
    report = (
        b'{"discarded_events":[{"reason":"queue_overflow","category":"error","quantity":7},'
        b'{"reason":"queue_overflow","category":"error","quantity":1}]}'
    )
    digested = digest(envelope(("client_report", report)), kind="envelope", event_ids=[])
    assert ledger(digested) == {
        ("error", "client_discarded", "queue_overflow"): 8,
        ("internal", "accepted", ""): 1,
        ("internal", "stored", ""): 1,
    }


def test_refusals_are_counted_as_received_and_dropped():
    body = msgspec.msgpack.encode([("error", "rate_limited", 900), ("session", "sampled", 2)])
    digested = digest(body, kind="refusals", event_ids=[])
    assert ledger(digested) == {
        ("error", "accepted", ""): 900,
        ("error", "dropped", "rate_limited"): 900,
        ("session", "accepted", ""): 2,
        ("session", "dropped", "sampled"): 2,
    }


def test_raw_reports_in_an_envelope_are_events_the_first_with_its_id():
    violation = {
        "type": "csp-violation",
        "body": {"documentURL": "https://a.example/", "effectiveDirective": "img-src"},
    }
    body = envelope(("raw_security", json.dumps([violation, violation]).encode()))
    first, second = digest(body, kind="envelope").events
    assert (first.category, first.id) == ("security", uuid.UUID(ID))
    assert second.id not in {first.id, None}
    assert digest(body, kind="envelope").events[1].id == second.id


def test_a_raw_report_that_is_none_is_dropped_and_its_siblings_are_kept():
    digested = digest(
        envelope(("raw_security", b"?"), ("event", b'{"message":"a"}')), kind="envelope"
    )
    assert [row.message for row in digested.events] == ["a"]
    assert ledger(digested)["security", "dropped", "invalid"] == 1


def test_a_clock_that_is_off_is_set_right_by_the_time_in_the_credentials():
    event = {"message": "a", "timestamp": 1_600_000_000}
    [row] = digest(event, context={"sentry_timestamp": "1600000000.0"}).events
    whole = msgspec.json.decode(zstandard.decompress(row.payload), type=Event)
    assert whole.timestamp == 1_700_000_000


def test_the_time_in_an_envelope_wins_over_that_in_the_credentials():
    sent = b'{"sent_at":"2023-11-14T22:13:20Z"}\n{"type":"event"}\n{"timestamp":1699999999}'
    [row] = digest(sent, kind="envelope", context={"sentry_timestamp": "1600000000"}).events
    whole = msgspec.json.decode(zstandard.decompress(row.payload), type=Event)
    assert whole.timestamp == 1_699_999_999


def test_records_make_together_what_each_makes_alone(monkeypatch):
    monkeypatch.setattr(digest_module, "HAND_RECORDS", 3)
    records = [record({"message": f"it broke {'again ' * number}"}) for number in range(7)]
    assert list(digest_records((one, TAKE_ALL) for one in records)) == [
        digest_record(one) for one in records
    ]


def test_a_record_that_fails_at_any_step_leaves_the_others_alone():
    def fail_on_this(event, _project_id):
        if event.logentry.formatted == "this one":
            raise ArithmeticError
        return Outcome()

    policy = Policy(symbolicate=fail_on_this)
    records = [
        record({"message": "first"}),
        record(b"damaged", content_encoding="gzip"),
        record({"message": "this one"}),
        record({"message": "last"}),
    ]
    first, damaged, this_one, last = digest_records((one, policy) for one in records)
    assert [row.message for found in (first, last) for row in found.events] == ["first", "last"]
    assert isinstance(damaged, ProtocolError)
    assert isinstance(this_one, ArithmeticError)


def test_large_events_are_not_held_together(monkeypatch):
    monkeypatch.setattr(digest_module, "HAND_BYTES", 100)
    read = []

    def records():
        for number in range(4):
            read.append(number)
            yield record({"message": "x" * 60}), TAKE_ALL

    found = digest_records(records())
    next(found)
    assert read == [0, 1]
