"""Several versions of grouping at once: which finds issues, and what else they are known by."""

from __future__ import annotations

import msgspec
import pytest

from mesher.grouping.fingerprint import ALGORITHM_VERSION, Grouping, group
from mesher.grouping.rules.ruleset import Rules
from mesher.grouping.versions import ALGORITHMS, Grouper
from mesher.protocol.event import Event


def call(function: str, *, in_app: bool = True) -> dict:
    return {"function": function, "module": "m", "in_app": in_app}


def error(*frames: dict) -> dict:
    return {"exception": [{"type": "E", "value": "v", "stacktrace": {"frames": list(frames)}}]}


def by_type_and_calls(event: Event, rules: Rules | None) -> Grouping:
    """A version that never was: the fingerprint is the first one's, told apart."""
    found = group(event, rules)
    return msgspec.structs.replace(
        found, fingerprint=f"two:{found.fingerprint}", algorithm_version=2
    )


def by_type(event: Event, rules: Rules | None) -> Grouping:
    """Another: all errors of a type are one."""
    found = group(event, rules)
    kind = event.exception[-1].type
    return msgspec.structs.replace(found, fingerprint=f"three:{kind}", algorithm_version=3)


THREE = {1: group, 2: by_type_and_calls, 3: by_type}


def test_the_newest_version_is_the_one_that_events_are_grouped_by(event):
    given = event(**error(call("pay")))
    assert max(ALGORITHMS) == ALGORITHM_VERSION
    assert Grouper().group(given) == group(given)
    assert Grouper(algorithms=THREE).group(given).fingerprint == "three:E"


@pytest.mark.parametrize(("oldest", "versions"), [(1, [2, 1]), (2, [2]), (3, [])])
def test_older_versions_are_asked_from_the_newest_to_the_oldest_that_made_issues(
    event, oldest, versions
):
    given = event(**error(call("lib", in_app=False)))
    grouper = Grouper(oldest_version=oldest, algorithms=THREE)
    others = grouper.other_fingerprints(given, grouper.group(given))
    assert list(others) == [THREE[number](given, None).fingerprint for number in versions]


def test_what_an_older_version_says_too_is_no_other_fingerprint(event):
    given = event(message="hello")
    grouper = Grouper(algorithms={1: group, 2: group})
    assert grouper.other_fingerprints(given, grouper.group(given)) == ()
