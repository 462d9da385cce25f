"""Which alerts are raised by what happens in a project."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alerting.conftest import Watch

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def event(message: str, **more: Any) -> dict[str, Any]:
    return {"message": message, **more}


def test_a_new_issue_is_told_once(watch: Watch) -> None:
    watch.rule("new_issue", cooldown_minutes=0)
    watch.store(event("the lift is stuck"))
    watch.look()
    watch.store(event("the lift is stuck"))
    watch.pass_time(hours=2)
    watch.look()
    [alert] = watch.alerts()
    assert alert["message"] == "New issue: the lift is stuck"
    assert alert["issue_id"] == watch.issue_id()


def test_issues_that_begin_while_a_rule_cools_down_are_told_together_afterwards(
    watch: Watch,
) -> None:
    watch.rule("new_issue", cooldown_minutes=30)
    watch.store(event("a"))
    watch.look()
    watch.pass_time(minutes=5)
    watch.store(event("b"), event("c"))
    watch.look()
    assert watch.messages() == ["New issue: a"]
    watch.pass_time(minutes=26)
    watch.look()
    assert watch.messages() == ["2 new issues in ada's shop", "New issue: a"]
    folded = watch.alerts()[0]
    assert folded["condition_snapshot"]["figures"] == {"issues": 2}
    assert len(folded["condition_snapshot"]["issues"]) == 2


def test_issues_of_the_same_minute_are_one_notification_without_a_cooldown(watch: Watch) -> None:
    watch.rule("new_issue", cooldown_minutes=0)
    watch.store(event("a"))
    watch.look()
    watch.store(event("b"), event("c"))
    watch.pass_time(seconds=10)
    watch.look()
    assert watch.messages() == ["New issue: a"]
    watch.pass_time(minutes=1)
    watch.look()
    assert watch.messages() == ["2 new issues in ada's shop", "New issue: a"]


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({"levels": ["fatal", "error"]}, True),
        ({"levels": ["warning"]}, False),
        ({"environments": ["hall"]}, True),
        ({"environments": ["garage"]}, False),
        ({"releases": ["shop@1.*"]}, True),
        ({"releases": ["shop@2.*"]}, False),
        ({"tags": {"region": "eu"}}, True),
        ({"tags": {"region": "us"}}, False),
        ({"query": "lift !stairs"}, True),
        ({"query": "stairs"}, False),
        ({"assigned_to": "nobody"}, True),
        ({"younger_than_hours": 1}, True),
        ({"older_than_hours": 1}, False),
        ({"levels": ["error"], "environments": ["garage"]}, False),
    ],
)
def test_filters_choose_what_is_told(watch: Watch, filters: dict[str, Any], told: bool) -> None:
    watch.rule("new_issue", filters=filters)
    watch.store(
        event(
            "the lift is stuck",
            level="error",
            environment="hall",
            release="shop@1.2",
            tags={"region": "eu"},
        )
    )
    watch.look()
    assert bool(watch.alerts()) == told


def test_an_issue_of_a_person_is_told_by_a_rule_about_theirs(watch: Watch) -> None:
    watch.rule("regression", filters={"assigned_to": str(watch.tenant.user_id)})
    watch.store(event("the lift is stuck"), ago=HOUR)
    issue = watch.issue_id()
    watch.request("PATCH", f"/issues/{issue}", json={"assigned_to": "me", "status": "resolved"})
    watch.pass_time(minutes=5)
    watch.store(event("the lift is stuck"))
    watch.look()
    assert watch.messages() == ["It came back: the lift is stuck"]


def test_a_resolved_issue_that_comes_back_is_told_and_over_when_it_is_resolved_again(
    watch: Watch,
) -> None:
    watch.rule("regression")
    watch.store(event("the lift is stuck"), ago=HOUR)
    watch.look()
    assert watch.alerts() == []
    issue = watch.issue_id()
    watch.request("POST", f"/issues/{issue}/resolve")
    watch.pass_time(minutes=5)
    watch.store(event("the lift is stuck"))
    watch.look()
    assert watch.messages() == ["It came back: the lift is stuck"]
    assert watch.statuses() == ["active"]
    watch.request("POST", f"/issues/{issue}/resolve")
    watch.look()
    assert watch.statuses() == ["resolved"]
    assert watch.alerts()[0]["resolved_by"] is None


def test_what_begins_in_the_newest_release_is_told_and_what_begins_in_an_older_one_is_not(
    watch: Watch,
) -> None:
    watch.rule("new_release_regression", cooldown_minutes=0)
    watch.store(event("a", release="shop@1"), ago=HOUR)
    watch.store(event("b", release="shop@2"), ago=HOUR / 2)
    watch.look()  # both were new when they were stored; shop@2 is the newest now
    assert watch.messages() == ["In the new release: b"]
    watch.pass_time(minutes=2)
    watch.store(event("c", release="shop@1"))
    watch.look()
    assert watch.messages() == ["In the new release: b"]


def test_a_number_of_events_is_told_while_it_lasts_and_over_afterwards(watch: Watch) -> None:
    watch.rule("threshold", count=3, window_minutes=10, cooldown_minutes=0)
    watch.store(event("a"), event("a"), ago=5 * MINUTE)
    watch.look()
    assert watch.alerts() == []
    watch.store(event("a"), ago=MINUTE)
    watch.look()
    assert watch.messages() == ["3 events in 10 minutes: a"]
    watch.pass_time(minutes=2)
    watch.look()
    assert len(watch.alerts()) == 1  # it lasts, and was told
    watch.pass_time(minutes=10)
    watch.look()
    assert watch.statuses() == ["resolved"]


def test_what_was_met_while_a_rule_cooled_down_is_told_though_it_is_over(watch: Watch) -> None:
    watch.rule("threshold", count=2, window_minutes=5, cooldown_minutes=60)
    watch.store(event("a"), event("a"), ago=MINUTE)
    watch.look()
    watch.pass_time(minutes=20)
    watch.store(event("b"), event("b"), ago=MINUTE)
    watch.look()
    watch.pass_time(minutes=41)
    watch.look()
    assert watch.messages() == ["2 events in 5 minutes: b", "2 events in 5 minutes: a"]


def test_users_are_counted_once(watch: Watch) -> None:
    watch.rule("threshold", count=2, of="users", window_minutes=60)
    watch.store(*[event("a", user={"id": "1"})] * 5, ago=MINUTE)
    watch.look()
    assert watch.alerts() == []
    watch.store(event("a", user={"id": "2"}), ago=MINUTE)
    watch.look()
    assert watch.messages() == ["2 users in 1 hour: a"]


def test_the_events_of_a_whole_project_are_counted_to_the_minute(watch: Watch) -> None:
    watch.rule("threshold", count=4, within="project", window_minutes=150)
    watch.store(event("a"), ago=151 * MINUTE)
    watch.store(event("a"), ago=149 * MINUTE)
    watch.store(event("b"), ago=90 * MINUTE)
    watch.store(event("c"), ago=MINUTE)
    watch.look()
    assert watch.alerts() == []
    watch.store(event("c"), ago=MINUTE)
    watch.look()
    assert watch.messages() == ["4 events in 150 minutes: ada's shop"]


def test_events_that_the_filters_leave_out_do_not_count(watch: Watch) -> None:
    watch.rule(
        "threshold",
        count=2,
        within="project",
        window_minutes=60,
        filters={"environments": ["hall"]},
    )
    watch.store(event("a", environment="hall"), event("a"), event("a"), ago=MINUTE)
    watch.look()
    assert watch.alerts() == []
    watch.store(event("b", environment="hall"), ago=MINUTE)
    watch.look()
    assert len(watch.alerts()) == 1


def test_a_spike_is_measured_by_what_is_usual_for_the_issue(watch: Watch) -> None:
    watch.rule("spike", factor=5, min_events=10, window_minutes=60)
    for hours in range(2, 50):
        watch.store(event("busy"), event("busy"), event("busy"), ago=hours * HOUR)
    watch.store(event("rare"), ago=49 * HOUR)
    watch.store(*[event("busy")] * 12, *[event("rare")] * 12, *[event("young")] * 12, ago=MINUTE)
    watch.look()
    [message] = watch.messages()
    assert message.startswith("12 events where 0.0")
    assert message.endswith("are usual: rare")


def test_a_project_that_has_more_events_than_before_is_told(watch: Watch) -> None:
    watch.rule("error_rate_change", percent=100, window_minutes=60, min_events=10)
    watch.store(*[event("a")] * 6, ago=90 * MINUTE)
    watch.store(*[event("a")] * 11, ago=30 * MINUTE)
    watch.look()
    assert watch.alerts() == []
    watch.store(event("a"), ago=MINUTE)
    watch.look()
    assert watch.messages() == ["12 after 6 events in 1 hour: ada's shop"]


def test_silence_is_told_where_something_always_came(watch: Watch) -> None:
    watch.rule("no_events", window_minutes=120)
    watch.look()
    assert watch.alerts() == []  # a project that never had anything is not silent
    for hours in range(2, 28):
        watch.store(event("a"), ago=hours * HOUR + 10 * MINUTE)
    watch.store(event("a"), ago=119 * MINUTE)
    watch.look()
    assert watch.alerts() == []
    watch.pass_time(minutes=2)
    watch.look()
    assert watch.messages() == ["Silent for 2 hours: ada's shop"]
    watch.store(event("a"), ago=MINUTE)
    watch.look()
    assert watch.statuses() == ["resolved"]


def test_gaps_that_are_usual_are_no_silence(watch: Watch) -> None:
    watch.rule("no_events", window_minutes=60)
    for hours in range(1, 30, 2):
        watch.store(event("a"), ago=hours * HOUR + 10 * MINUTE)
    watch.look()
    assert watch.alerts() == []


def test_several_nodes_raise_one_alert(watch: Watch) -> None:
    watch.rule("new_issue", cooldown_minutes=0)
    watch.rule("threshold", count=1, within="project", window_minutes=60, cooldown_minutes=0)
    watch.store(event("a"), event("b"), ago=MINUTE)
    watch.look_from(4)
    watch.look_from(4)
    assert sorted(watch.messages()) == [
        "2 events in 1 hour: ada's shop",
        "2 new issues in ada's shop",
    ]


def test_a_muted_rule_forgets_what_happens_meanwhile(watch: Watch) -> None:
    until = watch.now + HOUR
    watch.rule("new_issue", muted_until=until.isoformat())
    watch.store(event("a"))
    watch.look()
    watch.pass_time(hours=2)
    watch.look()
    assert watch.alerts() == []


def test_rules_are_about_their_own_project(watch: Watch, client: Any, database_url: str) -> None:
    watch.rule("new_issue")
    watch.rule("threshold", count=1, within="project", window_minutes=60)
    other = Watch(client, client.make_tenant("eve"), database_url)
    other.store(event("theirs"))
    watch.look()
    assert watch.alerts() == []


def test_a_rule_whose_query_cannot_be_used_keeps_no_other_from_being_looked_at(
    watch: Watch, client: Any
) -> None:
    watch.rule("threshold", count=1, within="project", window_minutes=60)
    rule = watch.rule("threshold", count=1, window_minutes=60, filters={"query": "level:error"})
    watch.store(event("a"), ago=MINUTE)

    async def break_it() -> None:
        from sqlalchemy import text

        from mesher.storage.database import writing

        async with writing(client.resources.engine) as conn:
            await conn.execute(
                text("""UPDATE alert_rules SET condition_json =
                        jsonb_set(condition_json, '{filters,query}', '"is:broken"')
                        WHERE id = CAST(:id AS uuid)"""),
                {"id": rule["id"]},
            )

    client.call(break_it)
    watch.look()
    assert watch.messages() == ["1 event in 1 hour: ada's shop"]
