"""Browsers' security reports to events: both forms, all spellings, and what is left out."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.errors import ProtocolError, TooLarge, UnsupportedEncoding
from mesher.protocol.limits import MAX_ITEMS
from mesher.protocol.security import complete_report, parse_security_reports

URI = "application/csp-report"
API = "application/reports+json"
PAGE = "https://shop.example.com/cart"


def events(body: Any, content_type: str = URI) -> list[dict[str, Any]]:
    return parse_security_reports(json.dumps(body).encode(), content_type=content_type)


def event_of(blocked: str | None, effective: str, violated: str | None = None) -> dict[str, Any]:
    report = {
        "document-uri": PAGE,
        "blocked-uri": blocked,
        "effective-directive": effective,
        "violated-directive": violated or effective,
    }
    [event] = events({"csp-report": report})
    return event


def message_of(*report: str | None) -> str:
    return event_of(*report)["logentry"]["formatted"]  # type: ignore[arg-type]


def test_a_report_becomes_an_event():
    report = {
        "document-uri": PAGE,
        "referrer": "",
        "blocked-uri": "https://evil.example.net/x.png?q=1",
        "violated-directive": "img-src 'self' https://shop.example.com",
        "effective-directive": "img-src",
        "original-policy": "img-src 'self'",
        "disposition": "enforce",
        "status-code": 200,
        "source-file": PAGE,
        "line-number": 3,
        "column-number": 4,
        "script-sample": "",
    }
    assert events({"csp-report": report}) == [
        {
            "platform": "other",
            "logger": "csp",
            "logentry": {"formatted": "Blocked 'image' from 'evil.example.net'"},
            "culprit": "img-src 'self' 'self'",
            "csp": {name.replace("-", "_"): value for name, value in report.items()},
            "request": {"url": PAGE},
            "user": {"ip_address": "{{auto}}"},
            "tags": {
                "effective-directive": "img-src",
                "blocked-uri": "https://evil.example.net/x.png?q=1",
                "blocked-host": "evil.example.net",
            },
        }
    ]


def test_the_reporting_api_sends_a_list_with_names_of_its_own():
    body = {
        "documentURL": PAGE,
        "blockedURL": "inline",
        "effectiveDirective": "style-src-elem",
        "originalPolicy": "style-src 'self'",
        "lineNumber": 1,
        "sample": "a {}",
    }
    report = {"type": "csp-violation", "age": 10, "url": PAGE, "user_agent": "B/1", "body": body}
    [first, second] = events([report, report], API)
    assert first == second
    assert first["request"] == {"url": PAGE, "headers": {"User-Agent": "B/1"}}
    assert first["csp"]["script_sample"] == "a {}"
    assert first["csp"]["violated_directive"] == "style-src-elem"
    assert events(report, API) == [first]  # one object instead of a list


@pytest.mark.parametrize(
    ("content_type", "is_read"),
    [
        ("application/csp-report", True),
        ("application/json; charset=utf-8", True),
        ("Application/Reports+JSON", True),
        ("text/plain", False),
        ("", False),
    ],
)
def test_only_the_content_types_of_reports_are_read(content_type, is_read):
    body = {"csp-report": {"effective-directive": "img-src"}}
    if is_read:
        assert len(events(body, content_type)) == 1
    else:
        with pytest.raises(UnsupportedEncoding):
            events(body, content_type)


def test_reports_of_other_types_are_left_out():
    assert events([{"type": "deprecation", "body": {}}, {"type": "crash"}], API) == []
    assert events({"known-pins": [], "hostname": "x"}, "application/json") == []
    assert events({"expect-ct-report": {}}, "application/json") == []


def test_a_report_that_cannot_be_read_does_not_cost_its_neighbours():
    good = {"type": "csp-violation", "body": {"effectiveDirective": "img-src"}}
    bad = {"type": "csp-violation", "body": {"effectiveDirective": "unheard-of"}}
    assert len(events([bad, good, 7], API)) == 1


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("text", "no object"),
        ({}, "an object of another kind"),
        ({"csp-report": []}, "a report that is no object"),
        ({"csp-report": {}}, "a report that says nothing"),
        ({"csp-report": {"violated-directive": "unheard-of"}}, "an unknown directive"),
        ([{"type": "csp-violation"}], "a violation without a body"),
    ],
)
def test_what_is_no_report_is_refused(body, why):
    with pytest.raises(ProtocolError) as caught:
        events(body)
    assert caught.value.status == 400, why


def test_more_reports_than_one_request_may_carry_are_refused():
    with pytest.raises(TooLarge, match="501 reports"):
        events([{"type": "crash"}] * (MAX_ITEMS + 1), API)


@pytest.mark.parametrize(
    ("report", "message"),
    [
        # Something from elsewhere: its host, or what stands for it.
        (("https://a.example/x", "img-src"), "Blocked 'image' from 'a.example'"),
        (("http://a.example:81/x", "script-src"), "Blocked 'script' from 'a.example:81'"),
        (("data", "font-src"), "Blocked 'font' from 'data:'"),
        (("data:text/css,x", "style-src"), "Blocked 'style' from 'data:'"),
        (("wss://a.example/x", "connect-src"), "Blocked 'connect' from 'wss://a.example'"),
        (("https://[::1/x", "img-src"), "Blocked 'image' from 'https://[::1/x'"),
        (("https://a.example", "form-action"), "Blocked 'form' action to 'a.example'"),
        (
            ("https://a.example", "script-src-attr"),
            "Blocked inline script attribute from 'a.example'",
        ),
        (("https://a.example", "style-src-attr"), "Blocked style attribute from 'a.example'"),
        (("https://a.example", "worker-src"), "Blocked 'worker-src' from 'a.example'"),
        # The page's own code, as older browsers say it: with the sources of the directive.
        (("", "script-src", "script-src 'unsafe-inline'"), "Blocked unsafe inline 'script'"),
        (("self", "script-src", "script-src 'unsafe-eval'"), "Blocked unsafe eval() 'script'"),
        (("'self'", "script-src"), "Blocked unsafe (eval() or inline) 'script'"),
        ((None, "media-src"), "Blocked inline 'media'"),
        # And as newer ones do: with a word for the address.
        (("inline", "script-src-elem"), "Blocked unsafe inline 'script'"),
        (("eval", "script-src"), "Blocked unsafe eval() 'script'"),
        (("wasm-eval", "script-src"), "Blocked unsafe eval() 'script'"),
        (("inline", "script-src-attr"), "Blocked inline script attribute"),
        (("inline", "style-src-attr"), "Blocked style attribute"),
        (("inline", "style-src-elem"), "Blocked 'style' or 'link' element"),
    ],
)
def test_the_message_says_what_was_blocked(report, message):
    assert message_of(*report) == message


def test_firefox_names_the_directive_only_with_its_sources():
    event = event_of("https://a.example/", "", "img-src 'self'")
    assert event["csp"]["effective_directive"] == "img-src"
    assert event["tags"]["effective-directive"] == "img-src"


@pytest.mark.parametrize(
    ("violated", "culprit"),
    [
        ("img-src https://shop.example.com/static 'none'", "img-src 'self' 'none'"),
        ("img-src https://other.example.com", "img-src https://other.example.com"),
        ("img-src https://[::1", "img-src https://[::1"),
    ],
)
def test_the_culprit_writes_the_pages_own_origin_as_self(violated, culprit):
    assert event_of("", "img-src", violated)["culprit"] == culprit


def test_queries_of_a_payment_provider_do_not_become_tags():
    event = event_of("https://api.stripe.com/v1/tokens?card=1#x", "connect-src")
    assert event["tags"]["blocked-uri"] == "https://api.stripe.com/v1/tokens"


def test_only_web_addresses_have_a_host_tag():
    assert "blocked-host" not in event_of("wss://a.example/x", "connect-src")["tags"]
    assert event_of("", "img-src")["tags"] == {"effective-directive": "img-src"}


def test_the_request_completes_what_the_report_leaves_out():
    event = event_of("data", "img-src")
    context = {
        "user-agent": "B/1",
        "referer": PAGE,
        "content-type": URI,
        "query": "sentry_key=x&sentry_environment=production&sentry_release=shop%401",
    }
    completed = complete_report(event, context)
    assert completed["request"] == {
        "url": PAGE,
        "headers": {"User-Agent": "B/1", "Referer": PAGE},
    }
    assert (completed["environment"], completed["release"]) == ("production", "shop@1")
    assert "headers" not in event["request"]  # the given one stays as it is


def test_what_the_report_says_itself_wins_over_the_request():
    event = {"request": {"url": PAGE, "headers": {"User-Agent": "of the report"}}}
    completed = complete_report(event, {"user-agent": "of the request"})
    assert completed["request"]["headers"] == {"User-Agent": "of the report"}


def test_a_request_that_says_nothing_adds_nothing():
    event = event_of("data", "img-src")
    assert complete_report(event, {}) == {**event, "request": {"url": PAGE, "headers": {}}}
    assert "release" not in complete_report(event, {"query": "a&" * 101 + "sentry_release=x"})


def test_the_event_of_a_report_is_normalised_with_the_senders_address(read):
    event = read(event_of("https://a.example/x", "img-src"), client_ip="192.0.2.1")
    assert (event.type, event.logger) == ("csp", "csp")
    assert event.user.ip_address == "192.0.2.1"
    assert event.csp.blocked_uri == "https://a.example/x"
    assert event.tags["blocked-host"] == "a.example"


texts = st.one_of(st.text(), st.integers(), st.none(), st.lists(st.text(), max_size=2))


@given(
    st.dictionaries(
        st.sampled_from(["blocked-uri", "document-uri", "violated-directive", "line-number"]),
        texts,
    )
)
def test_any_report_gives_an_event_or_a_protocol_error(report):
    [event] = events({"csp-report": {**report, "effective-directive": "script-src"}})
    assert event["logentry"]["formatted"]


@given(st.binary())
def test_any_bytes_give_events_or_a_protocol_error(data):
    with contextlib.suppress(ProtocolError):
        parse_security_reports(data, content_type=API)
