"""The ledger balances to the unit, whatever is sent and whatever a project's settings do to it."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from types import SimpleNamespace

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesher.ingest.digester import ShardDigester
from mesher.ingest.journal_sqlite import SegmentReader
from mesher.ingest.marker import Marker
from mesher.protocol.outcomes import item_category
from mesher.storage.connection import connect
from mesher.values.ingest_settings import IngestSettings

AUTH = {"X-Sentry-Auth": "Sentry sentry_key=a3f1c29be4d84f0c9e7b5d6c81f02e4a, sentry_version=7"}
PROJECT = uuid.UUID(int=1)

# Few ids and messages, so that events are duplicates and fall under filters.
event_ids = st.integers(1, 12).map(lambda number: uuid.UUID(int=number).hex)
payloads = st.sampled_from(
    [
        b'{"message":"a"}',
        b'{"message":"unwanted"}',
        b'{"message":"a","release":"old"}',
        b'{"message":"a","request":{"url":"http://localhost/"}}',
        b'{"type":"transaction"}',
        b"{no json",
        b"[]",
    ]
)
beside = st.sampled_from(
    [
        ("session", b"{}"),
        ("attachment", b"abc"),
        ("log", b'{"items":[]}'),
        ("novelty", b"?"),
        ("client_report", b'{"discarded_events":[]}'),
        ("client_report", b"[]"),
    ]
)
project_settings = st.builds(
    IngestSettings,
    sample_rate=st.sampled_from([1.0, 0.5, 0.0]),
    key_events_per_window=st.sampled_from([600_000, 5, 0]),
    project_events_per_window=st.sampled_from([600_000, 3]),
    filter_localhost=st.booleans(),
    filter_releases=st.sampled_from([(), ("old",)]),
    filter_messages=st.sampled_from([(), ("unw*",)]),
    filter_addresses=st.sampled_from([(), (), ("192.0.2.0/24",)]),
    spike_protection=st.booleans(),
)


@st.composite
def envelopes(draw):
    """A request, and the categories of what it holds."""
    items = draw(st.lists(beside, max_size=3, unique_by=lambda item: item[0]))
    if draw(st.booleans()):
        items.insert(draw(st.integers(0, len(items))), ("event", draw(payloads)))
    lines = [json.dumps({"event_id": draw(event_ids)}).encode()]
    for kind, payload in items:
        lines += [json.dumps({"type": kind, "length": len(payload)}).encode(), payload]
    return "/api/1/envelope/", b"\n".join(lines), [item_category(kind) for kind, _ in items]


@st.composite
def native_lists(draw):
    ids = draw(st.lists(event_ids, min_size=1, max_size=4))
    body = json.dumps([{"event_id": given, "message": "unwanted"} for given in ids]).encode()
    return "/api/v1/events/bulk", body, ["error"] * len(ids)


def stored(payload):
    return "/api/1/store/", payload, ["error"]


requests = st.lists(
    st.one_of(
        envelopes(),
        native_lists(),
        payloads.map(stored),
        st.just(("/api/1/envelope/", b"no envelope", ["error"])),
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture
def digest(database_url, tmp_path):
    """Digests all that is in a journal, and gives the ledger by outcome and category."""
    with connect(database_url, application_name="test") as conn:

        def run(folder, given):
            conn.execute("TRUNCATE outcomes, event_ids, events, issues CASCADE")
            reader = SegmentReader(folder / "000")
            marker = Marker(folder / "in-hand")
            digester = ShardDigester(reader, marker, {PROJECT: given})
            while digester.digest_next(conn):
                pass
            digester.close()
            return ledger(conn)

        yield SimpleNamespace(run=run, conn=conn)


def ledger(conn: psycopg.Connection) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {
        "accepted": Counter(),
        "stored": Counter(),
        "dropped": Counter(),
    }
    rows = conn.execute(
        "SELECT category, outcome, quantity FROM outcomes WHERE project_id = %s", (PROJECT,)
    )
    for category, outcome, quantity in rows:
        found[outcome][category] += quantity
    return found


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sent=requests, given_settings=project_settings)
def test_all_that_is_received_is_stored_or_dropped_with_a_reason(
    ingest, digest, tmp_path, sent, given_settings
):
    ingest.folder = tmp_path / uuid.uuid4().hex
    ingest.folder.mkdir()
    ingest.settings = given_settings
    ingest.send([("POST", path, {"content": body, "headers": AUTH}) for path, body, _ in sent])

    found = digest.run(ingest.folder, given_settings)

    received = Counter(category for _, _, categories in sent for category in categories)
    assert found["accepted"].total() == received.total()
    assert found["accepted"] == found["stored"] + found["dropped"]
    events = digest.conn.execute("SELECT count(*) FROM events").fetchone()[0]
    assert found["stored"]["error"] == events
