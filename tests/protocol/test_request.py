"""The HTTP request of an event."""

from __future__ import annotations

import pytest

from mesher.protocol import limits


@pytest.mark.parametrize(
    ("given", "attribute", "kept", "why"),
    [
        ({"url": "http://a/b?c=1&d=#e"}, "url", "http://a/b", "without query and fragment"),
        ({"url": "http://a/b?c=1&d="}, "query_string", [("c", "1"), ("d", "")], "the query"),
        ({"url": "http://a/b#e"}, "fragment", "e", "the fragment"),
        ({"url": "http://a/b?c=1", "query_string": "d=2"}, "query_string", [("d", "2")], "its own"),
        ({"url": "http://a/b#c", "fragment": "d"}, "fragment", "d", "its own wins"),
        ({"url": 7}, "url", "7", "a number"),
        ({"query_string": {"a": 1}}, "query_string", [("a", "1")], "a map"),
        ({"query_string": [["a", "1"], ["odd"]]}, "query_string", [("a", "1")], "pairs"),
        ({"query_string": "?a=%00b"}, "query_string", [("a", "\ufffdb")], "an encoded NUL"),
        ({"query_string": "&".join(["a=b"] * 9)}, "query_string", [("a", "b")] * 9, "repeated"),
        ({"method": "get"}, "method", "GET", "in capitals"),
        ({"method": "no method"}, "method", None, "not a method"),
        ({"method": 7}, "method", None, "nor this"),
        ({"headers": {"x-request-id": "1"}}, "headers", [("X-Request-Id", "1")], "Train-Case"),
        ({"headers": [["a", "1"]]}, "headers", [("A", "1")], "pairs"),
        ({"headers": {"a": ["1", "2"]}}, "headers", [("A", "1,2")], "PHP's lists"),
        ({"headers": {"a": None}}, "headers", [("A", "")], "null"),
        ({"headers": {"Cookie": "a=1; b"}}, "cookies", [("a", "1"), ("b", "")], "of a header"),
        ({"headers": {"Cookie": "a=1"}}, "headers", None, "from which they are moved"),
        ({"headers": {"Cookie": "a=1"}, "cookies": "b=2"}, "cookies", [("b", "2")], "its own win"),
        ({"cookies": {"a": 1}}, "cookies", [("a", "1")], "a map"),
        ({"data": '{"a": [1]}'}, "data", {"a": [1]}, "JSON in a text"),
        ({"data": "a=1&b=2"}, "data", {"a": "1", "b": "2"}, "a form in a text"),
        ({"data": "a=1 b=2"}, "data", "a=1 b=2", "not a form"),
        ({"data": '{"a": '}, "data", '{"a": ', "JSON that is cut short"),
        ({"data": '{"a":"\\u0000\\ud800"}'}, "data", {"a": "\ufffd" * 4}, "NUL inside"),
        ({"data": [1]}, "data", [1], "any JSON"),
        ({"env": {"REMOTE_ADDR": "192.0.2.1"}}, "env", {"REMOTE_ADDR": "192.0.2.1"}, "a map"),
    ],
)
def test_a_request_attribute_is_read(read, given, attribute, kept, why):
    request = read({"request": {"url": "http://a/", **given}}).request
    assert getattr(request, attribute) == kept, why


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        ('{"a":1}', "application/json"),
        ("a=1", "application/x-www-form-urlencoded"),
        ("text", "of the client"),
    ],
)
def test_the_type_of_a_body_that_is_parsed_is_told(read, data, content_type):
    event = read({"request": {"data": data, "inferred_content_type": "of the client"}})
    assert event.request.inferred_content_type == content_type


@pytest.mark.parametrize("given", [None, {}, [], "x", 7, {"method": "no method"}])
def test_a_request_that_says_nothing_is_none(read, given):
    assert read({"request": given}).request is None


@pytest.mark.parametrize(
    ("attribute", "given", "limit"),
    [
        ("data", {"a": "x" * 10_000}, limits.REQUEST_DATA_BAG),
        ("env", {"A": "x" * 10_000}, limits.REQUEST_DATA_BAG),
        ("headers", {f"H{number}": "x" * 500 for number in range(50)}, limits.HEADERS_BAG),
        ("headers", {"A": "x" * 9000}, limits.HEADERS_BAG),
        ("cookies", {f"c{number}": "x" * 500 for number in range(50)}, limits.COOKIES_BAG),
        ("query_string", {f"q{number}": "x" * 500 for number in range(50)}, limits.QUERY_BAG),
    ],
)
def test_every_part_is_bounded_with_a_note(read, noted, attribute, given, limit):
    event = read({"request": {attribute: given}})
    kept = getattr(event.request, attribute)
    assert kept
    assert len(str(kept)) <= limit[0] * 1.1
    assert noted(event) == [("value_too_long", f"request.{attribute}")]


def test_a_url_and_its_fragment_are_cut(read):
    request = read({"request": {"url": "http://a/" + "x" * 400 + "#" + "y" * 2000}}).request
    assert len(request.url) == 256
    assert len(request.fragment) == 1024
