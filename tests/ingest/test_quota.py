"""Which items the rate limits let in: a table of times and answers, without a clock."""

from __future__ import annotations

import uuid

import pytest

from mesher.ingest import quota as quota_module
from mesher.ingest.quota import CLIENT_REPORTS_PER_SECOND, Quota, Refusal
from mesher.values.ingest_key import IngestKey
from mesher.values.ingest_settings import IngestSettings

PROJECT = uuid.UUID(int=1)


def key(name: str = "a", *, per_key: int = 100, per_project: int = 100, seconds: int = 60):
    return IngestKey(
        public_key=name * 32,
        project_id=PROJECT,
        project_number=1,
        settings=IngestSettings(
            window_seconds=seconds,
            key_events_per_window=per_key,
            project_events_per_window=per_project,
        ),
    )


@pytest.mark.parametrize(
    ("now", "retry_after_seconds"), [(0.0, 60), (0.5, 60), (59.0, 1), (59.9, 1), (125.0, 55)]
)
def test_over_the_limit_a_client_is_told_the_whole_seconds_until_the_window_ends(
    now, retry_after_seconds
):
    quota = Quota()
    assert quota.take(key(per_key=1), {"error": 1}, now) == {}
    assert quota.take(key(per_key=1), {"error": 1}, now) == {
        "error": Refusal("key", retry_after_seconds)
    }


def test_the_next_window_begins_anew():
    quota = Quota()
    assert quota.take(key(per_key=1), {"error": 1}, 59.9) == {}
    assert quota.take(key(per_key=1), {"error": 1}, 60.0) == {}


def test_all_keys_of_a_project_share_its_limit():
    quota = Quota()
    assert quota.take(key("a", per_project=2), {"error": 2}, 0) == {}
    assert quota.take(key("b", per_project=2), {"error": 1}, 0) == {"error": Refusal("project", 60)}


def test_one_key_over_its_limit_leaves_the_others_alone():
    quota = Quota()
    assert quota.take(key("a", per_key=1), {"error": 1}, 0) == {}
    assert quota.take(key("a", per_key=1), {"error": 1}, 0)
    assert quota.take(key("b", per_key=1), {"error": 1}, 0) == {}


def test_each_category_has_the_limit_for_itself():
    quota = Quota()
    assert quota.take(key(per_key=1), {"error": 1, "session": 1}, 0) == {}
    assert quota.take(key(per_key=1), {"session": 1}, 0) == {"session": Refusal("key", 60)}
    assert quota.take(key(per_key=1), {"monitor": 1}, 0) == {}


def test_what_is_refused_takes_nothing_of_the_limit():
    quota = Quota()
    assert quota.take(key(per_key=5), {"error": 6}, 0) == {"error": Refusal("key", 60)}
    assert quota.take(key(per_key=5, per_project=3), {"error": 4}, 0) == {
        "error": Refusal("project", 60)
    }
    assert quota.take(key(per_key=5), {"error": 5}, 0) == {}


def test_client_reports_are_let_in_where_nothing_else_is():
    assert Quota().take(key(per_key=0, per_project=0), {"internal": 1000}, 0) == {}


def test_a_flood_of_client_reports_is_limited_by_the_window_like_other_categories():
    limit = CLIENT_REPORTS_PER_SECOND * 10
    quota = Quota()
    assert quota.take(key(seconds=10), {"internal": limit}, 0) == {}
    assert quota.take(key(seconds=10), {"internal": 1}, 9) == {"internal": Refusal("key", 1)}
    assert quota.take(key(seconds=10), {"internal": 1}, 10) == {}


def test_all_keys_of_a_project_share_the_limit_on_client_reports():
    limit = CLIENT_REPORTS_PER_SECOND * 60
    quota = Quota()
    assert quota.take(key("a"), {"internal": limit}, 0) == {}
    assert quota.take(key("b"), {"internal": 1}, 0) == {"internal": Refusal("project", 60)}


@pytest.mark.parametrize(("processes", "taken"), [(1, 10), (2, 5), (3, 4), (100, 1)])
def test_each_of_several_processes_lets_its_part_in(processes, taken):
    quota = Quota(processes=processes)
    assert quota.take(key(per_key=10), {"error": taken}, 0) == {}
    assert quota.take(key(per_key=10), {"error": 1}, 0)


def test_a_limit_of_zero_lets_nothing_in_however_many_processes_there_are():
    assert Quota(processes=4).take(key(per_key=0), {"error": 1}, 0) == {"error": Refusal("key", 60)}


def test_its_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(quota_module, "MAX_WINDOWS", 10)
    quota = Quota()
    for number in range(100):
        quota.take(key(f"{number:02d}"), {"error": 1}, 0)
    assert len(quota._windows) <= 10
