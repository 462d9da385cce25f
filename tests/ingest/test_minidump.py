"""A crash dump, from the request to event and attachment."""

from __future__ import annotations

import gzip
import json
import uuid

import pytest

from mesher.ingest.digest import digest_record
from mesher.protocol.envelope import format_envelope

KEY = "?sentry_key=a3f1c29be4d84f0c9e7b5d6c81f02e4a"
PATH = f"/api/1/minidump/{KEY}"
DUMP = b"MDMP" + bytes(range(256))
ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def test_a_form_makes_an_event_with_the_dump_and_the_other_files_attached(ingest):
    answer = ingest.request(
        "POST",
        PATH,
        files={
            "upload_file_minidump": ("crash.dmp", gzip.compress(DUMP)),
            "log": ("app.log", b"starting"),
            "view-hierarchy.json": ("view-hierarchy.json", b"{}"),
        },
        data={"sentry": json.dumps({"event_id": ID, "release": "game@1"}), "sentry[tags][a]": "1"},
    )

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain"
    assert answer.text == str(uuid.UUID(ID))
    digested = digest_record(ingest.journal()[0])
    [event] = digested.events
    assert (event.id, event.level, event.platform) == (uuid.UUID(ID), "fatal", "native")
    assert json.loads(event.exception)[0]["handled"] is False
    tags = json.loads(event.tags)
    assert (tags["mechanism"], tags["release"], tags["a"]) == ("minidump", "game@1", "1")
    files = [(new.name, new.attachment_type, new.data) for new in digested.companions.attachments]
    assert files == [
        ("crash.dmp", "event.minidump", DUMP),
        ("app.log", "event.attachment", b"starting"),
        ("view-hierarchy.json", "event.view_hierarchy", b"{}"),
    ]
    assert {new.event_id for new in digested.companions.attachments} == {event.id}


@pytest.mark.parametrize("content_type", ["application/octet-stream", "application/x-dmp"])
def test_the_body_may_be_the_dump_alone(ingest, content_type):
    answer = ingest.post(PATH, DUMP, headers={"content-type": content_type})
    assert answer.status_code == 200
    digested = digest_record(ingest.journal()[0])
    assert answer.text == str(digested.events[0].id)
    assert digested.companions.attachments[0].data == DUMP


def test_a_dump_in_an_envelope_without_an_event_makes_one(ingest):
    body = format_envelope(
        {"event_id": ID}, [({"type": "attachment", "attachment_type": "event.minidump"}, DUMP)]
    )
    assert ingest.post(f"/api/1/envelope/{KEY}", body).json() == {"id": ID}
    digested = digest_record(ingest.journal()[0])
    [event] = digested.events
    assert (event.id, event.level) == (uuid.UUID(ID), "fatal")
    assert len(digested.companions.attachments) == 1


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        pytest.param("/api/1/minidump/", {"content": DUMP}, 401, id="no key"),
        pytest.param(PATH, {"content": b""}, 400, id="empty"),
        pytest.param(PATH, {"content": b"hello"}, 400, id="no dump"),
        pytest.param(PATH, {"files": {"log": ("a", b"x")}}, 400, id="a form without a dump"),
        pytest.param(
            PATH,
            {"files": {"upload_file_minidump": ("a", DUMP)}, "data": {"sentry": "["}},
            400,
            id="damaged event",
        ),
    ],
)
def test_what_holds_no_dump_is_refused(ingest, path, options, status):
    answer = ingest.request("POST", path, **options)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert ingest.journal() == []
