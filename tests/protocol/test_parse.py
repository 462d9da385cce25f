"""Top-level attributes of an event, in every legacy and lenient form."""

from __future__ import annotations

import json

import pytest

from mesher.errors import ProtocolError
from mesher.protocol import limits

ID = "9ec79c33ec9942ab8353589fcb2e04dc"


@pytest.mark.parametrize(
    ("attribute", "given", "kept", "why"),
    [
        ("platform", "python", "python", "a platform of the protocol"),
        ("platform", "crystal", "other", "another one"),
        ("platform", 7, "other", "no text"),
        ("platform", ["python"], "other", "a list"),
        ("level", "fatal", "fatal", "a level"),
        ("level", "log", "info", "JavaScript's alias"),
        ("level", "critical", "fatal", "Python's alias"),
        ("level", 30, "warning", "Python's number"),
        ("level", "warn", "error", "not a level by the protocol"),
        ("level", None, "error", "null is absent"),
        ("logger", " shop ", "shop", "trimmed"),
        ("logger", "", None, "empty"),
        ("transaction", 7, "7", "a number is text"),
        ("transaction", True, "True", "as Python writes it"),
        ("transaction", 7.9, "7", "a fraction loses its fraction"),
        ("transaction", {}, None, "an object is not"),
        ("transaction", "x" * 201, "x" * 197 + "...", "cut"),
        ("server_name", "x" * 276, "x" * 276, "within the slack nothing is cut"),
        ("server_name", "x" * 277, "x" * 253 + "...", "above it is"),
        ("release", " shop@1 ", "shop@1", "trimmed"),
        ("release", 5, "5", "a number"),
        ("release", "Latest", None, "not a release"),
        ("release", "a/b", None, "would break paths"),
        ("release", "a\tb", None, "nor a tab"),
        ("release", "..", None, "nor this"),
        ("environment", "production", "production", "an environment"),
        ("environment", "none", None, "stands for none in Sentry"),
        ("dist", " 1.0-b_2 ", "1.0-b_2", "trimmed"),
        ("dist", "a b", None, "other characters: dropped, not cut"),
        ("dist", "x" * 65, None, "too long: dropped too"),
        ("fingerprint", ["a", 5, None, True], ["a", "5", "True"], "texts of all parts"),
        ("fingerprint", [], [], "empty is the default"),
        ("fingerprint", "a", [], "not a list"),
        ("fingerprint", ["x"] * 40, ["x"] * 32, "bounded"),
        ("checksum", "abc", "abc", "of old clients"),
        ("modules", {"a": "1", "b": None, "c": 2}, {"a": "1", "b": None, "c": "2"}, "lenient"),
        ("modules", [], {}, "an empty map of PHP's"),
        ("modules", "a", {}, "no map"),
        ("transaction_info", {"source": "route"}, {"source": "route"}, "kept"),
        ("transaction_info", "route", None, "no map"),
        ("timestamp", "2026-11-24T15:33:00Z", 1_795_534_380.0, "a time"),
        ("timestamp", "long ago", 1_795_534_440.0, "no time: when it was received"),
    ],
)
def test_an_attribute_is_read(read, attribute, given, kept, why):
    assert getattr(read({attribute: given}), attribute) == kept, why


@pytest.mark.parametrize(
    ("attribute", "given", "kind"),
    [
        ("level", "warn", "invalid_data"),
        ("transaction", {}, "invalid_data"),
        ("transaction", "x" * 300, "value_too_long"),
        ("release", "latest", "invalid_data"),
        ("dist", "a b", "invalid_data"),
        ("fingerprint", "a", "invalid_data"),
        ("modules", "a", "invalid_data"),
        ("timestamp", "long ago", "invalid_data"),
    ],
)
def test_what_is_dropped_or_cut_is_noted(read, noted, attribute, given, kind):
    assert noted(read({attribute: given})) == [(kind, attribute)]


def test_the_callers_id_wins_over_the_payloads(read):
    assert read({"event_id": "0" * 31 + "1"}).event_id == ID


def test_without_a_callers_id_the_payloads_is_taken(read):
    hyphenated = "9EC79C33-EC99-42AB-8353-589FCB2E04DC"
    assert read({"event_id": hyphenated}, event_id=None).event_id == ID


