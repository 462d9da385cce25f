"""Crash dumps: unwrapping, and the event that a form says around one."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import lzma

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mesher.errors import ProtocolError, TooLarge
from mesher.protocol import limits
from mesher.protocol.minidump import minidump_event, read_event_parts, unwrap_minidump
from mesher.protocol.msgpack_stream import split_stream
from mesher.protocol.multipart import Part

DUMP = b"MDMP" + bytes(100)
PACKERS = [bytes, gzip.compress, lzma.compress, bz2.compress, zstandard.compress]


def part(name: str, data: bytes | str) -> Part:
    return Part(name, None, None, data if isinstance(data, bytes) else data.encode())


@pytest.mark.parametrize("pack", PACKERS)
def test_a_dump_is_unwrapped(pack):
    assert unwrap_minidump(pack(DUMP)) == DUMP


def test_a_dump_of_the_other_byte_order_is_one():
    assert unwrap_minidump(b"PMDM") == b"PMDM"


@pytest.mark.parametrize("pack", PACKERS[1:])
def test_a_bomb_is_refused_at_the_ceiling(pack):
    with pytest.raises(TooLarge):
        unwrap_minidump(pack(DUMP + bytes(limits.MAX_ATTACHMENT_BYTES)))


@pytest.mark.parametrize("pack", PACKERS[1:])
def test_a_wrapped_dump_that_is_cut_short_or_damaged_is_refused(pack):
    packed = pack(DUMP)
    for damaged in (packed[:-5], packed[:6] + b"\xff" * 30):
        with pytest.raises(ProtocolError):
            unwrap_minidump(damaged)


@pytest.mark.parametrize("data", [b"", b"hello", gzip.compress(b"hello", mtime=0)])
def test_what_is_no_dump_is_refused(data):
    with pytest.raises(ProtocolError, match="no minidump"):
        unwrap_minidump(data)


def test_the_event_of_a_crash_is_fatal_native_and_unhandled():
    event = minidump_event({"release": "a@1", "level": "info"})
    assert (event["release"], event["platform"], event["level"]) == ("a@1", "native", "fatal")
    [exception] = event["exception"]
    assert exception["mechanism"] == {"type": "minidump", "synthetic": True, "handled": False}


@pytest.mark.parametrize("form", [lambda e: [e], lambda e: {"values": [e]}, lambda e: e])
def test_an_exception_that_the_client_names_is_kept(form):
    [exception] = minidump_event({"exception": form({"type": "SIGSEGV"})})["exception"]
    assert exception["type"] == "SIGSEGV"
    assert exception["mechanism"]["type"] == "minidump"


@pytest.mark.parametrize("exception", [None, [], 7, "x", {"values": None}, {"values": 7}])
def test_an_exception_that_is_none_is_replaced(exception):
    assert minidump_event({"exception": exception})["exception"][0]["type"] == "Minidump"


@pytest.mark.parametrize(
    ("parts", "event", "why"),
    [
        ([part("sentry", '{"release":"1"}')], {"release": "1"}, "JSON"),
        (
            [part("sentry[tags][a]", "1"), part("sentry[release]", "2")],
            {"tags": {"a": "1"}, "release": "2"},
            "values by path",
        ),
        (
            [part("sentry__2", '"1"}'), part("sentry__1", '{"release":')],
            {"release": "1"},
            "JSON in pieces, in the order of their numbers",
        ),
        (
            [part("__sentry-event", msgspec.msgpack.encode({"release": "1"}))],
            {"release": "1"},
            "MessagePack",
        ),
        (
            [part("sentry", '{"tags":"x"}'), part("sentry[tags][a]", "1")],
            {"tags": "x"},
            "a path through something else",
        ),
        ([part("other", "x"), part("sentry[]", "x"), part("sentryx", "y")], {}, "other fields"),
    ],
)
def test_the_parts_of_a_form_say_what_the_event_is(parts, event, why):
    assert read_event_parts(parts) == event, why


def test_breadcrumbs_of_both_files_are_joined_the_longer_file_first():
    short, long = [{"message": "new"}], [{"message": "old"}, {"message": "older"}]
    parts = [
        part(f"__sentry-breadcrumb{number}", b"".join(map(msgspec.msgpack.encode, crumbs)))
        for number, crumbs in enumerate([short, long], 1)
    ]
    assert read_event_parts(parts) == {"breadcrumbs": [*long, *short]}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("sentry", b"[]"),
        ("sentry", b"{"),
        ("sentry__1", b"{"),
        ("__sentry-event", b"\xc1"),
        ("__sentry-event", b"\x93\x01\x02\x03"),
        ("__sentry-event", bytes(limits.MAX_EVENT_BYTES + 1)),
    ],
)
def test_a_part_that_cannot_be_read_is_refused(name, data):
    with pytest.raises(ProtocolError):
        read_event_parts([part(name, data)])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text()
    | st.binary(max_size=300),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(), inner, max_size=20),
    max_leaves=20,
)  # fmt: skip


@given(st.lists(VALUES, max_size=5))
def test_a_stream_is_split_into_the_values_it_was_written_from(values):
    packed = [msgspec.msgpack.encode(value) for value in values]
    assert split_stream(b"".join(packed), max_values=9) == packed


@pytest.mark.parametrize("length", [70_000, 20_000])
def test_long_values_are_split_too(length):
    packed = [
        msgspec.msgpack.encode(value)
        for value in ("x" * length, b"x" * length, [1] * length, {str(n): n for n in range(length)})
    ]
    assert split_stream(b"".join(packed), max_values=9) == packed


def test_a_value_that_is_cut_short_and_what_is_above_the_limit_are_left_out():
    crumb = msgspec.msgpack.encode({"message": "x"})
    assert split_stream(crumb + crumb[:-1], max_values=9) == [crumb]
    assert split_stream(crumb + b"\x81", max_values=9) == [crumb]
    assert split_stream(crumb + b"\xc1", max_values=9) == [crumb]
    assert split_stream(crumb * 3, max_values=2) == [crumb] * 2


@given(st.binary(max_size=200))
def test_any_bytes_give_an_event_or_a_protocol_error(data):
    for name in ("sentry", "sentry[a]", "sentry__1", "__sentry-event", "__sentry-breadcrumb1"):
        with contextlib.suppress(ProtocolError):
            json.dumps(minidump_event(read_event_parts([part(name, data)])))
    with contextlib.suppress(ProtocolError):
        unwrap_minidump(data)
