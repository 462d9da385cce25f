"""What would join and what would split, told from where events are and where they would be."""

from __future__ import annotations

import uuid

from mesher.grouping.preview import SAMPLES, Plan, Tally, plan

A, B, C = (uuid.UUID(int=number) for number in (10, 11, 12))
NAMES = {A: "A", B: "B", C: "C"}


def planned(*shares: tuple[uuid.UUID, object, int], bound: dict[str, uuid.UUID] | None = None):
    """The plan for so many events of an issue that would be in a place."""
    tally = Tally()
    for issue_id, where, events in shares:
        for _ in range(events):
            tally.add(uuid.uuid4(), issue_id, where)
    return plan(tally, bound or {})


def joins(found: Plan):
    return [
        (
            NAMES.get(one.where, one.where),
            [(NAMES[share.issue_id], share.events) for share in one.shares],
        )
        for one in found.joins
    ]


def splits(found: Plan):
    return [
        (
            NAMES[one.issue_id],
            [(NAMES.get(share.where, share.where), share.events) for share in one.shares],
        )
        for one in found.splits
    ]


def test_nothing_happens_to_events_that_stay():
    found = planned((A, A, 3), (B, B, 1))
    assert (found.joins, found.splits, found.moved_events) == ([], [], 0)
    assert (found.issues, found.untouched_issues) == (2, 2)


def test_an_issue_whose_events_all_get_one_new_fingerprint_keeps_them():
    found = planned((A, "x", 3))
    assert found.targets == {"x": A}
    assert (found.joins, found.splits, found.moved_events, found.untouched_issues) == ([], [], 0, 1)


def test_issues_join_in_the_one_that_has_most_of_the_events():
    found = planned((A, "x", 2), (B, "x", 5), (C, C, 1))
    assert joins(found) == [("B", [("B", 5), ("A", 2)])]
    assert (found.moved_events, found.untouched_issues) == (2, 1)


def test_issues_join_in_the_one_that_the_fingerprint_is_bound_to():
    found = planned((A, "x", 2), (B, "x", 5), bound={"x": C})
    assert joins(found) == [("C", [("B", 5), ("A", 2)])]
    assert found.moved_events == 7


def test_an_issue_splits_and_its_largest_part_keeps_it():
    found = planned((A, "x", 2), (A, "y", 5))
    assert splits(found) == [("A", [("A", 5), ("x", 2)])]
    assert found.targets == {"y": A, "x": None}
    assert found.moved_events == 2


def test_events_that_stay_keep_the_issue_however_few_they_are():
    found = planned((A, A, 1), (A, "x", 5))
    assert splits(found) == [("A", [("x", 5), ("A", 1)])]


def test_a_part_that_cannot_keep_its_largest_issue_takes_the_next():
    found = planned((A, "x", 9), (A, "y", 5), (B, "y", 3))
    assert found.targets == {"x": A, "y": B}
    assert joins(found) == [("B", [("A", 5), ("B", 3)])]
    assert splits(found) == [("A", [("A", 9), ("B", 5)])]


def test_an_issue_that_a_fingerprint_is_bound_to_is_not_given_to_another():
    found = planned((A, "x", 5), (B, "y", 1), bound={"y": A})
    assert found.targets == {"y": A, "x": None}


def test_a_merge_is_a_join_of_what_is_there():
    found = planned((A, A, 1), (B, A, 5))
    assert joins(found) == [("A", [("B", 5), ("A", 1)])]
    assert found.targets == {}


def test_some_events_of_each_part_can_be_looked_at():
    tally = Tally()
    ids = [uuid.uuid4() for _ in range(SAMPLES + 2)]
    for event_id in ids:
        tally.add(event_id, A, "x")
    [share] = tally.shares.values()
    assert (share.samples, tally.events, tally.new_fingerprints()) == (ids[:SAMPLES], 5, ["x"])


def test_the_largest_joins_and_splits_come_first():
    found = planned((A, "x", 1), (B, "x", 1), (C, "y", 5), (uuid.UUID(int=13), "y", 4))
    assert [one.events for one in found.joins] == [9, 2]
    found = planned((A, "x", 1), (A, "y", 1), (B, "z", 5), (B, "w", 4))
    assert [one.events for one in found.splits] == [9, 2]
