"""Which exceptions of a chain or a group count, and by what."""

from __future__ import annotations

from typing import Any

import pytest


def trace(*functions: str, in_app: bool = True) -> dict[str, Any]:
    return {"frames": [{"module": "m", "function": name, "in_app": in_app} for name in functions]}


def exception(kind: str, value: str = "v", **more: Any) -> dict[str, Any]:
    return {"type": kind, "value": value, **more}


def member(number: int, parent: int | None, kind: str, value: str = "v", **more: Any) -> dict:
    """One exception of a group, with its place in it."""
    mechanism = {"type": "m", "exception_id": number, "parent_id": parent}
    mechanism["is_exception_group"] = more.pop("is_group", False)
    return exception(kind, value, mechanism=mechanism, **more)


def test_an_exception_counts_by_its_type_and_the_applications_calls(grouped, parts):
    library = {"module": "lib", "function": "call", "in_app": False}
    frames = [library, *trace("serve", "pay")["frames"]]
    grouping = grouped(platform="python", exception=[exception("E", stacktrace={"frames": frames})])
    assert grouping.explanation.variant == "app"
    assert parts(grouping) == ["E", "m", "serve", "m", "pay"]
    assert [(one.what, one.why) for one in grouping.explanation.ignored] == [
        ("1 call", "not the application's own code")
    ]


def test_without_calls_of_the_application_all_count(grouped, parts):
    stack = trace("serve", "pay", in_app=False)
    grouping = grouped(platform="python", exception=[exception("E", stacktrace=stack)])
    assert grouping.explanation.variant == "system"
    assert parts(grouping) == ["E", "m", "serve", "m", "pay"]


def test_without_calls_type_and_value_count(grouped, parts):
    grouping = grouped(exception=[exception("E", "no user 7")])
    assert grouping.explanation.variant == "exception"
    assert parts(grouping) == ["E", "no user <number>"]


def test_a_blank_value_does_not_count(grouped, parts):
    assert parts(grouped(exception=[exception("E", " \n ")])) == ["E"]


def test_the_value_does_not_count_beside_calls(grouped):
    one, other = (
        grouped(exception=[exception("E", value, stacktrace=trace("pay"))]) for value in "ab"
    )
    assert one.fingerprint == other.fingerprint


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"lineno": 99, "colno": 3}, "another line"),
        ({"context_line": "pay(  cart )", "pre_context": ["# new"]}, "a line that was formatted"),
        ({"vars": {"cart": "2"}}, "other locals"),
        ({"abs_path": "/srv/release-2/shop.py"}, "another folder"),
        ({"instruction_addr": "0x7f"}, "another address"),
    ],
)
def test_a_new_release_that_moves_code_keeps_the_issue(grouped, change, why):
    before = {
        "module": "m",
        "function": "pay",
        "in_app": True,
        "lineno": 3,
        "context_line": "pay(cart)",
    }
    issues = {
        grouped(
            platform="python",
            exception=[exception("E", stacktrace={"frames": [frame]})],
        ).fingerprint
        for frame in (before, {**before, **change})
    }
    assert len(issues) == 1, why


def test_a_chain_counts_whole_and_in_order(grouped, parts):
    chain = [
        exception("KeyError", "k", stacktrace=trace("read")),
        exception("ShopError", "s", stacktrace=trace("pay")),
    ]
    assert parts(grouped(exception=chain)) == ["KeyError", "m", "read", "ShopError", "m", "pay"]


def test_of_a_chain_one_without_own_calls_counts_by_its_value(grouped, parts):
    chain = [
        exception("KeyError", "k 1", stacktrace=trace("read", in_app=False)),
        exception("ShopError", "s", stacktrace=trace("pay")),
    ]
    assert parts(grouped(exception=chain)) == ["KeyError", "k <number>", "ShopError", "m", "pay"]


def test_a_chain_with_places_in_it_is_a_chain(grouped, parts):
    chain = [
        member(1, 0, "KeyError", stacktrace=trace("read")),
        member(0, None, "ShopError", stacktrace=trace("pay")),
    ]
    grouping = grouped(exception=chain)
    assert parts(grouping) == ["KeyError", "m", "read", "ShopError", "m", "pay"]
    assert grouping.title == "ShopError: v"


GROUP = member(0, None, "ExceptionGroup", is_group=True, stacktrace=trace("run"))


def test_a_group_of_the_same_failures_is_that_failure(grouped, parts):
    several = [member(number, 0, "TimeoutError", stacktrace=trace("fetch")) for number in (3, 2, 1)]
    one = [member(1, 0, "TimeoutError", stacktrace=trace("fetch"))]
    grouping = grouped(exception=[*several, GROUP])
    assert parts(grouping) == ["TimeoutError", "m", "fetch"]
    assert grouping.title == "TimeoutError: v"
    assert grouping.fingerprint == grouped(exception=[*one, GROUP]).fingerprint
    assert grouping.explanation.ignored[-1].what == "3 exceptions"


