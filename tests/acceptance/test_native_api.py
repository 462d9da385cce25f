"""Mesher's own JSON form, for whoever has no SDK: ``curl`` is enough."""

from __future__ import annotations

import uuid

from acceptance.mesher_process import Api, MesherProcess


def test_an_event_in_mesher_s_own_form_becomes_an_issue(api: Api, mesher: MesherProcess) -> None:
    event_id = uuid.uuid4().hex
    answer = mesher.post_native(
        "events",
        {
            "event_id": event_id,
            "level": "fatal",
            "exception": [{"type": "DiskFull", "value": "no space for invoices"}],
            "stacktrace": [{"function": "write_invoice", "module": "billing", "in_app": True}],
            "tags": {"region": "eu-west"},
        },
    )
    assert (answer.status_code, answer.json()) == (200, {"id": event_id})

    issue = api.wait_for_issue("DiskFull: no space for invoices")
    assert issue["level"] == "fatal"
    event = api.latest_event(issue)
    assert event["tags"]["region"] == "eu-west"
    assert event["exception"][0]["stacktrace"]["frames"][0]["function"] == "write_invoice"


def test_events_in_bulk_are_each_stored_under_their_own_id(api: Api, mesher: MesherProcess) -> None:
    answer = mesher.post_native("events/bulk", [{"message": "the printer is on fire"}] * 3)
    assert answer.status_code == 200
    assert len(set(answer.json()["ids"])) == 3

    issue = api.wait_for_issue("the printer is on fire")
    api.wait_for_events(issue, 3)


def test_a_field_that_does_not_fit_is_named(mesher: MesherProcess) -> None:
    answer = mesher.post_native("events", {"message": "x", "tags": {"region": 5}})
    assert answer.status_code == 400
    assert "tags" in answer.json()["field"]
