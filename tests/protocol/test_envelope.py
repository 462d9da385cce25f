"""Framing of envelopes."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.errors import ProtocolError, TooLarge
from mesher.protocol import limits
from mesher.protocol.envelope import EnvelopeHeader, format_envelope, parse_envelope


def framed(data: bytes) -> list[tuple[str, bytes]]:
    return [(item.type, item.payload) for item in parse_envelope(data).items]


@pytest.mark.parametrize(
    ("data", "items", "why"),
    [
        (b"{}", [], "a header alone"),
        (b"{}\n", [], "with its line break"),
        (b'{}\n{"type":"a"}\nx\n', [("a", b"x")], "no length: up to the line break"),
        (b'{}\n{"type":"a"}\nx', [("a", b"x")], "or to the end, as JavaScript sends it"),
        (b'{}\n{"type":"a"}', [("a", b"")], "an item header at the very end"),
        (b'{}\n{"type":"a","length":0}', [("a", b"")], "with its length"),
        (b'{}\n{"type":"a","length":0}\n\n', [("a", b"")], "an empty payload"),
        (b'{}\n{"type":"a","length":3}\nx\ny\n', [("a", b"x\ny")], "a line break in a payload"),
        (b'{}\n{"type":"a","length":3}\nx\ny', [("a", b"x\ny")], "that ends the envelope"),
        (b'{}\n\n\n{"type":"a"}\nx\n\n', [("a", b"x")], "empty lines between items"),
        (b'{}\r\n{"type":"a"}\r\nx\r\n', [("a", b"x\r")], "a carriage return is not special"),
        (b'{}\n{"type":"a"}\n1\n{"type":"b"}\n2', [("a", b"1"), ("b", b"2")], "two items"),
        (b'{}\n{"type":"unheard_of","length":1}\n\xff', [("unheard_of", b"\xff")], "any type"),
        (b'{}\n{"type":"a","length":null,"content_type":null}\nx', [("a", b"x")], "Ruby's nulls"),
    ],
)
def test_an_envelope_is_cut_into_its_items(data, items, why):
    assert framed(data) == items, why


def test_the_header_tells_id_dsn_and_time():
    header = parse_envelope(b'{"event_id":"1","dsn":"d","sent_at":"t","sdk":{},"trace":{}}').header
    assert header == EnvelopeHeader(event_id="1", dsn="d", sent_at="t")


@pytest.mark.parametrize("value", ["1", "null", "{}", "[]", "true"])
def test_a_header_value_of_another_type_counts_as_absent(value):
    line = f'{{"event_id":{value},"dsn":{value},"sent_at":{value}}}'
    assert parse_envelope(line.encode()).header == EnvelopeHeader()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"\n{}", "an empty header line"),
        (b"[]", "a header that is no object"),
        (b"{", "a header that is cut short"),
        (b'{"dsn":"\xff"}', "a header in another encoding"),
        (b'{"dsn":' + b"[" * 5000 + b"]" * 5000 + b"}", "a tower of brackets"),
        (b"{}\nx\n", "an item header that is no JSON"),
        (b"{}\n{}\n", "an item without a type"),
        (b'{}\n{"type":"a\xff"}\n', "an item header in another encoding"),
        (b'{}\n{"type":7}\n', "a type that is no text"),
        (b'{}\n{"type":"a","length":"1"}\nx', "a length that is no number"),
        (b'{}\n{"type":"a","length":-1}\nx', "a negative length"),
        (b'{}\n{"type":"a","length":2}\nx', "a payload shorter than its length"),
        (b'{}\n{"type":"a","length":1}\n', "a payload that is not there"),
        (b'{}\n{"type":"a","length":1}', "nor even a line for it"),
        (b'{}\n{"type":"a","length":1}\nxy\n', "a payload longer than its length"),
    ],
)
def test_a_malformed_envelope_is_refused(data, why):
    with pytest.raises(ProtocolError) as caught:
        parse_envelope(data)
    assert caught.value.status == 400, why


def test_too_many_items_are_refused():
    with pytest.raises(TooLarge, match="500 items"):
        parse_envelope(b"{}\n" + b'{"type":"a"}\n\n' * (limits.MAX_ITEMS + 1))


def test_a_header_line_of_any_length_is_refused():
    with pytest.raises(TooLarge, match="header line"):
        parse_envelope(b"{" + b" " * limits.MAX_HEADER_LINE_BYTES + b"}")


@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        ("event", limits.MAX_EVENT_BYTES),
        ("session", limits.MAX_SESSION_BYTES),
        ("check_in", limits.MAX_SMALL_ITEM_BYTES),
        ("client_report", limits.MAX_SMALL_ITEM_BYTES),
        ("attachment", limits.MAX_ATTACHMENT_BYTES),
        ("user_report", limits.MAX_SMALL_ITEM_BYTES),
    ],
)
def test_an_item_over_the_limit_of_its_type_is_refused(kind, limit):
    head = f'{{}}\n{{"type":"{kind}"}}\n'.encode()
    assert len(parse_envelope(head + b"x" * limit).items[0].payload) == limit
    with pytest.raises(TooLarge, match=kind):
        parse_envelope(head + b"x" * (limit + 1))


@pytest.mark.parametrize(
    ("kinds", "limit"),
    [
        (["event"], 1),
        (["transaction"], 1),
        (["check_in"], 1),
        (["attachment"], limits.MAX_ATTACHMENTS),
        (["session", "sessions"], limits.MAX_SESSION_ITEMS),
        (["client_report"], limits.MAX_CLIENT_REPORTS),
    ],
)
def test_more_items_of_a_kind_than_its_limit_are_refused(kinds, limit):
    def envelope(count):
        lines = (f'{{"type":"{kinds[n % len(kinds)]}"}}\n{{}}\n' for n in range(count))
        return ("{}\n" + "".join(lines)).encode()

    assert len(parse_envelope(envelope(limit)).items) == limit
    with pytest.raises(TooLarge, match=f"the limit is {limit}"):
        parse_envelope(envelope(limit + 1))


def test_sessions_of_both_forms_share_one_size_limit():
    half = b'"' + b"x" * (limits.MAX_SESSION_BYTES // 2) + b'"'
    head = b'{}\n{"type":"session"}\n'
    assert parse_envelope(head + half)
    with pytest.raises(TooLarge, match="sessions"):
        parse_envelope(head + half + b'\n{"type":"sessions"}\n' + half)


def test_what_an_envelope_is_written_from_is_read_back():
    written = format_envelope(
        {"event_id": "1"},
        [({"type": "attachment", "filename": "a\n"}, b"x\ny"), ({"type": "b"}, b"")],
    )
    read = parse_envelope(written)
    assert read.header.event_id == "1"
    assert [(item.type, item.header.filename, item.payload) for item in read.items] == [
        ("attachment", "a\n", b"x\ny"),
        ("b", None, b""),
    ]


items = st.lists(
    st.tuples(st.sampled_from(["session", "attachment", "new"]), st.binary(max_size=50)), max_size=5
)


@given(items)
def test_what_is_written_with_lengths_is_read_back(written):
    data = b"{}\n" + b"".join(
        json.dumps({"type": kind, "length": len(payload)}).encode() + b"\n" + payload + b"\n"
        for kind, payload in written
    )
    assert framed(data) == written


@given(items)
def test_what_is_written_without_lengths_is_read_back(written):
    single_lines = [(kind, payload.replace(b"\n", b" ")) for kind, payload in written]
    data = b"{}\n" + b"\n".join(
        json.dumps({"type": kind}).encode() + b"\n" + payload for kind, payload in single_lines
    )
    assert framed(data) == single_lines


@given(st.binary(max_size=200))
def test_any_bytes_give_an_envelope_or_a_protocol_error(data):
    for candidate in (data, b"{}\n" + data, b'{}\n{"type":"event"}\n' + data):
        with contextlib.suppress(ProtocolError):
            parse_envelope(candidate)