@pytest.mark.parametrize("event_id", [None, "", "x", "0" * 32, 7])
def test_an_event_without_any_id_is_refused(read, event_id):
    with pytest.raises(ProtocolError, match="event_id") as caught:
        read({"event_id": event_id}, event_id=None)
    assert caught.value.field == "event_id"


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "empty"),
        (b"[]", "a list"),
        (b'"text"', "a text"),
        (b"{", "cut short"),
        (b'{"extra":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "a tower of brackets"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "a tower of braces, in what is not read"),
        (b'{"message":"\\u0000","a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "with a NUL"),
    ],
)
def test_a_payload_that_is_no_object_is_refused(read, payload, why):
    with pytest.raises(ProtocolError) as caught:
        read(payload)
    assert caught.value.status == 400, why


@pytest.mark.parametrize(
    "payload",
    [
        b'{"message":"a\\u0000b"}',
        b'{"message":"a\x00b"}',
        b'{"message":"a\\ud800b"}',
        b'{"message":"a\xffb"}',
        b'{"message":"ab","extra":{"x":NaN}}',
        b'{"message":"ab","extra":{"x":1e999}}',
        b'\xef\xbb\xbf{"message":"ab"}',
        b'{"message":"ab","extra":{"\\u0000":{"\\udfff":"\\u0000"}}}',
    ],
)
def test_what_strict_parsers_refuse_is_read(read, payload):
    event = read(payload)
    assert event.logentry.formatted.replace("\ufffd", "") == "ab"


def test_unknown_attributes_are_ignored(read):
    assert read({"unheard_of": {"x": 1}, "received": 1}) == read({})


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("sentry.interfaces.Exception", "exception", [{"type": "T", "value": "v"}]),
        ("sentry.interfaces.Stacktrace", "stacktrace", {"frames": [{"function": "f"}]}),
        ("sentry.interfaces.Message", "logentry", {"message": "m"}),
        ("sentry.interfaces.Http", "request", {"url": "http://a/"}),
        ("sentry.interfaces.User", "user", {"id": "1"}),
        ("sentry.interfaces.Breadcrumbs", "breadcrumbs", {"values": [{"message": "m"}]}),
        ("sentry.interfaces.Contexts", "contexts", {"os": {"name": "o"}}),
        ("sentry.interfaces.Template", "template", {"filename": "a.html"}),
        ("sentry.interfaces.Csp", "csp", {"effective_directive": "img-src"}),
        ("sentry.interfaces.threads", "threads", {"values": [{"id": 1}]}),
        ("client_sdk", "sdk", {"name": "n"}),
        ("message", "logentry", "m"),
    ],
)
def test_the_names_of_old_protocols_are_understood(read, old, new, value):
    event = read({new: value})
    assert read({old: value}) == event
    assert read({new: None, old: value}) == event, "null is absent"
    assert getattr(event, new)


def test_of_two_names_the_newer_one_wins(read):
    event = read(
        {
            "logentry": "newest",
            "sentry.interfaces.Message": "old",
            "message": "also old",
            "exception": [{"type": "New"}],
            "sentry.interfaces.Exception": [{"type": "Old"}],
        }
    )
    assert event.logentry.formatted == "newest"
    assert [exception.type for exception in event.exception] == ["New"]


def test_the_environment_may_be_a_tag(read):
    assert read({"tags": {"environment": "staging"}}).environment == "staging"
    both = read({"environment": "production", "tags": {"environment": "staging"}})
    assert both.environment == both.tags["environment"] == "production"


def test_an_environment_that_is_none_is_none_as_a_tag_too(read):
    assert read({"tags": {"environment": "none"}}).environment is None


def test_a_platform_of_another_language_stays_as_a_tag(read):
    assert read({"platform": "crystal"}).tags["platform"] == "crystal"
    assert "platform" not in read({"platform": "python"}).tags


def test_what_the_sdk_found_wrong_itself_is_kept(read):
    errors = [{"type": "sdk_error", "name": "x", "value": 1}, "odd", {"name": "no type"}]
    event = read({"errors": errors})
    assert [(error.type, error.name) for error in event.errors] == [
        ("sdk_error", "x"),
        ("invalid_data", "errors"),
        ("invalid_data", "errors"),
    ]


def test_notes_are_bounded_in_number_and_size(read):
    event = read({"tags": {f"ключ{number}": "x" * 5000 for number in range(100)}})
    assert len(event.errors) == limits.MAX_ERRORS
    assert len(json.dumps(event.errors[0].value)) < 250


def test_a_template_is_read_as_a_frame(read):
    event = read({"template": {"abs_path": "/t/a.html", "lineno": 3, "context_line": "{% x %}"}})
    assert (event.template.filename, event.template.lineno) == ("/t/a.html", 3)
    assert read({"template": "a.html"}).template is None
