"""Sections 7.6 to 7.11: what surrounds an error."""

from __future__ import annotations

from typing import Any

from protocol.contract.table import ID, RECEIVED_AT, Row, row, table

SPAN = "b" * 16
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"


def crumb(**attributes: Any) -> dict[str, Any]:
    return {"breadcrumbs": [{"category": "c", **attributes}]}


def request(**attributes: Any) -> dict[str, Any]:
    return {"request": attributes}


def sent_by(agent: str, platform: str, **contexts: Any) -> dict[str, Any]:
    return {
        "platform": platform,
        "request": {"headers": {"User-Agent": agent}},
        "contexts": contexts,
    }


@table(
    [
        row(
            "a time in any form",
            crumb(timestamp="2026-11-24T15:33:00Z"),
            {"breadcrumbs.0.timestamp": RECEIVED_AT - 60},
        ),
        row(
            "without one it has its event's",
            {"timestamp": RECEIVED_AT - 9, **crumb()},
            {"breadcrumbs.0.timestamp": RECEIVED_AT - 9},
        ),
        row(
            "its type is default",
            crumb(type=None),
            {"breadcrumbs.0": {"category": "c", "timestamp": RECEIVED_AT}},
        ),
        row("its level is info", crumb(level="log"), {"breadcrumbs.0.level": None}),
        row("critical is fatal", crumb(level="critical"), {"breadcrumbs.0.level": "fatal"}),
        row(
            "warn is dropped",
            crumb(level="warn"),
            {"breadcrumbs.0.level": None},
            "invalid_data breadcrumbs.level",
        ),
        row(
            "a message of any kind is text",
            crumb(message=["a"]),
            {"breadcrumbs.0.message": '["a"]'},
        ),
        row(
            "event and origin are kept",
            crumb(event_id=ID, origin="react-native"),
            {"breadcrumbs.0.event_id": ID, "breadcrumbs.0.origin": "react-native"},
        ),
        row(
            "data is bounded",
            crumb(data={"a": "x" * 3000}),
            {"breadcrumbs.0.type": None},
            "value_too_long breadcrumbs.data",
        ),
        row(
            "a time alone keeps it",
            {"breadcrumbs": [{"timestamp": RECEIVED_AT}]},
            {"breadcrumbs.0.timestamp": RECEIVED_AT},
        ),
        row("nothing at all does not", {"breadcrumbs": [{}]}, {"breadcrumbs": None}),
        row(
            "the newest are kept",
            {"breadcrumbs": [{"message": str(number)} for number in range(201)]},
            {"breadcrumbs.0.message": "1"},
        ),
    ]
)
def test_breadcrumbs(row: Row):
    row.check()


@table(
    [
        row(
            "query and fragment leave the URL",
            request(url="http://h/p?a=1#f"),
            {
                "request": {"url": "http://h/p", "query_string": [["a", "1"]], "fragment": "f"},
                "tags.url": "http://h/p",
            },
        ),
        row("a method is upper case", request(method="get"), {"request.method": "GET"}),
        row(
            "another one is dropped",
            request(method="1", url="u"),
            {"request.method": None},
            "invalid_data request.method",
        ),
        row(
            "a query may be a map",
            request(query_string={"a": 1}),
            {"request.query_string": [["a", "1"]]},
        ),
        row(
            "or pairs",
            request(query_string=[["a", "1"], None]),
            {"request.query_string": [["a", "1"]]},
        ),
        row(
            "JSON in a body is parsed",
            request(data='{"a": 1}'),
            {"request.data": {"a": 1}, "request.inferred_content_type": "application/json"},
        ),
        row(
            "so is a form",
            request(data="a=1&b="),
            {
                "request.data": {"a": "1", "b": ""},
                "request.inferred_content_type": "application/x-www-form-urlencoded",
            },
        ),
        row("another text is none", request(data="a = b"), {"request.data": "a = b"}),
        row(
            "what is cut off a text does not decide what it is",
            request(data="a=" + "x" * 9000 + " b"),
            {"request.inferred_content_type": "application/x-www-form-urlencoded"},
            "value_too_long request.data",
        ),
        row(
            "cookies may be a text",
            request(cookies="a=1; b=2"),
            {"request.cookies": [["a", "1"], ["b", "2"]]},
        ),
        row(
            "or a header",
            request(headers={"cookie": "a=1"}),
            {"request.cookies": [["a", "1"]], "request.headers": None},
        ),
        row(
            "names of headers are in one spelling",
            request(headers=[["x-a-b", "1"]]),
            {"request.headers": [["X-A-B", "1"]]},
        ),
        row(
            "several values are one",
            request(headers={"a": ["1", "2"]}),
            {"request.headers": [["A", "1,2"]]},
        ),
        row(
            "the server's variables say the address",
            {"platform": "php", **request(env={"REMOTE_ADDR": "192.0.2.9"})},
            {"user.ip_address": "192.0.2.9"},
        ),
        row(
            "size and target are kept",
            request(body_size=7, api_target="graphql"),
            {"request": {"body_size": 7, "api_target": "graphql"}},
        ),
        row(
            "a query is bounded",
            request(query_string="a=" + "x" * 2000),
            {},
            "value_too_long request.query_string",
        ),
    ]
)
def test_requests(row: Row):
    row.check()


