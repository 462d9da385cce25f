"""Rules that set fingerprints: which events they fit, and what becomes of these."""

from __future__ import annotations

from typing import Any

import pytest

EVENT: dict[str, Any] = {
    "platform": "python",
    "level": "warning",
    "logger": "shop.db",
    "transaction": "/cart",
    "release": "shop@2.1.0",
    "environment": "prod",
    "tags": {"shard": "7"},
    "sdk": {"name": "sentry.python", "version": "2"},
    "exception": [
        {"type": "Cause", "value": "socket closed"},
        {
            "type": "DatabaseError",
            "value": "connection 17 lost",
            "mechanism": {"type": "django"},
            "stacktrace": {
                "frames": [
                    {"function": "main", "module": "shop.app", "in_app": True},
                    {
                        "function": "query",
                        "module": "orm.db",
                        "filename": "db.py",
                        "abs_path": "/srv/orm/db.py",
                        "package": "libpq",
                        "in_app": False,
                    },
                ]
            },
        },
    ],
}


@pytest.mark.parametrize(
    ("matchers", "fits", "why"),
    [
        ("type:DatabaseError", True, "any exception of the chain"),
        ("type:Cause", True, "the cause too"),
        ("error.type:Other", False, "none"),
        ("type:Cause value:connection*", False, "one exception has to fit both"),
        ('type:DatabaseError value:"connection * lost"', True, "as this does"),
        ("type:DatabaseError !value:*17*", False, "which is not this one"),
        ("type:DatabaseError !value:*18*", True, "which is"),
        ("!type:Cause", False, "none may be, where nothing else is asked"),
        ("!type:Cause !type:Other", False, "neither"),
        ("!type:Other", True, "none is"),
        ("mechanism:django", True, "how it was caught"),
        ("message:connection*", True, "the raised value where there is no message"),
        ("level:warning", True, ""),
        ("logger:shop.*", True, ""),
        ("transaction:/cart", True, ""),
        ("release:shop@2.*", True, ""),
        ("environment:prod", True, ""),
        ("platform:python", True, ""),
        ("sdk:sentry.python", True, ""),
        ("tags.shard:7", True, ""),
        ("tags.shop:*", False, "what is not there fits nothing"),
        ("!tags.shop:*", True, "or anything"),
        ("level:warning level:error", False, "all have to fit"),
        ("function:query", True, "any call"),
        ("module:shop.* function:main", True, "one call"),
        ("module:shop.* function:query", False, "not two"),
        ("function:query app:yes", False, "a call that is not the application's own"),
        ("function:query app:no", True, ""),
        ("app:yes", True, "any call of the application"),
        ("!function:query", False, "no call may be"),
        ("!function:other !module:other.*", True, "no call is"),
        ("!function:query app:yes", True, "some call of the application that is another"),
        ("path:**/orm/*.py", True, ""),
        ("stack.package:libpq", True, ""),
        ("family:other", True, ""),
        ("family:native", False, ""),
    ],
)
def test_a_rule_fits_an_event_that_has_all_that_it_names(ruled, matchers, fits, why):
    grouping = ruled(f"{matchers} -> ours", **EVENT)
    assert (grouping.explanation.variant == "custom") is fits, why


def test_an_event_without_anything_fits_what_asks_for_nothing(ruled):
    for rule, fits in {
        "type:* -> a": False,
        "function:* -> a": False,
        "app:yes -> a": False,
        "message:* -> a": False,
        "mechanism:* -> a": False,
        "sdk:* -> a": False,
        "!type:* !function:* -> a": True,
    }.items():
        assert (ruled(rule, level="error").explanation.variant == "custom") is fits, rule


def test_the_calls_of_a_thread_count_where_no_exception_has_any(ruled):
    trace = {"frames": [{"function": "loop", "module": "m", "in_app": True}]}
    threads = [{"id": 1, "crashed": True, "stacktrace": trace}]
    assert ruled("function:loop -> ours", threads=threads).explanation.variant == "custom"


def test_the_families_are_those_of_the_platforms(ruled):
    frames = [{"function": "f", "module": "m", "in_app": True}]
    exception = [{"type": "E", "stacktrace": {"frames": frames}}]
    for platform, family in {"node": "javascript", "cocoa": "native", "ruby": "other"}.items():
        grouping = ruled(f"family:{family} -> ours", platform=platform, exception=exception)
        assert grouping.explanation.variant == "custom", platform


def test_the_first_rule_that_fits_decides(ruled, parts):
    rules = "type:Other -> one\ntype:DatabaseError -> two\ntype:Cause -> three"
    assert parts(ruled(rules, **EVENT)) == ["two"]


def test_values_may_hold_variables_and_the_default_grouping(ruled, parts):
    hybrid = ruled("type:DatabaseError -> db, {{ tags.shard }}, {{ default }}", **EVENT)
    assert parts(hybrid)[:2] == ["db", "7"]
    assert hybrid.explanation.variant == "hybrid"


def test_a_rule_beats_the_fingerprint_of_the_client_and_says_so(ruled, parts):
    grouping = ruled("type:Cause -> ours", **EVENT, fingerprint=["theirs"])
    assert parts(grouping) == ["ours"]
    assert (
        grouping.explanation.ignored[0].why == "a rule of the project set a fingerprint of its own"
    )
    assert [(rule.line, rule.text) for rule in grouping.explanation.rules] == [
        (1, "type:Cause -> ours")
    ]


def test_a_rule_can_return_to_the_default_grouping(ruled, grouped):
    asked = ruled("type:Cause -> {{ default }}", **EVENT, fingerprint=["theirs"])
    assert asked.fingerprint == grouped(**EVENT).fingerprint


def test_a_checksum_of_the_client_is_above_all_rules(ruled):
    grouping = ruled('type:Cause -> ours title="Ours"', **EVENT, checksum="a" * 32)
    assert grouping.fingerprint == "a" * 32
    assert grouping.explanation.rules == []
    assert grouping.title == "DatabaseError: connection 17 lost"


def test_a_rule_may_set_the_title(ruled):
    rule = 'type:Cause -> ours title="Shard {{ tags.shard }}:  {{value}} {{ }}"'
    assert ruled(rule.replace(" {{ }}", ""), **EVENT).title == "Shard 7: connection 17 lost"


def test_a_title_of_which_nothing_is_left_is_that_of_the_event(ruled):
    rule = 'type:Cause -> ours title="{{ tags.shard }}"'
    blank = {**EVENT, "tags": {"shard": "\u00a0"}}
    assert ruled(rule, **blank).title in {
        "DatabaseError: connection 17 lost",
        "<no-value-for-tag-shard>",
    }


def test_rules_about_calls_are_applied_before(ruled):
    rules = "function:query app:yes -> ours\nfunction:query +app"
    assert ruled(rules, **EVENT).explanation.variant == "custom"
