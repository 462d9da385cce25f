"""What digest removes before anything is made of an event, and what it says of it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import msgspec
import pytest
import zstandard

from fake_secrets import BY_FORM
from mesher.ingest.digest import Digested, Policy, digest_record
from mesher.ingest.digester import set_aside
from mesher.ingest.journal import Entry, Record, encode_record
from mesher.ingest.replay import replay
from mesher.protocol.event import Event
from mesher.storage.connection import connect
from mesher.values.ingest_settings import IngestSettings
from shards import PROJECT, Shard, refuse_message

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
TOKEN = BY_FORM["GitHub token"](1)


def record(body: Any, kind: str = "store", **changes: Any) -> Record:
    values = {
        "kind": kind,
        "project_id": PROJECT,
        "received_at_us": 1_700_000_000_000_000,
        "event_ids": [ID],
        "content_encoding": "",
        "client": "test/1.0",
        "client_ip": "203.0.113.77",
        "context": {},
        "body": body if isinstance(body, bytes) else json.dumps(body).encode(),
    }
    return Record(**{**values, **changes})


def digest(body: Any, kind: str = "store", **settings: Any) -> Digested:
    return digest_record(record(body, kind), Policy(IngestSettings(**settings)))


def event_of(digested: Digested) -> Event:
    [row] = digested.events
    return msgspec.json.decode(zstandard.decompress(row.payload), type=Event)


def test_an_event_says_what_was_scrubbed_and_why() -> None:
    event = event_of(
        digest(
            {"message": f"with {TOKEN}", "extra": {"a": {"password": "x"}, "b": {"password": "y"}}}
        )
    )

    assert event.logentry.formatted == "with [GitHub token]"
    assert [(error.type, error.name, error.value) for error in event.errors] == [
        ("scrubbed", "password", "sensitive key, 2 times"),
        ("scrubbed", "message", "GitHub token"),
    ]


def test_a_note_does_not_name_a_key_that_is_itself_a_secret() -> None:
    event = event_of(digest({"extra": {f"token {TOKEN}": "x"}}))
    assert TOKEN not in msgspec.json.encode(event).decode()


def test_events_that_differ_in_a_secret_alone_are_of_one_issue() -> None:
    rows = [
        digest({"exception": [{"type": "E", "value": f"refused {make(1)}"}]}).events[0]
        for make in (BY_FORM["GitHub token"], lambda _: BY_FORM["GitHub token"](2))
    ]
    assert rows[0].fingerprint == rows[1].fingerprint
    assert rows[0].title == "E: refused [GitHub token]"
    assert b"GitHub token" in rows[0].grouping


def test_a_project_may_keep_everything() -> None:
    event = event_of(digest({"message": "password=x", "extra": {"token": "y"}}, scrub=False))
    assert (event.logentry.formatted, event.extra) == ("password=x", {"token": "y"})
    assert event.errors == []


def test_keys_of_the_project_count() -> None:
    body = {"extra": {"customer_no": "4711", "token": "y"}}
    event = event_of(digest(body, scrub_keys=("customer-no",), safe_keys=("token",)))
    assert event.extra == {"customer_no": "[Filtered]", "token": "y"}


@pytest.mark.parametrize(
    ("wanted", "address", "tag"),
    [
        ("keep", "203.0.113.77", "ip:203.0.113.77"),
        ("shorten", "203.0.113.0", "ip:203.0.113.0"),
        ("remove", None, None),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        {"platform": "javascript"},
        {"user": {"ip_address": "{{auto}}"}},
        {"user": {"ip_address": "203.0.113.77"}},
        {"request": {"env": {"REMOTE_ADDR": "203.0.113.77"}}},
    ],
)
@pytest.mark.parametrize("scrub", [True, False])
def test_addresses_are_kept_shortened_or_removed_wherever_they_come_from(
    body: dict[str, Any], wanted: str, address: str | None, tag: str | None, scrub: bool
) -> None:
    digested = digest({**body, "message": "x"}, ip_addresses=wanted, scrub=scrub)
    event = event_of(digested)

    assert (event.user.ip_address if event.user else None) == address
    assert event.tags.get("user") == tag
    if wanted != "keep":
        assert b"203.0.113.77" not in zstandard.decompress(digested.events[0].payload)


def test_feedback_loses_secrets_and_keeps_the_address_to_answer_to() -> None:
    report = {
        "event_id": ID,
        "name": "Eva",
        "email": "eva@x.example",
        "comments": f"I sent password=hunter2 and {TOKEN}",
        "url": "https://x.example/?token=abc",
    }
    payload = json.dumps(report).encode()
    item = json.dumps({"type": "user_report", "length": len(payload)}).encode()
    body = b"\n".join([b"{}", item, payload])

    [kept] = digest(body, "envelope").companions.feedback
    assert (kept.name, kept.email) == ("Eva", "eva@x.example")
    assert kept.comments == "I sent password=[Filtered] and [GitHub token]"
    assert kept.url == "https://x.example/?token=[Filtered]"
    [as_sent] = digest(body, "envelope", scrub=False).companions.feedback
    assert as_sent.comments == report["comments"]


def test_the_reason_of_a_quarantined_record_quotes_no_secret() -> None:
    entry = Entry(1, encode_record(record({"message": "x"})))
    batch = set_aside(uuid.UUID(int=2), 0, entry, f"it broke on {TOKEN}")
    assert batch.quarantined[0].reason == "it broke on [GitHub token]"


def test_a_replayed_record_is_scrubbed_as_its_project_wants_it_now(tmp_path, database_url) -> None:
    with connect(database_url, application_name="test") as conn:
        org = conn.execute(
            "INSERT INTO organizations (name, slug) VALUES ('a', 'a') RETURNING id"
        ).fetchall()[0][0]
        conn.execute(
            "INSERT INTO projects (id, org_id, name, slug, ingest_settings) VALUES (%s, %s, 'p', 'p', %s)",
            (PROJECT, org, json.dumps({"scrub_keys": ["colour"], "filter_messages": ["*"]})),
        )
        shard = Shard(tmp_path / "000", conn)
        refuse_message(conn, "poison")
        shard.append(b'{"message":"poison","extra":{"colour":"red"}}')
        shard.drain()
        conn.execute("DROP TRIGGER refuse ON events")
        [(entry_id,)] = conn.execute("SELECT id FROM quarantine").fetchall()

        replay(conn, entry_id)

        assert conn.execute("SELECT extra FROM events").fetchall() == [({"colour": "[Filtered]"},)]
        shard.close()