def test_a_failure_of_a_group_keeps_its_causes(grouped, parts):
    nested = [
        member(2, 1, "KeyError", stacktrace=trace("read")),
        member(1, 0, "ShopError", stacktrace=trace("pay")),
    ]
    assert parts(grouped(exception=[*nested, GROUP])) == [
        *["KeyError", "m", "read"],
        *["ShopError", "m", "pay"],
    ]


def test_a_group_of_different_failures_counts_with_them_in_any_order(grouped, parts):
    first = member(1, 0, "KeyError", stacktrace=trace("read"))
    second = member(2, 0, "OSError", stacktrace=trace("write"))
    grouping = grouped(exception=[second, first, GROUP])
    assert parts(grouping) == [
        *["KeyError", "m", "read"],
        *["OSError", "m", "write"],
        *["ExceptionGroup", "m", "run"],
    ]
    assert grouping.title == "ExceptionGroup: v"
    swapped = [member(1, 0, "OSError", stacktrace=trace("write")),
               member(2, 0, "KeyError", stacktrace=trace("read"))]  # fmt: skip
    assert grouped(exception=[*swapped, GROUP]).fingerprint == grouping.fingerprint


def test_a_group_within_a_group_is_opened(grouped, parts):
    nested = [
        member(2, 1, "KeyError", stacktrace=trace("read")),
        member(1, 0, "ExceptionGroup", is_group=True, stacktrace=trace("inner")),
    ]
    assert parts(grouped(exception=[*nested, GROUP])) == ["KeyError", "m", "read"]


@pytest.mark.parametrize(
    ("chain", "why"),
    [
        ([member(1, 0, "A"), exception("B")], "one without a place"),
        ([member(1, 0, "A"), member(1, 0, "B"), GROUP], "two of one place"),
        ([member(1, 1, "A"), GROUP], "one below itself"),
        ([member(2, 1, "A"), member(1, None, "B")], "no root"),
        ([GROUP, member(5, 4, "A")], "a group of nothing"),
    ],
)
def test_a_group_that_is_no_tree_counts_as_a_chain(grouped, parts, chain, why):
    found = grouped(exception=chain)
    assert [value for value in parts(found) if value not in {"v", "m", "run"}] == [
        one["type"] for one in chain
    ], why


def test_a_circle_of_groups_ends(grouped):
    circle = [
        member(1, 0, "A", is_group=True),
        {**GROUP, "mechanism": {**GROUP["mechanism"], "parent_id": 1}},
    ]
    assert grouped(exception=circle).fingerprint


def test_a_circle_of_causes_ends(grouped, parts):
    circle = [
        member(2, 1, "A"),
        {**member(1, 2, "B")},
        member(0, None, "Group", is_group=True),
        member(3, 0, "C"),
    ]
    assert parts(grouped(exception=circle)) == ["C", "v"]


SYNTHETIC = {"type": "generic", "synthetic": True}


def test_a_reported_message_counts_by_its_text_and_where_it_was_reported(grouped, parts):
    report = {"value": "cart of 7 lost", "mechanism": SYNTHETIC, "stacktrace": trace("pay")}
    grouping = grouped(platform="node", message="cart of 7 lost", exception=[report])
    assert parts(grouping) == ["cart of <number> lost", "m", "pay"]
    assert grouping.title == "cart of 7 lost"


def test_the_template_of_a_reported_message_counts_instead_of_its_text(grouped, parts):
    report = {"value": "user ada lost", "mechanism": SYNTHETIC, "stacktrace": trace("pay")}
    entry = {"message": "user %s lost", "params": ["ada"]}
    grouping = grouped(platform="node", logentry=entry, exception=[report])
    assert parts(grouping) == ["user %s lost", "m", "pay"]


def test_a_thrown_string_counts_by_its_text_and_without_its_type(grouped, parts):
    thrown = exception("Error", "oops", mechanism=SYNTHETIC, stacktrace=trace("pay"))
    assert parts(grouped(platform="javascript", exception=[thrown])) == ["oops", "m", "pay"]


def test_a_native_crash_counts_by_its_calls(grouped, parts):
    crash = exception("SIGSEGV", "at 0x1", mechanism=SYNTHETIC, stacktrace=trace("pay"))
    grouping = grouped(platform="native", exception=[crash])
    assert parts(grouping) == ["m", "pay"]
    assert grouping.title == "pay"


