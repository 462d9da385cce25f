"""Cooldown, digest, folding and quiet hours change when people are told, and never whether."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from alerting.conftest import Watch
from receiver import Receiver

STEPS = 25


def manners(chance: random.Random) -> dict[str, Any]:
    """Some cooldown, some digest, and quiet hours or none."""
    hours = [f"{chance.randrange(24):02d}:{chance.choice(('00', '30'))}" for _ in range(2)]
    quiet = {"begin": hours[0], "end": hours[1], "time_zone": "Europe/Berlin"}
    return {
        "cooldown_minutes": chance.choice((0, 1, 10, 60, 600)),
        "digest_minutes": chance.choice((0, 5, 120)),
        "quiet_hours": chance.choice((None, quiet)),
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.usefixtures("allowed_here")
def test_each_issue_of_a_series_is_told_once(watch: Watch, receiver: Receiver, seed: int) -> None:
    chance = random.Random(seed)
    action = {"action_type": "webhook", "url": receiver.url, "secret": "known to both of us"}
    watch.rule("new_issue", actions=[action], **manners(chance))
    begun = []
    for step in range(STEPS):
        watch.pass_time(minutes=chance.choice((0, 0, 1, 7, 45, 200)))
        # Often none, mostly one, now and then a storm.
        storm = [
            f"problem {chr(97 + step % 26)}{step // 26 * 'x'} {chr(97 + number) * 3}"
            for number in range(chance.choice((0, 0, 1, 1, 1, 9)))
        ]
        if storm:
            watch.store(*({"message": one, "fingerprint": [one]} for one in storm))
        begun += storm
        watch.look(measure=False)
        receiver.status = chance.choice((200, 200, 200, 503))
        watch.deliver()
    receiver.status = 200
    for _ in range(4):  # the last cooldown, digest and night end, and what failed is tried again
        watch.pass_time(hours=24)
        watch.look(measure=False)
        watch.deliver()
    told = [
        alert
        for got in receiver.got
        if got.status == 200
        for alert in json.loads(got.body)["alerts"]
    ]
    named = Counter(issue["title"] for alert in told for issue in alert["issues"])
    assert begun
    assert len({alert["id"] for alert in told}) == len(told)
    assert set(named.values()) == {1}
    assert named.keys() <= set(begun)
    # A message names some of many issues, and counts all.
    assert sum(alert["issue_count"] for alert in told) == len(begun)


@pytest.mark.usefixtures("allowed_here")
def test_the_last_of_a_series_is_told_after_the_cooldown(watch: Watch, receiver: Receiver) -> None:
    action = {"action_type": "webhook", "url": receiver.url, "secret": "known to both of us"}
    watch.rule("new_issue", actions=[action], cooldown_minutes=60)
    for message in ("first", "last"):
        watch.store({"message": message})
        watch.look(measure=False)
    watch.deliver()
    watch.now += timedelta(minutes=59)
    watch.look(measure=False)
    assert watch.deliver() == 0
    watch.now += timedelta(minutes=2)
    watch.look(measure=False)
    assert watch.deliver() == 1
    assert b"last" in receiver.got[-1].body
