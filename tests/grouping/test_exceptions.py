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
    frames = [library, *trace("main", "pay")["frames"]]
    grouping = grouped(platform="python", exception=[exception("E", stacktrace={"frames": frames})])
    assert grouping.explanation.variant == "app"
    assert parts(grouping) == ["E", "m", "main", "m", "pay"]
    assert [(one.what, one.why) for one in grouping.explanation.ignored] == [
        ("1 call", "not the application's own code")
    ]


def test_without_calls_of_the_application_all_count(grouped, parts):
    stack = trace("main", "pay", in_app=False)
    grouping = grouped(platform="python", exception=[exception("E", stacktrace=stack)])
    assert grouping.explanation.variant == "system"
    assert parts(grouping) == ["E", "m", "main", "m", "pay"]


def test_without_calls_type_and_value_count(grouped, parts):
    grouping = grouped(exception=[exception("E", "no user 7")])
    assert grouping.explanation.variant == "exception"
    assert parts(grouping) == ["E", "no user <int>"]


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
    assert parts(grouped(exception=chain)) == ["KeyError", "k <int>", "ShopError", "m", "pay"]


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
    assert parts(grouping) == ["cart of <int> lost", "m", "pay"]
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