@table(
    [
        row(
            "all of a user is kept",
            {
                "user": {
                    "id": 7,
                    "username": "u",
                    "email": "e",
                    "name": "n",
                    "segment": "s",
                    "geo": {"city": "Bern"},
                    "data": {"a": 1},
                }
            },
            {
                "user": {
                    "id": "7",
                    "username": "u",
                    "email": "e",
                    "name": "n",
                    "segment": "s",
                    "geo": {"city": "Bern"},
                    "data": {"a": 1},
                }
            },
        ),
        row(
            "other keys are data", {"user": {"id": "1", "plan": "p"}}, {"user.data": {"plan": "p"}}
        ),
        row(
            "an e-mail address is cut",
            {"user": {"email": "x" * 76}},
            {"user.email": "x" * 72 + "..."},
            "value_too_long user.email",
        ),
        row(
            "an id counts before a name",
            {"user": {"id": "1", "username": "u"}},
            {"tags.user": "id:1"},
        ),
        row(
            "a name before an e-mail address",
            {"user": {"username": "u", "email": "e"}},
            {"tags.user": "username:u"},
        ),
        row(
            "that before an address",
            {"user": {"email": "e", "ip_address": "::1"}},
            {"tags.user": "email:e"},
        ),
        row("an address last", {"user": {"ip_address": "::1"}}, {"tags.user": "ip:::1"}),
        row(
            "what is no address is dropped",
            {"user": {"id": "1", "ip_address": "x"}},
            {"user.ip_address": None},
            "invalid_data user.ip_address",
        ),
        row(
            "auto is the client's",
            {"user": {"ip_address": "{{auto}}"}},
            {"user.ip_address": "192.0.2.1"},
            client_ip="192.0.2.1",
        ),
        row(
            "so is none in a browser",
            {"platform": "javascript"},
            {"user.ip_address": "192.0.2.1"},
            client_ip="192.0.2.1",
        ),
        row("but not on a server", {"platform": "python"}, {"user": None}, client_ip="192.0.2.1"),
        row(
            "unless the SDK asks",
            {"sdk": {"settings": {"infer_ip": "auto"}}},
            {"user.ip_address": "192.0.2.1"},
            client_ip="192.0.2.1",
        ),
        row(
            "and never where it forbids",
            {
                "platform": "javascript",
                "user": {"id": "1", "ip_address": "{{auto}}"},
                "sdk": {"settings": {"infer_ip": "never"}},
            },
            {"user": {"id": "1"}},
            client_ip="192.0.2.1",
        ),
    ]
)
def test_users(row: Row):
    row.check()


@table(
    [
        row("blanks in a key are hyphens", {"tags": {" a b ": "c"}}, {"tags.a-b": "c"}),
        row(
            "other characters cost the tag",
            {"tags": {"a!": "c"}},
            {"tags": {"level": "error"}},
            "invalid_data tags.a!",
        ),
        row(
            "numbers and booleans are text",
            {"tags": {"n": 5, "b": True}},
            {"tags.n": "5", "tags.b": "True"},
        ),
        row(
            "a line break costs the tag",
            {"tags": {"a": "b\nc"}},
            {"tags.a": None},
            "invalid_data tags.a",
        ),
        row("so does nothing", {"tags": {"a": " "}}, {"tags.a": None}, "invalid_data tags.a"),
        row(
            "a long value is cut",
            {"tags": {"a": "x" * 201}},
            {"tags.a": "x" * 197 + "..."},
            "value_too_long tags.a",
        ),
        row(
            "of the same key the first counts", {"tags": [["a", "1"], ["a", "2"]]}, {"tags.a": "1"}
        ),
        row(
            "reserved ones are removed",
            {
                "tags": {
                    "release": "a",
                    "dist": "b",
                    "user": "c",
                    "filename": "d",
                    "function": "e",
                    "sentry:f": "f",
                }
            },
            {"tags": {"level": "error"}},
        ),
        row(
            "an attribute wins over a tag",
            {"logger": "l", "tags": {"logger": "x"}},
            {"tags.logger": "l"},
        ),
        row(
            "a tag wins over what follows",
            {"tags": {"url": "x"}, **request(url="http://h/")},
            {"tags.url": "x"},
        ),
        row("a trace is a tag", {"contexts": {"trace": {"trace_id": ID}}}, {"tags.trace": ID}),
        row("so is a replay", {"contexts": {"replay": {"replay_id": ID}}}, {"tags.replayId": ID}),
        row(
            "so is a device",
            {"contexts": {"device": {"model": "m", "family": "f"}}},
            {"tags.device": "m", "tags.device.family": "f"},
        ),
        row(
            "so is software with its version",
            {"contexts": {"runtime": {"name": "r", "version": 3}}},
            {"tags.runtime": "r 3", "tags.runtime.name": "r"},
        ),
        row(
            "which a description may say",
            {"contexts": {"runtime": {"raw_description": "CPython 3.11.4 (main)"}}},
            {"tags.runtime": "CPython 3.11.4", "tags.runtime.name": "CPython"},
        ),
        row(
            "or not",
            {"contexts": {"os": {"raw_description": "odd"}}},
            {"tags.os": "odd", "tags.os.name": "odd"},
        ),
    ]
)
def test_tags(row: Row):
    row.check()


