"""Several versions of grouping at once: which finds issues, and what else they are known by."""

from __future__ import annotations

import msgspec
import pytest

from mesher.grouping.fingerprint import ALGORITHM_VERSION, Grouping, group
from mesher.grouping.rules.ruleset import Rules, compile_rules
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


STACK = [call("main", in_app=False), call("pay"), call("lib", in_app=False)]


@pytest.mark.parametrize(
    "before",
    [
        error(*STACK),
        {"stacktrace": {"frames": STACK}},
        {"threads": [{"id": 1, "crashed": True, "stacktrace": {"frames": STACK}}, {"id": 2}]},
    ],
    ids=["exception", "event", "thread"],
)
def test_events_with_the_same_calls_have_a_fingerprint_in_common_whatever_is_in_app(event, before):
    def fingerprints(given: Event, rules: Rules | None = None) -> set[str]:
        grouper = Grouper(rules)
        found = grouper.group(given)
        return {found.fingerprint, *grouper.other_fingerprints(given, found)}

    all_in_app, _ = compile_rules("function:* +app")
    none_in_app, _ = compile_rules("function:* -app")
    given = event(**before)
    assert len(fingerprints(given)) == 2
    assert fingerprints(given) & fingerprints(given, all_in_app)
    assert fingerprints(given) & fingerprints(given, none_in_app)


def test_calls_that_a_rule_leaves_out_count_in_neither(event):
    rules, _ = compile_rules("function:lib -group")
    grouper = Grouper(rules)
    shared = []
    for frames in (STACK, STACK[:2]):
        given = event(**error(*frames))
        shared.append(grouper.other_fingerprints(given, grouper.group(given)))
    assert shared[0] == shared[1]


def test_a_rule_that_returns_to_the_default_grouping_does_so_in_all_fingerprints(event, grouped):
    rules, _ = compile_rules("type:E -> {{ default }}")
    given = event(**error(*STACK), fingerprint=["theirs"])
    grouper = Grouper(rules)
    [other] = grouper.other_fingerprints(given, grouper.group(given))
    foreign = [call(frame["function"], in_app=False) for frame in STACK]
    assert other == grouped(**error(*foreign)).fingerprint


@pytest.mark.parametrize(
    "payload",
    [{"message": "hello"}, {**error(*STACK), "fingerprint": ["mine"]}, error(STACK[0])],
    ids=["message", "custom", "all calls"],
)
def test_what_is_not_grouped_by_the_calls_of_the_application_has_one_fingerprint(event, payload):
    given = event(**payload)
    assert Grouper().other_fingerprints(given, Grouper().group(given)) == ()
