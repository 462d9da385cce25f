"""Which part of an event decides about its issue, and that the issue says so."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.grouping.fingerprint import ALGORITHM_VERSION, MAX_TOLD_PARTS, Grouping, group
from mesher.protocol.event import Event, message_text
from mesher.protocol.normalize import event_from_payload
from mesher.protocol.security import parse_security_reports

FRAME = {"module": "m", "function": "pay", "in_app": True}
TRACE = {"frames": [FRAME]}
EXCEPTION = {"type": "E", "value": "v", "stacktrace": TRACE}
TEMPLATE = {"filename": "foo.html", "context_line": "{% invalid template tag %}"}
CSP = {"effective_directive": "img-src", "blocked_uri": "data"}


@pytest.mark.parametrize(
    ("payload", "variant", "why"),
    [
        (
            {"checksum": "x", "fingerprint": ["y"], "exception": [EXCEPTION]},
            "checksum",
            "old clients'",
        ),
        ({"fingerprint": ["y"], "exception": [EXCEPTION]}, "custom", "the client's own"),
        (
            {"fingerprint": ["y", "{{ default }}"], "message": "m"},
            "hybrid",
            "with the default in it",
        ),
        ({"exception": [EXCEPTION], "message": "m"}, "app", "an exception"),
        ({"exception": [{"type": "E"}], "threads": [{"stacktrace": TRACE}]}, "exception", "first"),
        ({"threads": [{"stacktrace": TRACE}], "message": "m"}, "app", "a thread"),
        (
            {"stacktrace": {"frames": [{"function": "f", "in_app": False}]}},
            "system",
            "a stack trace",
        ),
        (
            {"stacktrace": {"frames": [{"lineno": 1}]}, "message": "m"},
            "message",
            "that says nothing",
        ),
        ({"template": TEMPLATE, "csp": CSP, "message": "m"}, "template", "a template"),
        ({"template": {"lineno": 1}, "message": "m"}, "message", "that has no file"),
        ({"csp": CSP, "message": "m"}, "csp", "a violated policy"),
        ({"csp": {"effective_directive": "odd"}, "message": "m"}, "message", "that is unknown"),
        ({"message": "m"}, "message", "a message"),
        (
            {"exception": [{"stacktrace": {"frames": [{"lineno": 1}]}}], "message": "m"},
            "message",
            "",
        ),
        ({}, "fallback", "nothing"),
    ],
)
def test_the_first_usable_part_of_an_event_decides(grouped, payload, variant, why):
    assert grouped(**payload).explanation.variant == variant, why


@pytest.mark.parametrize(
    ("payload", "fingerprint", "why"),
    [
        ({"exception": [{"value": "hello world"}]}, "5eb63bbbe01eeed093cb22bb8f5acdc3", "a value"),
        ({"message": "Hello there world!"}, "329b29efcf1f77067a063e34f56e7791", "a message"),
        ({"template": TEMPLATE}, "1f5bdebe3c9f414c7dbb4296a8353245", "a template"),
        ({"csp": CSP}, "4e6f2bce9d121aa89f4dc5e5da08afb5", "a policy"),
        (
            {
                "fingerprint": [
                    "celery",
                    "SoftTimeLimitExceeded",
                    "sentry.tasks.store.process_event",
                ]
            },
            "f30afa00b85f5cac5ee0bce01b31f08d",
            "a custom fingerprint",
        ),
        ({"checksum": "A" * 32}, "a" * 32, "a checksum that is a hash already"),
        ({"checksum": "mine"}, hashlib.md5(b"mine").hexdigest(), "and one that is not"),  # noqa: S324 - no secret
    ],
)
def test_fingerprints_are_those_that_users_of_sentry_know(grouped, payload, fingerprint, why):
    assert grouped(**payload).fingerprint == fingerprint, why


@pytest.mark.parametrize(
    "fingerprint", [None, [], ["{{ default }}"], ["{{default}}"], [" {{ default }} "]]
)
def test_a_fingerprint_that_asks_for_nothing_else_is_the_default(grouped, fingerprint):
    asked = grouped(fingerprint=fingerprint, exception=[EXCEPTION])
    assert asked == grouped(exception=[EXCEPTION])


def test_the_default_within_a_custom_fingerprint_splits_its_issues(grouped, parts):
    hybrid = grouped(fingerprint=["{{ default }}", "tenant 7"], exception=[EXCEPTION])
    assert parts(hybrid) == ["E", "m", "pay", "tenant 7"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("{{ transaction }}", "/cart"),
        ("{{transaction}}", "/cart"),
        ("{{ message }}", "hello"),
        ("{{ level }}", "warning"),
        ("{{ logger }}", "shop"),
        ("{{ type }}", "E"),
        ("{{ error.type }}", "E"),
        ("{{ value }}", "v"),
        ("{{ error.value }}", "v"),
        ("{{ function }}", "pay"),
        ("{{ stack.function }}", "pay"),
        ("{{ module }}", "m"),
        ("{{ stack.module }}", "m"),
        ("{{ stack.filename }}", "<no-filename>"),
        ("{{ path }}", "<no-path>"),
        ("{{ stack.abs_path }}", "<no-abs-path>"),
        ("{{ package }}", "<no-package>"),
        ("{{ tags.shop }}", "bern"),
        ("{{ tags.none }}", "<no-value-for-tag-none>"),
        ("{{ unheard.of }}", "<unrecognized-variable-unheard.of>"),
        ("{{ not a variable }}", "{{ not a variable }}"),
    ],
)
def test_a_variable_of_a_fingerprint_has_the_events_value(grouped, parts, variable, value):
    grouping = grouped(
        fingerprint=[variable],
        transaction="/cart",
        message="hello",
        level="warning",
        logger="shop",
        tags={"shop": "bern"},
        exception=[EXCEPTION],
    )
    assert parts(grouping) == [value]


def test_variables_of_an_event_that_has_nothing_say_so(grouped, parts):
    names = ["transaction", "message", "logger", "type", "value", "function", "module"]
    grouping = grouped(fingerprint=[f"{{{{ {name} }}}}" for name in names])
    assert parts(grouping) == [f"<no-{name}>" for name in names]


def test_the_message_variable_falls_back_to_the_exception(grouped, parts):
    asked = {"fingerprint": ["{{ message }}"]}
    assert parts(grouped(**asked, exception=[EXCEPTION])) == ["v"]
    assert parts(grouped(**asked, exception=[{"type": "E"}])) == ["E"]


def test_two_lines_logged_by_one_function_are_two_issues(grouped, parts):
    threads = [{"current": True, "stacktrace": TRACE}]
    grouping = grouped(threads=threads, logentry={"message": "lost %s", "params": ["7"]})
    assert parts(grouping) == ["lost %s", "m", "pay"]


def test_what_a_crashed_thread_says_does_not_count(grouped, parts):
    threads = [{"crashed": True, "stacktrace": TRACE}]
    assert parts(grouped(threads=threads, message="crash at 0x17")) == ["m", "pay"]


def test_a_template_message_groups_with_any_parameters(grouped):
    issues = {
        grouped(logentry={"message": "User %s failed", "params": [name]}).fingerprint
        for name in ("ada", "bob")
    }
    assert len(issues) == 1


def test_an_event_with_nothing_groups_by_level_and_type(grouped, parts):
    assert parts(grouped(level="info")) == ["info", "default"]


@pytest.mark.parametrize(
    ("report", "values"),
    [
        (
            {"effective-directive": "img-src", "blocked-uri": "https://a.example/x"},
            "img-src a.example",
        ),
        ({"effective-directive": "img-src", "blocked-uri": ""}, "img-src 'self'"),
        ({"effective-directive": "script-src", "blocked-uri": "eval"}, "script-src 'unsafe-eval'"),
        ({"effective-directive": "script-src", "blocked-uri": "self"}, "script-src 'self'"),
        (
            {
                "effective-directive": "script-src",
                "violated-directive": "script-src 'unsafe-inline'",
                "blocked-uri": "self",
            },
            "script-src 'unsafe-inline'",
        ),
    ],
)
def test_violations_of_a_policy_group_by_directive_and_source(grouped, parts, report, values):
    body = json.dumps({"csp-report": report}).encode()
    [payload] = parse_security_reports(body, content_type="application/csp-report")
    assert " ".join(parts(grouped(**payload))) == values


def test_the_explanation_says_what_did_not_count(grouped):
    frames = [{"module": "lib", "function": "call"}, {"module": "lib"}, FRAME]
    exception = {**EXCEPTION, "stacktrace": {"frames": frames}}
    ignored = grouped(exception=[exception]).explanation.ignored
    assert [(one.what, one.why) for one in ignored] == [
        ("2 calls", "not the application's own code")
    ]
    custom = grouped(fingerprint=["x"]).explanation.ignored
    assert [one.why for one in custom] == ["the client set a fingerprint of its own"]


def test_of_very_many_values_the_explanation_lists_the_first(grouped):
    def deep(last: str) -> Grouping:
        names = [*(f"f{number}" for number in range(249)), last]
        frames = [{"module": "m", "function": name, "in_app": True} for name in names]
        return grouped(exception=[{"type": "E", "stacktrace": {"frames": frames}}] * 3)

    explanation = deep("a").explanation
    assert len(explanation.parts) == MAX_TOLD_PARTS
    assert explanation.ignored[-1].what == f"{3 * 501 - MAX_TOLD_PARTS} values"
    assert deep("a").fingerprint != deep("b").fingerprint, "those that are not listed count"


def test_a_grouping_names_its_version_and_is_json(grouped):
    grouping = grouped(exception=[EXCEPTION])
    assert grouping.algorithm_version == ALGORITHM_VERSION
    assert json.loads(msgspec.json.encode(grouping))["explanation"] == {
        "variant": "app",
        "parts": [
            {"label": "exception type", "value": "E"},
            {"label": "module", "value": "m"},
            {"label": "function", "value": "pay"},
        ],
        "ignored": [],
        "rules": [],
    }


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
frames = st.fixed_dictionaries(
    {},
    optional={
        "function": texts,
        "module": texts,
        "filename": texts,
        "abs_path": st.one_of(
            texts, st.sampled_from(["<anonymous>", "https://a/b.js", "/vendor/a"])
        ),
        "context_line": texts,
        "in_app": st.booleans(),
        "package": texts,
    },
)
mechanisms = st.fixed_dictionaries(
    {"type": texts},
    optional={
        "synthetic": st.booleans(),
        "handled": st.booleans(),
        "exception_id": st.integers(0, 3),
        "parent_id": st.integers(0, 3),
        "is_exception_group": st.booleans(),
    },
)
exceptions = st.fixed_dictionaries(
    {},
    optional={
        "type": texts,
        "value": texts,
        "mechanism": mechanisms,
        "stacktrace": st.fixed_dictionaries({"frames": st.lists(frames, max_size=4)}),
    },
)
payloads: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"platform": st.sampled_from(["python", "javascript", "node", "java", "native", "php", "odd"])},
    optional={
        "exception": st.lists(exceptions, max_size=4),
        "threads": st.lists(
            st.fixed_dictionaries(
                {}, optional={"crashed": st.booleans(), "stacktrace": st.just(TRACE)}
            ),
            max_size=2,
        ),
        "stacktrace": st.fixed_dictionaries({"frames": st.lists(frames, max_size=2)}),
        "message": texts,
        "fingerprint": st.lists(
            st.one_of(texts, st.sampled_from(["{{ default }}", "{{ function }}", "{{ tags.x }}"])),
            max_size=3,
        ),
        "checksum": texts,
        "transaction": texts,
        "template": frames,
        "csp": st.fixed_dictionaries(
            {"effective_directive": st.sampled_from(["img-src", "script-src", "odd"])},
            optional={"blocked_uri": texts},
        ),
    },
)


def normalized(payload: dict[str, Any]) -> Event:
    return event_from_payload(
        json.dumps(payload).encode(),
        event_id="9ec79c33ec9942ab8353589fcb2e04dc",
        received_at=1_795_534_440.0,
        sent_at=None,
        client=None,
        client_ip=None,
    )


@given(payloads)
def test_every_event_has_one_issue_with_a_title_and_an_account_of_it(payload):
    event = normalized(payload)
    before = msgspec.json.encode(event)
    grouping = group(event)
    assert group(normalized(payload)) == grouping, "the same payload, the same grouping"
    assert msgspec.json.encode(event) == before, "the event is not changed"
    assert grouping.title.strip()
    assert len(grouping.fingerprint) == 32
    assert grouping.explanation.parts
    assert msgspec.json.decode(msgspec.json.encode(grouping), type=Grouping) == grouping
    if grouping.explanation.variant != "checksum":
        values = "".join(part.value for part in grouping.explanation.parts)
        assert hashlib.md5(values.encode()).hexdigest() == grouping.fingerprint  # noqa: S324 - no secret
    assert message_text(event) == message_text(normalized(payload))