@table(
    [
        row(
            "a context's type is its name",
            {"contexts": {"a": {"b": 1}}},
            {"contexts.a": {"b": 1, "type": "a"}},
        ),
        row(
            "unless it says another",
            {"contexts": {"a": {"type": "os"}}},
            {"contexts.a": {"type": "os"}},
        ),
        row("null is none", {"contexts": {"a": {"type": None}}}, {"contexts.a": {"type": "a"}}),
        row("what is no map is dropped", {"contexts": {"a": None, "b": 7}}, {"contexts": None}),
        row(
            "a trace without an id is none",
            {"contexts": {"trace": {"trace_id": "x", "span_id": SPAN, "parent_span_id": None}}},
            {"contexts.trace": {"span_id": SPAN, "parent_span_id": None, "type": "trace"}},
            "invalid_data contexts.trace.trace_id",
        ),
        row(
            "a span without one neither",
            {"contexts": {"trace": {"trace_id": ID, "span_id": "x"}}},
            {"contexts.trace.span_id": None},
            "invalid_data contexts.trace.span_id",
        ),
        row(
            "a context is bounded, its type stays",
            {"contexts": {"a": {"b": "x" * 9000}}},
            {"contexts.a.type": "a"},
            "value_too_long contexts.a",
        ),
        row(
            "flags have more room",
            {"contexts": {"flags": {"values": [{"flag": "x" * 40, "result": True}] * 500}}},
            {"contexts.flags.values.499.result": True},
        ),
        row(
            "a name is bounded",
            {"contexts": {"x" * 129: {}}},
            {"contexts": None},
            "invalid_data contexts",
        ),
        row(
            "in a browser the header says the system",
            sent_by(FIREFOX, "javascript"),
            {
                "contexts.browser.name": "Firefox",
                "contexts.os.name": "Linux",
                "tags.browser": "Firefox 120.0",
                "tags.browser.name": "Firefox",
                "tags.os.name": "Linux",
            },
        ),
        row(
            "on a server that of the client",
            sent_by(FIREFOX, "python"),
            {"contexts.client_os.name": "Linux", "contexts.os": None, "tags.client_os": "Linux"},
        ),
        row(
            "the device is one's either way",
            sent_by("Mozilla/5.0 (iPad; CPU OS 16_1 like Mac OS X)", "python"),
            {"contexts.device.model": "iPad", "tags.device.family": "iPad"},
        ),
        row(
            "what the SDK says stays",
            sent_by(FIREFOX, "javascript", browser={"name": "Mine"}),
            {"contexts.browser": {"name": "Mine", "type": "browser"}},
        ),
    ]
)
def test_contexts(row: Row):
    row.check()


@table(
    [
        row(
            "extra data is any JSON",
            {"extra": {"a": [1, {"b": None}]}},
            {"extra.a": [1, {"b": None}]},
        ),
        row(
            "an entry of it is bounded",
            {"extra": {"a": "x" * 17_000, "b": 1}},
            {"extra.b": 1},
            "value_too_long extra.a",
        ),
        row(
            "images are kept",
            {"debug_meta": {"images": [{"type": "elf", "debug_id": ID, "image_addr": 16}]}},
            {"debug_meta.images.0.image_addr": "0x10"},
        ),
        row(
            "their old type too",
            {"debug_meta": {"images": [{"type": "apple", "uuid": ID}]}},
            {"debug_meta.images.0.type": "macho"},
        ),
        row(
            "unknown ones are dropped",
            {"debug_meta": {"images": [{"type": "x"}]}},
            {"debug_meta": None},
            "invalid_data debug_meta.images.0.type",
        ),
        row(
            "a violation of a policy is one",
            {"csp": {"effective_directive": "img-src"}},
            {"type": "csp", "csp.effective_directive": "img-src"},
        ),
    ]
)
def test_the_rest(row: Row):
    row.check()
