"""What rules do with calls: whose code they are, and whether they count."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mesher.grouping.fingerprint import group
from mesher.grouping.rules.ruleset import compile_rules
from mesher.grouping.stacktrace import LEFT_OUT, TOO_FEW, TOO_MANY


def call(function: str, *, in_app: bool = True, **more: Any) -> dict[str, Any]:
    return {"function": function, "module": "m", "in_app": in_app, **more}


def error(*frames: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The exceptions of an event whose stack, oldest call first, has these calls."""
    return {"exception": [{"type": "E", "value": "v", "stacktrace": {"frames": frames}, **more}]}


STACK = [call("serve"), call("retry", in_app=False), call("pay"), call("check")]


@pytest.fixture
def functions(ruled):
    """The functions that count of an event under rules."""

    def run(rules: str, *frames: dict[str, Any], **more: Any) -> list[str]:
        explanation = ruled(rules, **error(*(frames or STACK), **more)).explanation
        return [part.value for part in explanation.parts if part.label == "function"]

    return run


@pytest.mark.parametrize(
    ("rules", "expected", "why"),
    [
        ("function:nothing -app", ["serve", "pay", "check"], "as without rules"),
        ("function:pay -app", ["serve", "check"], "out of the application"),
        ("function:retry +app", ["serve", "retry", "pay", "check"], "into it"),
        ("function:p* -group", ["serve", "check"], "does not count"),
        ("function:pay -app\nfunction:pay +app", ["serve", "pay", "check"], "the later rule wins"),
        ("function:p* -group\nfunction:pay +group", ["serve", "pay", "check"], "of both kinds"),
        ("function:pay ^-app", ["serve", "pay"], "all newer calls"),
        ("function:pay v-app", ["pay", "check"], "all older calls"),
        ("function:pay ^-group v-group", ["pay"], "both"),
        ("app:no +app", ["serve", "retry", "pay", "check"], "those that are not"),
        ("!app:no -group", ["retry"], "those that are; then all others count"),
        (
            "function:retry +app\napp:yes function:retry -group",
            ["serve", "pay", "check"],
            "in turn",
        ),
        ("[ function:retry ] | function:pay -app", ["serve", "check"], "by the caller"),
        ("[ function:serve ] | function:pay -app", ["serve", "pay", "check"], "the one before"),
        ("[ app:no ] | function:* -app", ["serve", "check"], "by what the caller is"),
        ("function:pay | [ function:check ] -app", ["serve", "check"], "by the callee"),
        ("function:check | [ function:* ] -app", ["serve", "pay", "check"], "there is none"),
        ("[ function:* ] | function:serve -app", ["serve", "pay", "check"], "nor before the first"),
        ("function:* max-frames=2", ["pay", "check"], "the newest"),
        ("function:* max-frames=3", ["serve", "pay", "check"], "no more than there are"),
        ("type:E function:pay -app", ["serve", "check"], "of this exception"),
        ("type:F function:pay -app", ["serve", "pay", "check"], "not of this one"),
        ("type:E value:w -app", ["serve", "pay", "check"], "all of a rule has to fit"),
        ("!type:F -group", [], "every call, where none is named"),
        ("level:error function:pay -app", ["serve", "check"], "by the event"),
        ("level:info function:pay -app", ["serve", "pay", "check"], "not of this level"),
        ("family:other function:pay -app", ["serve", "check"], "by the family"),
    ],
)
def test_rules_decide_about_calls(functions, rules, expected, why):
    assert functions(rules) == expected, why


@pytest.mark.parametrize(
    "rule", ["module:a.b* -app", "path:/srv/**/x.py -app", "path:x.py -app", "package:lib* -app"]
)
def test_calls_are_found_by_all_their_names(functions, rule):
    frame = call("f", module="a.b.c", abs_path="/srv/a/x.py", filename="x.py", package="libx")
    assert functions(rule, call("serve"), frame) == ["serve"]


def test_a_function_is_found_as_it_groups_and_as_it_was_sent(ruled):
    frames = [call("Shop.Cart.pay", platform="node", abs_path="/a.js"), call("b", abs_path="/b.js")]
    for name in ("pay", "Shop.*"):
        grouping = ruled(f"function:{name} -app", platform="node", **error(*frames))
        assert "pay" not in [part.value for part in grouping.explanation.parts]


