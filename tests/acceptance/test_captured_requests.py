"""All requests that real SDKs were recorded to send, replayed against a fresh Mesher."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from acceptance.mesher_process import MesherProcess
from acceptance.replaying import Replayed, add_captured_key, expected_status, send_capture
from captures import Capture, read_captures

# Items that the answer to an envelope names the id of, because they are or belong to an event.
NAMED_IN_ANSWER = {
    "event", "transaction", "feedback", "user_report", "attachment", "profile", "replay_event",
    "replay_recording",
}  # fmt: skip


class Replay(NamedTuple):
    """All answers, and the Mesher that gave them, once it has digested everything."""

    answers: list[Replayed]
    mesher: MesherProcess

    def accepted(self) -> list[Replayed]:
        """The answers to what was sent to an ingest endpoint."""
        return [
            answer
            for answer in self.answers
            if expected_status(answer.capture) == 200 and answer.capture.meta["method"] == "POST"
        ]


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    """Sends all captures in order."""
    with MesherProcess(tmp_path_factory.mktemp("replay")) as mesher:
        mesher.start()
        add_captured_key(mesher)
        answers = [send_capture(mesher, capture) for capture in read_captures()]
        mesher.wait_until_digested()
        yield Replay(answers, mesher)


def _event_ids(capture: Capture) -> list[str]:
    """The ids of the event items in a captured request, as the client gave them."""
    return [
        item["event"]["event_id"]
        for item in capture.meta["items"]
        if item["type"] in {"event", "event(store)"}
    ]


def _security_reports(answers: list[Replayed]) -> int:
    """How many reports the security requests hold: browsers send one, or a list of them."""
    bodies = [
        json.loads(answer.capture.body)
        for answer in answers
        if answer.capture.meta["path"].endswith("/security/")
    ]
    return sum(len(body) if isinstance(body, list) else 1 for body in bodies)


def test_each_captured_request_gets_the_status_that_the_protocol_names(replay: Replay) -> None:
    wrong = [
        (answer.capture.name, answer.status, answer.body[:200])
        for answer in replay.answers
        if answer.status != expected_status(answer.capture)
    ]
    assert not wrong


def test_an_answer_to_an_event_names_the_id_that_the_client_gave_it(replay: Replay) -> None:
    for answer in replay.accepted():
        event_ids = _event_ids(answer.capture)
        if event_ids:
            assert json.loads(answer.body) == {"id": event_ids[0]}, answer.capture.name


def test_an_answer_names_no_id_where_nothing_sent_has_one(replay: Replay) -> None:
    for answer in replay.accepted():
        types = {item["type"] for item in answer.capture.meta["items"]}
        if answer.capture.meta["path"].endswith("envelope/") and not types & NAMED_IN_ANSWER:
            assert json.loads(answer.body) == {}, answer.capture.name


def test_browsers_may_read_every_answer_of_an_ingest_endpoint(replay: Replay) -> None:
    for answer in replay.answers:
        if expected_status(answer.capture) == 200:
            assert answer.headers["access-control-allow-origin"] == "*", answer.capture.name


def test_a_preflight_allows_what_the_browser_asks_for(replay: Replay) -> None:
    preflights = [a for a in replay.answers if a.capture.meta["method"] == "OPTIONS"]
    assert preflights
    for answer in preflights:
        assert "POST" in answer.headers["access-control-allow-methods"]
        assert "content-type" in answer.headers["access-control-allow-headers"]


def test_a_command_line_with_a_token_of_another_server_is_told_so(replay: Replay) -> None:
    strangers = [answer for answer in replay.answers if expected_status(answer.capture) == 401]
    assert strangers
    for answer in strangers:
        assert b"the API token is unknown or revoked" in answer.body, answer.capture.name


def test_every_event_item_becomes_one_stored_event(replay: Replay) -> None:
    # Two events are in the captures twice, once sent by each of two ways: those are stored once.
    sent = Counter(uuid.UUID(i) for answer in replay.accepted() for i in _event_ids(answer.capture))
    assert sum(sent.values()) - len(sent) == 2
    stored = Counter(
        event_id
        for (event_id,) in replay.mesher.query(
            "SELECT e.id FROM events e WHERE e.payload IS NOT NULL"
        )
    )
    assert set(stored.values()) == {1}
    assert sent.keys() - stored.keys() == set()
    # What is stored beyond that are the browser's own reports, which have no id when sent.
    assert len(stored) == len(sent) + _security_reports(replay.accepted())


def test_nothing_is_left_in_the_journal_or_in_quarantine(replay: Replay) -> None:
    assert replay.mesher.waiting_records() == []
    assert replay.mesher.query("SELECT position, reason FROM quarantine") == []


def test_the_ledger_accounts_for_every_item(replay: Replay) -> None:
    ledger = {
        (outcome, reason): int(quantity)
        for outcome, reason, quantity in replay.mesher.query(
            "SELECT outcome, reason, sum(quantity) FROM outcomes GROUP BY outcome, reason"
        )
    }
    reports = _security_reports(replay.accepted())
    items = reports + sum(
        len(answer.capture.meta["items"])
        for answer in replay.accepted()
        if not answer.capture.meta["path"].endswith("/security/")
    )
    dropped = {reason: n for (outcome, reason), n in ledger.items() if outcome == "dropped"}
    assert ledger["accepted", ""] == items
    assert ledger["stored", ""] + sum(dropped.values()) == items
    assert dropped.keys() == {"duplicate", "not_kept"}


def test_the_issues_count_what_is_stored(replay: Replay) -> None:
    counted = replay.mesher.query(
        """
        SELECT i.event_count, count(e.id)
        FROM issues i JOIN events e ON e.issue_id = i.id GROUP BY i.id
        """
    )
    assert counted
    assert all(event_count == stored for event_count, stored in counted)
