"""The captured requests come to the same issues and events in whatever order they arrive."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import psycopg
import pytest

from acceptance.mesher_process import MesherProcess
from acceptance.replaying import add_captured_key, expected_status, send_capture
from captures import Capture, read_captures

SEED = 20261124
SENDERS = 8
# All that a digest makes; the journal's positions stay.
TABLES = (
    "events, event_ids, issues, outcomes, quarantine, attachments, user_feedback, session_counts,"
    " monitors, check_ins"
)

LedgerKey = tuple[str, str, str]  # category, outcome, reason


class Found(NamedTuple):
    """What a Mesher holds once it has digested everything."""

    # Fingerprint and number of events. Not the title: an issue takes it from its first event, and one
    # issue holds `KeyError: 'a'` and `KeyError: 'b'`.
    issues: dict[str, int]
    events: int
    ledger: Counter[LedgerKey]


@pytest.fixture(scope="module")
def mesher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MesherProcess]:
    """A Mesher with two processes of a kind, so that neighbours may be digested at the same time."""
    folder = tmp_path_factory.mktemp("orders")
    with MesherProcess(folder, MESHER_WEB_PROCESSES="2", MESHER_DIGEST_PROCESSES="2") as process:
        process.start()
        add_captured_key(process)
        with psycopg.connect(process.ready["database_url"]) as conn:
            # Monitors that failed become events when a minute is over, which no order of ours decides.
            conn.execute(
                "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
            )
            conn.execute(
                "CREATE TRIGGER nothing BEFORE INSERT ON monitor_problems"
                " FOR EACH ROW EXECUTE FUNCTION nothing()"
            )
        yield process
        assert process.stop() == 0, process.log()


@pytest.fixture(scope="module")
def requests() -> list[Capture]:
    """Those that are for an ingest endpoint, in the order in which they were recorded."""
    return [
        capture
        for capture in read_captures()
        if expected_status(capture) == 200 and capture.meta["method"] == "POST"
    ]


def forget(mesher: MesherProcess) -> None:
    with psycopg.connect(mesher.ready["database_url"]) as conn:
        conn.execute(f"TRUNCATE {TABLES} CASCADE")


def find(mesher: MesherProcess) -> Found:
    mesher.wait_until_digested()
    ledger = Counter[LedgerKey]()
    for *key, quantity in mesher.query("SELECT category, outcome, reason, quantity FROM outcomes"):
        ledger[tuple(key)] += quantity
    return Found(
        issues=dict(mesher.query("SELECT fingerprint, event_count FROM issues")),
        events=mesher.query("SELECT count(*) FROM events")[0][0],
        ledger=ledger,
    )


def send_in_turn(mesher: MesherProcess, requests: Iterable[Capture]) -> None:
    for capture in requests:
        assert send_capture(mesher, capture).status == 200, capture.name


def send_at_once(mesher: MesherProcess, requests: Iterable[Capture]) -> None:
    with ThreadPoolExecutor(SENDERS) as senders:
        for answer in senders.map(lambda capture: send_capture(mesher, capture), requests):
            assert answer.status == 200, answer.capture.name


@pytest.fixture(scope="module")
def in_order(mesher: MesherProcess, requests: list[Capture]) -> Found:
    """What is there after one request at a time; what other orders are compared with."""
    send_in_turn(mesher, requests)
    found = find(mesher)
    balance(found)
    return found


def balance(found: Found) -> None:
    by_outcome = Counter[str]()
    for (_, outcome, _), quantity in found.ledger.items():
        by_outcome[outcome] += quantity
    assert by_outcome["accepted"] == by_outcome["stored"] + by_outcome["dropped"]
    stored = found.ledger["error", "stored", ""] + found.ledger["security", "stored", ""]
    assert found.events == stored
    assert sum(found.issues.values()) == stored


@pytest.mark.parametrize("send", [send_in_turn, send_at_once])
def test_shuffled_they_come_to_the_same(
    mesher: MesherProcess,
    requests: list[Capture],
    in_order: Found,
    send: Callable[[MesherProcess, Iterable[Capture]], None],
) -> None:
    forget(mesher)
    send(mesher, random.Random(SEED).sample(requests, len(requests)))
    found = find(mesher)
    balance(found)
    assert found == in_order


def test_sent_twice_every_event_of_the_second_time_is_a_duplicate(
    mesher: MesherProcess, requests: list[Capture], in_order: Found
) -> None:
    forget(mesher)
    # Browsers give their reports no id to be known again by.
    known_again = [each for each in requests if not each.meta["path"].endswith("/security/")]
    send_at_once(mesher, known_again)
    once = find(mesher)
    send_at_once(mesher, known_again)
    twice = find(mesher)

    balance(twice)
    assert (twice.issues, twice.events) == (once.issues, once.events)
    for outcome in ("stored", "accepted"):
        assert once.ledger["error", outcome, ""] == in_order.ledger["error", outcome, ""]
    added = twice.ledger - once.ledger
    assert added["error", "dropped", "duplicate"] == once.ledger["error", "accepted", ""]
