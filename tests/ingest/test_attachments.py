"""Files, from the request to the row: in an envelope, and by themselves."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from mesher.ingest.digester import make_batch
from mesher.ingest.journal import Entry, Record, encode_record
from mesher.protocol.envelope import format_envelope, parse_envelope
from mesher.protocol.limits import MAX_ATTACHMENTS
from mesher.storage.connection import connect
from mesher.storage.ingest_batch import store_batch
from mesher.storage.partitions import make_partitions

AUTH = {"X-Sentry-Auth": "Sentry sentry_key=a3f1c29be4d84f0c9e7b5d6c81f02e4a, sentry_version=7"}
ID = "9ec79c33ec9942ab8353589fcb2e04dc"
PATH = f"/api/1/events/{ID}/attachments/"
PROJECT = uuid.UUID(int=1)
NOW = datetime.now(UTC)


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as connection:
        make_partitions(connection, NOW.date(), days_ahead=0)
        yield connection


def store(conn, *items, project=PROJECT):
    """Digest and store one envelope in a batch of its own."""
    record = Record(
        kind="envelope",
        project_id=project,
        received_at_us=int(NOW.timestamp() * 1e6),
        event_ids=[ID],
        content_encoding="",
        client="",
        client_ip="",
        context={},
        body=format_envelope({"event_id": ID}, items),
    )
    batch = make_batch(uuid.uuid4(), 0, [Entry(1, encode_record(record))])
    assert batch.quarantined == []
    with conn.transaction():
        return {
            (key.category, key.outcome, key.reason): count
            for key, count in store_batch(conn, batch).items()
        }


def file(name: str = "log.txt", data: bytes = b"x"):
    return {"type": "attachment", "filename": name}, data


def rows(conn):
    return conn.execute("SELECT name, data FROM attachments ORDER BY name").fetchall()


def test_the_files_of_a_form_are_kept_for_the_event_in_the_path(ingest):
    files = {"a": ("log.txt", b"one\ntwo", "text/plain"), "b": ("shot.png", b"\x89PNG")}
    answer = ingest.request("POST", PATH, headers=AUTH, files=files, data={"note": "no file"})

    assert (answer.status_code, answer.content) == (201, b"")
    [record] = ingest.journal()
    assert (record.kind, record.event_ids) == ("envelope", [ID])
    kept = parse_envelope(record.body).items
    assert [(item.header.filename, item.header.content_type, item.payload) for item in kept] == [
        ("log.txt", "text/plain", b"one\ntwo"),
        ("shot.png", "image/png", b"\x89PNG"),
    ]


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        pytest.param(PATH, {"files": {"a": ("f", b"x")}}, 401, id="no key"),
        pytest.param(PATH, {"headers": AUTH, "content": b"x"}, 415, id="no form"),
        pytest.param(
            PATH,
            {
                "headers": {**AUTH, "content-type": "multipart/form-data; boundary=b"},
                "content": b'--b\r\ncontent-disposition: form-data; name="a"\r\n\r\nx',
            },
            400,
            id="cut short",
        ),
        pytest.param(
            PATH,
            {
                "headers": {**AUTH, "content-type": "multipart/form-data; boundary=b"},
                "content": b'--b\r\ncontent-disposition: form-data; name="a"\r\n\r\nx\r\n--b--',
            },
            400,
            id="no file",
        ),
        pytest.param(
            "/api/1/events/0123/attachments/",
            {"headers": AUTH, "files": {"a": ("f", b"x")}},
            400,
            id="no event id",
        ),
        pytest.param(
            PATH,
            {"headers": AUTH, "files": [("a", ("f", b"x"))] * (MAX_ATTACHMENTS + 1)},
            413,
            id="too many",
        ),
    ],
)
def test_what_is_no_form_with_files_is_refused(ingest, path, options, status):
    answer = ingest.request("POST", path, **options)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert ingest.journal() == []


def test_an_attachment_beside_an_event_is_stored_with_what_its_header_says(conn):
    header = {
        "type": "attachment",
        "filename": "/var/log/app.log",
        "content_type": "text/plain",
        "attachment_type": "event.view_hierarchy",
    }
    ledger = store(conn, ({"type": "event"}, b'{"message":"a"}'), (header, b"one\ntwo"))

    [row] = conn.execute(
        "SELECT project_id, event_id, name, content_type, attachment_type, size_bytes, data,"
        " received_at FROM attachments"
    ).fetchall()
    assert row == (
        PROJECT,
        uuid.UUID(ID),
        "app.log",
        "text/plain",
        "event.view_hierarchy",
        7,
        b"one\ntwo",
        NOW,
    )
    assert ledger["attachment", "accepted", ""] == ledger["attachment", "stored", ""] == 1


def test_the_same_file_sent_again_is_a_duplicate_also_within_a_batch(conn):
    ledger = store(conn, file(), file())
    assert ledger["attachment", "dropped", "duplicate"] == 1
    assert store(conn, file())["attachment", "dropped", "duplicate"] == 1
    assert rows(conn) == [("log.txt", b"x")]


def test_files_that_differ_in_name_or_content_or_project_are_kept_apart(conn):
    store(conn, file(), file("b.txt"), file("b.txt", b"y"))
    store(conn, file(), project=uuid.UUID(int=2))
    assert len(rows(conn)) == 4


def test_an_event_has_at_most_so_many_files(conn):
    store(conn, *(file(str(number)) for number in range(MAX_ATTACHMENTS)))
    ledger = store(conn, file("one more"))
    assert ledger["attachment", "dropped", "over_quota"] == 1
    assert len(rows(conn)) == MAX_ATTACHMENTS


def test_the_files_of_an_event_whose_issue_is_discarded_are_not_kept(conn):
    store(
        conn, ({"type": "event", "length": 0}, b'{"message":"a","event_id":"' + b"1" * 32 + b'"}')
    )
    conn.execute("UPDATE issues SET status = 'discarded'")
    conn.execute("DELETE FROM event_ids")

    ledger = store(conn, ({"type": "event"}, b'{"message":"a"}'), file())
    assert ledger["error", "dropped", "discarded"] == 1
    assert ledger["attachment", "dropped", "discarded"] == 1
    assert rows(conn) == []


def test_a_file_without_its_event_is_kept_for_when_the_event_comes(conn):
    store(conn, file())
    assert len(rows(conn)) == 1


def test_the_files_of_what_is_not_kept_are_not_kept_either(conn):
    ledger = store(conn, ({"type": "transaction"}, b"{}"), file())
    assert ledger["attachment", "dropped", "not_kept"] == 1
    assert rows(conn) == []