def test_a_rule_beats_what_mesher_knows_of_libraries(functions):
    library = call("query", abs_path="/srv/site-packages/shop/db.py")
    assert functions("module:nothing -app", call("serve"), library) == ["serve"]
    assert functions("path:**/site-packages/shop/** +app", call("serve"), library) == [
        "serve",
        "query",
    ]


def test_a_rule_can_make_helpers_count_that_never_do(ruled):
    frames = [call("nextTick", platform="node", abs_path="/t.js"), call("pay", abs_path="/p.js")]
    grouping = ruled("function:nextTick +group", platform="node", **error(*frames))
    assert [part.value for part in grouping.explanation.parts][2] == "nextTick"


def test_with_fewer_calls_than_a_rule_asks_for_none_counts(ruled):
    grouping = ruled("function:* min-frames=5", **error(*STACK))
    assert [part.label for part in grouping.explanation.parts] == [
        "exception type",
        "exception value",
    ]
    assert (grouping.explanation.ignored[-1].what, grouping.explanation.ignored[-1].why) == (
        "4 calls",
        TOO_FEW,
    )
    assert ruled("function:* min-frames=3", **error(*STACK)).explanation.variant == "app"


def test_what_a_rule_leaves_out_is_told(ruled):
    explanation = ruled("function:pay -group\nfunction:* max-frames=1", **error(*STACK)).explanation
    assert {(one.what, one.why) for one in explanation.ignored} >= {
        ("1 call", LEFT_OUT),
        ("1 call", TOO_MANY),
    }


def test_the_rules_that_had_a_say_are_told_by_line_and_text(ruled):
    text = "# ours\nfunction:nothing -app\nfunction:pay -group\ntype:E function:serve -app"
    rules = ruled(text, **error(*STACK)).explanation.rules
    assert [(rule.line, rule.text) for rule in rules] == [
        (3, "function:pay -group"),
        (4, "type:E function:serve -app"),
    ]


def test_threads_and_traces_of_the_event_are_marked_too(ruled):
    trace = {"frames": STACK}
    for payload in (
        {"stacktrace": trace},
        {"threads": [{"id": 1, "crashed": True, "stacktrace": trace}, {"id": 2}]},
    ):
        parts = ruled("function:pay -app", **payload).explanation.parts
        assert [part.value for part in parts if part.label == "function"] == ["serve", "check"]


def test_exceptions_without_calls_beside_others_stay_as_they_are(ruled):
    exceptions = [{"type": "Cause", "value": "v"}, *error(*STACK)["exception"]]
    grouping = ruled("function:pay -app", exception=exceptions)
    assert [part.value for part in grouping.explanation.parts if part.label == "function"] == [
        "serve",
        "check",
    ]


def test_an_exception_whose_calls_no_rule_is_about_stays_as_it_is(ruled):
    other = error(call("elsewhere"))["exception"]
    grouping = ruled("function:pay -app", exception=[*other, *error(*STACK)["exception"]])
    assert [part.value for part in grouping.explanation.parts if part.label == "function"] == [
        "elsewhere",
        "serve",
        "check",
    ]


def test_the_event_itself_is_not_changed(event):
    given = event(**error(*STACK))
    before = msgspec.json.encode(given)
    rules, _ = compile_rules("function:pay -app\nfunction:* max-frames=1")
    group(given, rules)
    assert msgspec.json.encode(given) == before


def test_an_event_that_no_rule_is_about_groups_as_without_rules(event):
    given = event(**error(*STACK))
    rules, _ = compile_rules("function:nothing -app\ntype:Nothing -> a\nlevel:info -app")
    assert group(given, rules) == group(given)


def test_the_culprit_is_the_newest_call_of_what_rules_call_the_application(ruled):
    assert ruled("function:check -app", **error(*STACK)).culprit == "m in pay"


def test_what_counts_and_whose_code_it_is_are_decided_apart(functions):
    library = call("query", abs_path="/srv/site-packages/shop/db.py")
    unknown = {"function": "unknown", "module": "m"}
    # Neither becomes the application's own by a rule that is about counting.
    assert functions("function:* +group", call("serve"), library, unknown) == ["serve"]