def test_an_error_of_apples_frameworks_counts_by_domain_and_code(grouped, parts):
    mechanism = {"type": "NSError", "meta": {"ns_error": {"domain": "NSURL", "code": -1001}}}
    error = exception("NSError", "localised text", mechanism=mechanism)
    assert parts(grouped(platform="cocoa", exception=[error])) == ["NSError", "NSURL", "-1001"]
    odd = {**mechanism, "meta": {"ns_error": "odd"}}
    assert parts(grouped(exception=[{**error, "mechanism": odd}])) == ["NSError", "localised text"]


@pytest.mark.parametrize(
    ("platform", "wrapper"),
    [
        ("java", "ExecutionException"),
        ("java", "InvocationTargetException"),
        ("csharp", "System.Reflection.TargetInvocationException"),
    ],
)
def test_a_wrapper_that_only_says_where_work_ran_does_not_count(grouped, platform, wrapper):
    bug = exception("ShopError", stacktrace=trace("pay"))
    outer = exception(wrapper, stacktrace=trace("submit"))
    direct, behind = (
        grouped(platform=platform, exception=chain) for chain in ([bug], [bug, outer])
    )
    assert direct.fingerprint == behind.fingerprint
    assert behind.title == "ShopError: v"
    assert behind.explanation.ignored[-1].what == "1 exception"


def test_wrappers_around_nothing_count(grouped, parts):
    chain = [exception("ExecutionException"), exception("CompletionException")]
    assert parts(grouped(platform="java", exception=chain)) == ["CompletionException", "v"]


@pytest.mark.parametrize(
    ("platform", "kind", "value"),
    [
        ("python", "RecursionError", "maximum recursion depth exceeded"),
        ("java", "StackOverflowError", None),
        ("ruby", "SystemStackError", "stack level too deep"),
        ("javascript", "RangeError", "Maximum call stack size exceeded"),
        ("javascript", "InternalError", "too much recursion"),
    ],
)
def test_where_in_a_loop_of_calls_the_stack_was_used_up_does_not_count(
    grouped, parts, platform, kind, value
):
    issues = []
    for functions in (["a", "b"] * 3, ["serve", *["b", "a"] * 3, "log"], ["a", "b"] * 2 + ["a"]):
        frames = [
            {
                "module": "m",
                "function": name,
                "in_app": True,
                "abs_path": "/m.js",
                "filename": "m.js",
            }
            for name in functions
        ]
        one = exception(kind, value, stacktrace={"frames": frames})
        issues.append(grouped(platform=platform, exception=[one]))
    assert len({issue.fingerprint for issue in issues}) == 1
    assert parts(issues[0])[2::2] == ["a", "b"]


def test_a_stack_that_was_used_up_without_a_loop_counts_whole(grouped, parts):
    one = exception("RecursionError", stacktrace=trace("serve", "pay"))
    assert parts(grouped(exception=[one])) == ["RecursionError", "m", "serve", "m", "pay"]


def test_the_engines_words_for_a_stack_that_was_used_up_are_one(grouped):
    chrome = exception("RangeError", "Maximum call stack size exceeded")
    firefox = exception("InternalError", "too much recursion")
    for one in (chrome, firefox):
        one["stacktrace"] = {"frames": [{"abs_path": "/m.js", "function": "a"}] * 3}
    assert (
        len({grouped(platform="javascript", exception=[x]).fingerprint for x in (chrome, firefox)})
        == 1
    )


@pytest.mark.parametrize(
    ("level", "kind", "told"),
    [
        ("error", "*fmt.wrapError", True),
        ("fatal", "*fmt.wrapError", False),
        ("error", "*shop.MissingError", False),
    ],
)
def test_an_error_of_go_without_a_type_of_its_own_counts_by_its_text_unless_it_is_a_panic(
    grouped, parts, level, kind, told
):
    one = exception(kind, "cancel order 7: too late", stacktrace=trace("report"))
    found = parts(grouped(platform="go", level=level, exception=[one]))
    assert ("cancel order <number>: too late" in found) is told


def test_a_syntax_error_counts_with_the_file_that_it_names(grouped):
    issues = {
        grouped(
            platform="python",
            exception=[exception("SyntaxError", value, stacktrace=trace("load"))],
        ).fingerprint
        for value in ("invalid syntax (a.py, line 1)", "invalid syntax (b.py, line 1)")
    }
    assert len(issues) == 2


def test_what_react_recovered_from_is_called_by_its_cause(grouped):
    cause = exception("TypeError", "x is undefined", stacktrace=trace("render"))
    recovered = "There was an error during concurrent rendering but React was able to recover"
    chain = [cause, exception("Error", recovered)]
    assert grouped(platform="javascript", exception=chain).title == "TypeError: x is undefined"


def test_where_a_library_reported_a_message_does_not_count(grouped, parts):
    stack = trace("capture", in_app=False)
    report = {"value": "cart lost", "mechanism": SYNTHETIC, "stacktrace": stack}
    assert parts(grouped(platform="node", exception=[report])) == ["cart lost"]
