"""Who is told of an alert, by which way, and what happens when a receiver does not take it."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest

from alerting.conftest import Watch
from mailbox_server import Mailbox
from mesher.alerting.delivery import AT_ONCE_TO_ONE, MAX_ATTEMPTS
from mesher.storage.connection import connect
from receiver import Receiver, running_receiver, self_signed

SECRET = "known to both of us"


def webhook(receiver: Receiver, **more: Any) -> dict[str, Any]:
    return {"action_type": "webhook", "url": f"{receiver.url}/hook", "secret": SECRET, **more}


def raise_one(watch: Watch, message: str = "the lift is stuck") -> None:
    watch.store({"message": message})
    watch.look()


@pytest.mark.usefixtures("allowed_here")
def test_a_webhook_is_signed_and_says_what_happened(watch: Watch, receiver: Receiver) -> None:
    watch.rule("new_issue", actions=[webhook(receiver)])
    raise_one(watch)
    assert watch.deliver() == 1
    [got] = receiver.got
    said = json.loads(got.body)
    assert said["rule"]["name"] == "new_issue"
    assert said["project"]["name"] == "ada's shop"
    [alert] = said["alerts"]
    assert alert["message"] == "New issue: the lift is stuck"
    [issue] = alert["issues"]
    assert issue["url"] == f"https://mesher.example/issues/{watch.issue_id()}"
    parts = dict(part.split("=") for part in got.headers["mesher-signature"].split(","))
    signed = hmac.new(SECRET.encode(), f"{parts['t']}.".encode() + got.body, hashlib.sha256)
    assert parts["v1"] == signed.hexdigest()
    assert got.headers["idempotency-key"] == said["id"]
    [delivery] = watch.deliveries()
    assert (delivery["status"], delivery["answer"]) == ("sent", "200 thank you")


def test_a_mail_goes_to_addresses_and_to_people_of_the_organisation(
    watch: Watch, mailbox: Mailbox
) -> None:
    watch.rule(
        "new_issue",
        actions=[
            {"action_type": "email", "to": ["ops@example.com"]},
            {"action_type": "email", "to": "admins"},
        ],
    )
    raise_one(watch)
    assert watch.deliver() == 2
    assert {message["To"] for message in mailbox.messages} == {"ops@example.com", "ada@example.com"}
    message = mailbox.messages[0]
    assert message["Subject"] == "[ada's shop] New issue: the lift is stuck"
    assert f"https://mesher.example/issues/{watch.issue_id()}" in message.get_content()


def test_a_mail_goes_to_whoever_the_issue_is_assigned_to(watch: Watch, mailbox: Mailbox) -> None:
    watch.rule("regression", actions=[{"action_type": "email", "to": "assignee"}])
    watch.store({"message": "a"}, ago=timedelta(hours=1))
    issue = watch.issue_id()
    watch.request("PATCH", f"/issues/{issue}", json={"status": "resolved", "assigned_to": "me"})
    watch.pass_time(minutes=5)
    raise_one(watch, "a")
    watch.deliver()
    assert [message["To"] for message in mailbox.messages] == ["ada@example.com"]


def test_a_mail_that_is_tried_again_has_the_id_that_it_had(watch: Watch, mailbox: Mailbox) -> None:
    watch.rule(
        "new_issue", actions=[{"action_type": "email", "to": ["a@example.com", "b@example.com"]}]
    )
    raise_one(watch)
    watch.deliver()
    first = {message["To"]: message["Message-ID"] for message in mailbox.messages}
    assert len(set(first.values())) == 2
    assert all(one.endswith("@example.com>") for one in first.values())


@pytest.mark.parametrize(
    "scheme", ["json", "xml", "form", "mmost", "gotify", "ntfy", "rocket", "apprise"]
)
@pytest.mark.usefixtures("allowed_here")
def test_services_get_their_own_wire_format_by_apprise(
    watch: Watch, receiver: Receiver, scheme: str
) -> None:
    host = f"127.0.0.1:{receiver.port}"
    url = {
        "json": f"json://{host}/x",
        "xml": f"xml://{host}/x",
        "form": f"form://{host}/x",
        "mmost": f"mmost://{host}/3ccdd113474722377935511fc85d3dd4",
        "gotify": f"gotify://{host}/Aq7vkiG5QTdOVRs",
        "ntfy": f"ntfy://{host}/topic",
        "rocket": f"rocket://{'a' * 24}/{'b' * 24}@{host}/#errors?mode=webhook",
        "apprise": f"apprise://{host}/{'a' * 20}",
    }[scheme]
    receiver.answer = b"{}"
    watch.rule("new_issue", actions=[{"action_type": "apprise", "url": url}])
    raise_one(watch)
    watch.deliver()
    [delivery] = watch.deliveries()
    assert delivery["status"] == "sent", delivery["answer"]
    assert any("the lift is stuck" in unquote_plus(got.body.decode()) for got in receiver.got)


@pytest.mark.usefixtures("allowed_here")
def test_a_receiver_that_refuses_is_tried_again_until_a_day_is_over(
    watch: Watch, receiver: Receiver
) -> None:
    receiver.status, receiver.answer = 500, b"out of order"
    watch.rule("new_issue", actions=[webhook(receiver)])
    raise_one(watch)
    began = watch.now
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert watch.deliver() == 1
        [delivery] = watch.deliveries()
        assert (delivery["attempts"], delivery["answer"]) == (attempt, "500 out of order")
        assert watch.deliver() == 0  # not before its time
        watch.pass_time(hours=15)
    assert delivery["status"] == "failed"
    assert watch.deliver() == 0
    assert len({got.headers["idempotency-key"] for got in receiver.got}) == 1
    assert watch.now > began

    receiver.status = 204
    watch.request("POST", f"/alerts/{watch.alerts()[0]['id']}/deliver-again")
    assert watch.deliver() == 1
    assert watch.deliveries()[0]["status"] == "sent"


@pytest.mark.usefixtures("allowed_here")
def test_a_receiver_that_flaps_is_told_once_it_is_there(watch: Watch, receiver: Receiver) -> None:
    receiver.status = 503
    watch.rule("new_issue", actions=[webhook(receiver)])
    raise_one(watch)
    watch.deliver()
    receiver.status = 200
    watch.pass_time(minutes=1)
    watch.deliver()
    assert watch.deliveries()[0]["status"] == "sent"
    assert len(receiver.got) == 2


@pytest.mark.usefixtures("allowed_here")
def test_what_waits_for_one_receiver_is_one_message(watch: Watch, receiver: Receiver) -> None:
    receiver.status = 503
    watch.rule("new_issue", cooldown_minutes=0, actions=[webhook(receiver)])
    raise_one(watch, "a")
    watch.deliver()
    watch.pass_time(minutes=2)
    raise_one(watch, "b")
    receiver.status = 200
    watch.pass_time(minutes=10)
    assert watch.deliver() == 1
    said = json.loads(receiver.got[-1].body)
    assert [one["message"] for one in said["alerts"]] == ["New issue: a", "New issue: b"]


@pytest.mark.usefixtures("allowed_here")
def test_a_receiver_that_hangs_keeps_no_other_waiting(
    watch: Watch, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesher.alerting.sending.ANSWER_SECONDS", 0.5)
    with running_receiver() as dead:
        dead.hangs = threading.Event()
        watch.rule("new_issue", actions=[webhook(dead)])
        watch.rule("new_issue", actions=[webhook(receiver)])
        raise_one(watch)
        assert watch.deliver() == 2
        assert len(receiver.got) == 1
        dead.hangs.set()
    answers = set()
    for alert in watch.alerts():
        listed = watch.request("GET", f"/alerts/{alert['id']}/deliveries")["items"]
        answers.add((listed[0]["status"], listed[0]["answer"]))
    assert answers == {("sent", "200 thank you"), ("waiting", "TimeoutError: timed out")}


@pytest.mark.usefixtures("allowed_here")
def test_a_receiver_that_is_not_there_is_told_as_such(watch: Watch) -> None:
    watch.rule(
        "new_issue",
        actions=[{"action_type": "webhook", "url": "http://127.0.0.1:9/x", "secret": SECRET}],
    )
    raise_one(watch)
    watch.deliver()
    [delivery] = watch.deliveries()
    assert delivery["status"] == "waiting"
    assert "Connection refused" in delivery["answer"]


@pytest.mark.usefixtures("allowed_here")
def test_what_happens_within_the_digest_is_one_message(watch: Watch, receiver: Receiver) -> None:
    watch.rule("new_issue", cooldown_minutes=0, digest_minutes=10, actions=[webhook(receiver)])
    raise_one(watch, "a")
    assert watch.deliver() == 0
    watch.pass_time(minutes=5)
    raise_one(watch, "b")
    watch.pass_time(minutes=6)
    assert watch.deliver() == 1
    watch.pass_time(minutes=6)
    assert watch.deliver() in {0, 1}
    said = [one["message"] for got in receiver.got for one in json.loads(got.body)["alerts"]]
    assert said == ["New issue: a", "New issue: b"]


@pytest.mark.usefixtures("allowed_here")
def test_an_action_that_was_removed_meanwhile_is_not_done(watch: Watch, receiver: Receiver) -> None:
    rule = watch.rule("new_issue", actions=[webhook(receiver)])
    raise_one(watch)
    path = f"/projects/{watch.tenant.project.id}/alert-rules/{rule['id']}"
    watch.request("PATCH", path, json={"actions": []})
    watch.deliver()
    assert receiver.got == []
    assert watch.deliveries()[0]["status"] == "gone"


def test_without_a_mail_server_the_log_says_so(watch: Watch) -> None:
    watch.rule("new_issue", actions=[{"action_type": "email", "to": "members"}])
    raise_one(watch)
    watch.deliver()
    assert "MESHER_SMTP_URL" in watch.deliveries()[0]["answer"]


def test_the_test_button_shows_the_answer_of_each_receiver(
    watch: Watch, client: Any, receiver: Receiver
) -> None:
    rule = watch.rule(
        "new_issue",
        actions=[webhook(receiver), {"action_type": "email", "to": ["ops@example.com"]}],
    )
    path = f"/projects/{watch.tenant.project.id}/alert-rules/{rule['id']}/test"
    hook, mail = watch.request("POST", path)["items"]
    # This machine is private, and nobody has allowed it.
    assert not hook["delivered"]
    assert "127.0.0.1 is a private address" in hook["answer"]
    assert not mail["delivered"]
    assert receiver.got == []
    assert watch.alerts() == []


def test_the_preview_tells_when_a_rule_would_have_fired(watch: Watch) -> None:
    for days, message in ((12, "a"), (5, "b"), (5, "c"), (20, "too long ago")):
        watch.store({"message": message, "level": "error"}, ago=timedelta(days=days))
    watch.store({"message": "d", "level": "info"}, ago=timedelta(days=3))

    def fired(**condition: Any) -> list[str]:
        body = {"condition": condition, "cooldown_minutes": 60}
        path = f"/projects/{watch.tenant.project.id}/alert-rules/preview"
        return list(watch.request("POST", path, scope="read", json=body)["fired"])

    # Two of them began at once, and would have been one notification.
    assert len(fired(condition_type="new_issue")) == 3
    assert len(fired(condition_type="new_issue", filters={"levels": ["error"]})) == 2
    assert fired(condition_type="regression") == []
    busy = {"condition_type": "threshold", "count": 2, "within": "project", "window_minutes": 120}
    assert len(fired(**busy)) == 1


@pytest.mark.usefixtures("allowed_here")
def test_a_receiver_that_hangs_keeps_nobody_else_waiting(watch: Watch, receiver: Receiver) -> None:
    with running_receiver() as dead:
        dead.hangs = threading.Event()
        for _ in range(12):  # more than it may have in hand, and before the others
            watch.rule("new_issue", actions=[webhook(dead)])
        watch.rule("new_issue", actions=[webhook(receiver)])
        raise_one(watch)
        watch.deliver_until(lambda: receiver.got and dead.got)
        assert len(receiver.got) == 1
        assert 0 < len(dead.got) <= AT_ONCE_TO_ONE


@pytest.mark.usefixtures("allowed_here")
def test_a_receiver_that_speaks_no_tls_is_refused_and_the_log_says_so(
    watch: Watch, receiver: Receiver
) -> None:
    url = receiver.url.replace("http:", "https:")
    watch.rule("new_issue", actions=[webhook(receiver, url=url)])
    raise_one(watch)
    watch.deliver()
    [delivery] = watch.deliveries()
    assert (delivery["status"], receiver.got) == ("waiting", [])
    assert "SSL" in delivery["answer"]


@pytest.mark.usefixtures("allowed_here")
def test_a_receiver_whose_certificate_nobody_vouches_for_is_refused_and_the_log_says_so(
    watch: Watch, tmp_path: Path
) -> None:
    with running_receiver(tls=self_signed(tmp_path)) as untrusted:
        watch.rule("new_issue", actions=[webhook(untrusted)])
        raise_one(watch)
        watch.deliver()
        [delivery] = watch.deliveries()
        assert (delivery["status"], untrusted.got) == ("waiting", [])
        assert "CERTIFICATE_VERIFY_FAILED" in delivery["answer"]


@pytest.mark.usefixtures("allowed_here")
def test_a_message_that_cannot_be_made_keeps_the_others_of_its_receiver_from_nothing(
    watch: Watch, receiver: Receiver, database_url: str
) -> None:
    broken = watch.rule("new_issue", actions=[webhook(receiver)])
    watch.rule("new_issue", actions=[webhook(receiver)])
    with connect(database_url, application_name="test") as conn:
        conn.execute(
            "UPDATE alert_rules SET action_json ="
            " jsonb_set(action_json, '{actions,0,sealed}', '\"x\"') WHERE id = %s",
            (broken["id"],),
        )
    raise_one(watch)
    assert watch.deliver() == 2
    assert len(receiver.got) == 1
