"""JSON as clients really write it, made into what PostgreSQL's jsonb accepts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.errors import ProtocolError
from mesher.protocol.json_text import clean_json, clean_text, load_json, needs_cleaning


@pytest.mark.parametrize(
    ("text", "value", "why"),
    [
        (b'{"a":1}', {"a": 1}, "strict JSON"),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}, "behind a byte order mark"),
        (b'{"a":NaN,"b":Infinity,"c":-Infinity}', {"a": None, "b": None, "c": None}, "Python"),
        (b'{"a":1e999}', {"a": None}, "an exponent beyond any float"),
        (b'{"a":"x\\u0000y"}', {"a": "x\ufffdy"}, "an escaped NUL"),
        (b'{"a":"x\0y"}', {"a": "x\ufffdy"}, "a bare NUL"),
        (b'{"a":"x\ny"}', {"a": "x\ny"}, "a bare line break"),
        (b'{"\\u0000\\ud800":1}', {"\ufffd\ufffd\ufffd\ufffd": 1}, "in a key"),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "\U0001f600"}, "a whole surrogate pair"),
        (b'{"a":"\\ud83d"}', {"a": "\ufffd\ufffd\ufffd"}, "half of one"),
        (b'{"a":"\\udc00x"}', {"a": "\ufffd\ufffd\ufffdx"}, "the other half"),
        (b'{"a":"\xff"}', {"a": "\ufffd"}, "broken UTF-8"),
        (b'{"a":[{"b":"\\u0000"}]}', {"a": [{"b": "\ufffd"}]}, "deep inside"),
        (b'{"a":18446744073709551616}', {"a": 2**64}, "an integer beyond 64 bits"),
        (b'{"a":' + b"1" * 5000 + b"}", {"a": "1" * 5000}, "one that no Python reads back"),
    ],
)
def test_json_is_read_and_cleaned(text, value, why):
    assert load_json(text, "the event") == value, why
    assert json.loads(clean_json(text)) == value, why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "empty"),
        (b"{", "cut short"),
        (b"{} {}", "two values"),
        (b"\x1f\x8b", "compressed"),
        (b"[" * 100_000 + b"]" * 100_000, "a tower of brackets"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "a tower of braces"),
    ],
)
def test_what_is_no_json_is_refused(text, why):
    with pytest.raises(ProtocolError, match="the report"):
        assert load_json(text, "the report"), why


def test_an_event_that_is_no_object_is_refused():
    with pytest.raises(ProtocolError, match="not a JSON object"):
        clean_json(b"[]")


def test_only_an_escaped_nul_needs_cleaning():
    assert needs_cleaning(b'{"a":"\\u0000"}')
    assert not needs_cleaning(b'{"a":"\\u0001"}')


@given(st.text(st.characters(codec=None)))
def test_a_cleaned_text_can_be_stored(text):
    cleaned = clean_text(text)
    assert "\0" not in cleaned
    cleaned.encode("utf-8")
