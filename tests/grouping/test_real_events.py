"""Events of real SDKs: that they group as people expect, across versions of an SDK too."""

from __future__ import annotations

import functools
from collections import defaultdict

import pytest

import captures
from mesher.grouping.fingerprint import Grouping, group
from mesher.protocol.normalize import event_from_payload


@functools.cache
def groupings() -> dict[str, list[Grouping]]:
    """The groupings of all captured events, by SDK and case: ``py2.75-crash-zerodivision``."""
    found: dict[str, list[Grouping]] = defaultdict(list)
    for capture in captures.read_captures():
        for payload in captures.event_payloads(capture):
            event = event_from_payload(
                payload,
                event_id="9ec79c33ec9942ab8353589fcb2e04dc",
                received_at=1_795_534_440.0,
                sent_at=None,
                client="sdk/1.0",
                client_ip="192.0.2.1",
            )
            found[capture.name.partition("-")[2]].append(group(event))
    return found


def issues(*cases: str) -> set[str]:
    return {grouping.fingerprint for case in cases for grouping in groupings()[case]}


@pytest.mark.parametrize(
    ("cases", "count", "why"),
    [
        (["py2.75-crash-zerodivision", "py0.10-crash-zerodivision"], 1, "six years of an SDK"),
        (["py2.75-crash-recursion", "py0.10-crash-recursion"], 1, "with recursion"),
        (
            [f"node{version}-crash-uncaught" for version in ("5.30", "7.120", "8.55", "11.12")],
            1,
            "four versions of another",
        ),
        (["py2.75-flask-plain", "py2.75-flask-traced", "py0.10-flask-plain"], 7, "seven routes"),
        (["py2.75-messages-levels", "node8.55-messages-levels"], 1, "a number in a message"),
        (["browser7.120-messages-levels"], 1, "and in a browser"),
        (["node11.12-messages-levels"], 1, "with a stack trace beside it"),
        (["py2.75-handled-many-kinds"], 16, "sixteen bugs"),
        (["node11.12-rejection-kinds"], 6, "six things thrown that are no errors"),
        (["py2.75-server-503"], 4, "four bugs, ten times"),
        (["py2.75-asyncio-taskgroup-crash"], 1, "a group of tasks that failed alike"),
        (["browser11.12-throw-kinds"], 7, "seven things that a browser can throw"),
    ],
)
def test_each_bug_is_one_issue(cases, count, why):
    assert len(issues(*cases)) == count, why


@pytest.mark.parametrize(
    ("case", "title"),
    [
        ("py2.75-crash-chain-from", "ShopError: giving up on SO-000002 after 2 attempts"),
        ("py2.75-asyncio-taskgroup-crash", "InventoryUnavailable: warehouse 0 did not answer"),
        ("node11.12-throw-string", "Error: a thrown string"),
        ("browser11.12-attach-stacktrace", "with a stack"),
        ("py2.75-logging", "row 18 of acme.csv rejected: negative quantity"),
    ],
)
def test_an_issue_is_called_what_happened(case, title):
    assert groupings()[case][0].title == title


def test_every_captured_event_has_an_issue_with_a_title():
    every = [grouping for found in groupings().values() for grouping in found]
    assert len(every) > 700
    assert {grouping.title for grouping in every}.isdisjoint({"", "<unknown>"})
    assert not [one for one in every if "sentry" in one.title.lower()]
