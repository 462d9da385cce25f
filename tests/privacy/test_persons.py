"""What is stored of one person: found, exported, erased, with a record that names nobody."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest

from mesher.errors import ProtocolError
from mesher.privacy.persons import erase_person, export_person, find_person, person_of
from mesher.privacy.record import list_recorded
from mesher.storage import persons
from mesher.storage.new_attachments import NewAttachment, insert_attachments
from mesher.storage.new_feedback import NewFeedback, insert_feedback
from tenants import BEGIN

EVA = {"id": "4711-eva", "email": "Eva@x.example", "ip_address": "203.0.113.77"}
ADA = {"id": "4712-ada", "email": "ada@x.example", "ip_address": "198.51.100.9"}


@pytest.fixture
def filled(store, conn, ada, bob):
    """Three events of Eva on two days with a file and feedback, one of Ada, one of Eva elsewhere."""
    first, second = store(
        ada,
        {"message": "mail to eva@x.example failed", "user": EVA},
        {"message": "timeout", "user": {"id": "4711-eva"}},
    )
    store(ada, {"message": "timeout", "user": EVA}, begin=BEGIN + timedelta(days=1))
    store(ada, {"message": "timeout", "user": ADA})
    store(bob, {"message": "timeout", "user": EVA})
    at = int(BEGIN.timestamp() * 1e6)
    project_id = ada.project.id
    file = NewAttachment(
        project_id=project_id,
        event_id=uuid.UUID(first),
        received_at_us=at,
        name="log.txt",
        content_type="text/plain",
        attachment_type="event.attachment",
        data=b"of eva",
    )
    assert len(list(insert_attachments(conn, [file], set()))) == 1
    said = [
        (uuid.UUID(second), "", "about an event of hers"),
        (uuid.uuid4(), "EVA@x.example", "about another event"),
        (uuid.uuid4(), "ada@x.example", "of ada"),
    ]
    feedback = [
        NewFeedback(
            project_id=project_id,
            event_id=event_id,
            received_at_us=at,
            name="x",
            email=email,
            comments=comments,
            url="",
        )
        for event_id, email, comments in said
    ]
    assert len(list(insert_feedback(conn, feedback))) == 3
    return ada.project.id


def count(conn, table: str) -> int:
    return conn.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]


@pytest.mark.parametrize(
    ("reference", "events", "feedback"),
    [
        ({"user_id": "4711-eva"}, 3, 1),
        ({"email": " EVA@X.example"}, 2, 1),
        ({"address": "203.0.113.77"}, 2, 0),
        ({"user_id": "4711"}, 0, 0),
        ({"email": "nobody@x.example"}, 0, 0),
    ],
)
def test_a_person_is_found_by_id_email_or_address(
    filled, conn, reference, events, feedback
) -> None:
    found = find_person(conn, person_of(filled, **reference), actor="test")

    assert (found.events, found.feedback) == (events, feedback)
    assert found.attachments == (1 if events else 0)
    assert len(found.issues) == (2 if events else 0)
    assert (found.first_received_at is None) == (events == 0)


@pytest.mark.parametrize(
    "reference",
    [{}, {"user_id": "a", "email": "b"}, {"user_id": ""}, {"address": "no address"}, {"email": "a\0"},
     {"user_id": "x" * 129}],
)  # fmt: skip
def test_exactly_one_possible_person_is_named(reference) -> None:
    with pytest.raises(ProtocolError):
        person_of(uuid.UUID(int=1), **reference)


def test_an_export_holds_all_that_is_stored_of_a_person_and_nothing_else(filled, conn) -> None:
    person = person_of(filled, email="eva@x.example")
    lines = [
        json.loads(line) for line in b"".join(export_person(conn, person, actor="t")).splitlines()
    ]

    assert [line["kind"] for line in lines] == ["event", "attachment", "event", "feedback"]
    assert {line["payload"]["user"]["email"] for line in lines if line["kind"] == "event"} == {
        "Eva@x.example"
    }
    assert lines[1]["name"] == "log.txt"
    assert lines[3]["comments"] == "about another event"


def test_erasure_removes_a_person_and_leaves_everybody_else(filled, conn, monkeypatch) -> None:
    monkeypatch.setattr(persons, "BATCH_EVENTS", 2)  # more than one batch
    counts = conn.execute("SELECT id, event_count FROM issues ORDER BY id").fetchall()

    erased = erase_person(conn, person_of(filled, user_id="4711-eva"), actor="test")

    assert (erased.events, erased.attachments, erased.feedback) == (3, 1, 1)
    users = conn.execute("SELECT project_id, user_context ->> 'id' FROM events").fetchall()
    assert sorted(user for _, user in users) == ["4711-eva", "4712-ada"]
    assert all(user == "4712-ada" for project, user in users if project == filled)
    assert count(conn, "attachments") == 0
    assert count(conn, "user_feedback") == 2
    assert conn.execute("SELECT id, event_count FROM issues ORDER BY id").fetchall() == counts
    assert erase_person(conn, person_of(filled, user_id="4711-eva"), actor="test").events == 0


def test_an_erased_event_does_not_come_back_when_it_is_sent_again(filled, conn, store, ada) -> None:
    [event_id] = store(ada, {"message": "again", "user": {"id": "again"}})
    erase_person(conn, person_of(filled, user_id="again"), actor="test")

    store(ada, {"message": "again", "user": {"id": "again"}, "event_id": event_id})

    assert find_person(conn, person_of(filled, user_id="again"), actor="test").events == 0


def test_issues_no_longer_name_an_erased_person(filled, conn) -> None:
    erased = erase_person(conn, person_of(filled, email="eva@x.example"), actor="test")

    assert erased.issues == 1
    assert erased.feedback == 1
    titles = conn.execute("SELECT title FROM issues WHERE project_id = %s", (filled,)).fetchall()
    assert sorted(titles) == [("mail to [erased] failed",), ("timeout",)]
    assert "eva@x" not in str(conn.execute("SELECT * FROM issues").fetchall()).lower()


def test_a_short_identifier_is_not_looked_for_in_titles(conn, store, ada) -> None:
    store(ada, {"message": "7 of 7 failed", "user": {"id": "7"}})
    erased = erase_person(conn, person_of(ada.project.id, user_id="7"), actor="test")
    assert (erased.events, erased.issues) == (1, 0)


def test_each_action_is_recorded_and_the_record_names_nobody(filled, conn) -> None:
    eva, ada = person_of(filled, email="eva@x.example"), person_of(filled, email="ada@x.example")
    find_person(conn, eva, actor="Petra")
    list(export_person(conn, eva, actor="Petra"))
    erase_person(conn, eva, actor="cli:root")

    recorded = list_recorded(conn, filled)
    assert [(one.action, one.actor, one.subject_kind) for one in recorded] == [
        ("erase", "cli:root", "email"),
        ("export", "Petra", "email"),
        ("find", "Petra", "email"),
    ]
    assert [one.events for one in recorded] == [2, 2, 2]
    assert all(one.finished_at for one in recorded)
    assert "eva" not in str(conn.execute("SELECT * FROM privacy_actions").fetchall()).lower()
    assert list_recorded(conn, filled, eva) == recorded
    assert list_recorded(conn, filled, ada) == []
    assert list_recorded(conn, filled, person_of(filled, user_id="eva@x.example")) == []


def test_an_action_that_was_ended_half_way_has_no_end_in_the_record(filled, conn) -> None:
    steps = export_person(conn, person_of(filled, email="eva@x.example"), actor="test")
    next(steps)
    steps.close()
    [recorded] = list_recorded(conn, filled)
    assert recorded.finished_at is None
