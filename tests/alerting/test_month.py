"""A month of a project, through the real evaluation with a clock of its own: each alert once, and no other."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerting.conftest import Watch

BEGIN = datetime(2026, 10, 12, 0, 0, tzinfo=UTC)  # the clocks go back on the 25th
DAYS = 30
STEP = timedelta(minutes=30)
HOUR = timedelta(hours=1)


class Month:
    """What happens, and what is to be told of it."""

    def __init__(self) -> None:
        self.events: dict[datetime, list[dict[str, Any]]] = {}
        self.expected: list[tuple[str, datetime]] = []  # the beginning of a message, and about when

    def at(self, day: int, hour: float, *payloads: dict[str, Any]) -> datetime:
        """Have something come in the step that a time is in."""
        moment = BEGIN + timedelta(days=day, hours=hour)
        step = BEGIN + (moment - BEGIN) // STEP * STEP
        self.events.setdefault(step, []).extend(payloads)
        return step

    def expect(self, message: str, moment: datetime) -> None:
        self.expected.append((message, moment))


def event(message: str, release: str = "shop@1", **more: Any) -> dict[str, Any]:
    return {
        "message": message,
        "level": "error",
        "release": release,
        "environment": "production",
        **more,
    }


def month() -> Month:
    """Traffic each half hour, and now and then something that matters."""
    made = Month()
    for day in range(DAYS):
        for half in range(48):
            if day == 20 and 20 <= half < 30:
                continue  # silence: five hours
            made.at(day, half / 2, event("the usual", environment="noise"))
    made.expect("New issue: the usual", BEGIN)
    made.expect("Silent for 3 hours", BEGIN + timedelta(days=20, hours=12.5))
    # New issues, far apart; numbers in their names would make them one.
    for day, what in ((3, "ship"), (9, "bridge"), (15, "crane"), (27, "tower")):
        made.expect(f"New issue: broken {what}", made.at(day, 10, event(f"broken {what}")))
    storm = made.at(
        12, 4, *[event(f"storm of {one}y{two}") for one in "klmno" for two in "pqrstuvw"]
    )
    made.expect("40 new issues", storm)
    # Ten times the usual, on two days.
    for day in (17, 24):
        moment = made.at(day, 15, *[event("the usual", environment="noise")] * 40)
        made.expect("42 events where", moment)
    # Somebody resolves an issue on day 10, and it comes back on day 18, the day after the clocks moved.
    made.expect("It came back: broken ship", made.at(18, 6, event("broken ship")))
    # Many users at once.
    crowd = [event("broken bridge", user={"id": str(number)}) for number in range(30)]
    moment = made.at(22, 20, *crowd)
    made.expect("30 users in 1 hour: broken bridge", moment)
    made.expect("30 events where", moment)
    return made


def rules(watch: Watch) -> None:
    quiet = {"filters": {"environments": ["production"]}}
    watch.rule("new_issue", cooldown_minutes=0)
    watch.rule("regression", cooldown_minutes=0)
    watch.rule("no_events", window_minutes=180, cooldown_minutes=0)
    watch.rule("spike", window_minutes=60, factor=8, min_events=20, cooldown_minutes=0)
    watch.rule("threshold", of="users", count=20, window_minutes=60, cooldown_minutes=0, **quiet)


@pytest.mark.parametrize("nodes", [1, 3])
def test_each_alert_of_a_month_is_raised_once_in_its_time_and_no_other(
    watch: Watch, nodes: int
) -> None:
    happens = month()
    watch.now = BEGIN
    rules(watch)
    chance = random.Random(7)
    while watch.now < BEGIN + timedelta(days=DAYS):
        if payloads := happens.events.get(watch.now):
            watch.store(*payloads)
        watch.pass_time(minutes=29)
        if chance.random() < 0.9:
            watch.look_from(nodes) if nodes > 1 else watch.look()
        watch.pass_time(minutes=1)
        if watch.now == BEGIN + timedelta(days=10):
            watch.resolve("broken ship")
    told = [
        (one["message"], datetime.fromisoformat(one["triggered_at"])) for one in watch.all_alerts()
    ]
    missing = list(told)
    for message, moment in happens.expected:
        found = [
            one
            for one in missing
            if one[0].startswith(message) and moment <= one[1] <= moment + 2 * HOUR
        ]
        assert found, f"{message} at {moment} was not told: {told}"
        missing.remove(found[0])
    assert missing == []
