"""
What holds for any payload whatever: an event or a ``ProtocolError``, and an event that every column
can hold; and that the fast and the lenient way of reading say the same.
"""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from mesher.errors import ProtocolError
from mesher.protocol import breadcrumbs, contexts, exceptions, software, stacktrace
from mesher.protocol.event import Event, Frame
from mesher.protocol.lenient import Notes, TypedReader
from mesher.protocol.normalize import event_from_payload
from mesher.protocol.parse import read_payload
from mesher.protocol.payload import decode_any_form, decode_well_formed

ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def normalized(payload: bytes, sent_at: float | None = 1_795_534_000.0) -> Event:
    return event_from_payload(
        payload,
        event_id=ID,
        received_at=1_795_534_440.0,
        sent_at=sent_at,
        client="test/1.0",
        client_ip="192.0.2.1",
    )


# Any JSON, with the values that break things near at hand.
odd_texts = st.one_of(
    st.text(st.characters(codec=None), max_size=12),
    st.sampled_from(["", "\0", "\ud800", "{{auto}}", "2026-11-24T00:00:00Z", "x" * 9000, "a=b&c"]),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**63, 2**70, -(10**400), 1e308, float("nan"), float("inf"), 0.0]),
    st.floats(),
    odd_texts,
)
names = st.sampled_from(
    [
        *Event.__struct_fields__, *Frame.__struct_fields__, "values", "frames", "stacktrace",
        "mechanism", "meta", "handled", "exception_id", "parent_id", "value", "message", "formatted",
        "params", "id", "ip_address", "url", "headers", "cookies", "query_string", "env", "name",
        "version", "packages", "settings", "images", "trace", "trace_id", "blocked_uri",
        "sentry.interfaces.Exception", "sentry.interfaces.Message", "client_sdk", "\0", "ключ",
    ]
)  # fmt: skip
json_values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(names, odd_texts), inner, max_size=6)
    ),
    max_leaves=25,
)
payloads = st.dictionaries(names, json_values, max_size=12)


def assert_storable(value: Any) -> None:
    """No text or number in it that UTF-8 JSON or PostgreSQL's jsonb refuses."""
    if isinstance(value, str):
        assert "\0" not in value
        value.encode("utf-8")
    elif isinstance(value, dict):
        for key, inner in value.items():
            assert_storable(key)
            assert_storable(inner)
    elif isinstance(value, list):
        for inner in value:
            assert_storable(inner)


@given(payloads)
@settings(max_examples=200)
def test_any_object_gives_an_event_that_can_be_stored_and_read_back(payload):
    event = normalized(json.dumps(payload).encode())
    stored = msgspec.json.encode(event)
    assert_storable(json.loads(stored))
    assert msgspec.json.encode(msgspec.json.decode(stored, type=Event)) == stored


@given(
    st.one_of(st.binary(max_size=200), json_values.map(lambda value: json.dumps(value).encode()))
)
def test_any_bytes_give_an_event_or_a_protocol_error(payload):
    with contextlib.suppress(ProtocolError):
        normalized(payload)


@given(payloads, st.data())
def test_a_payload_that_is_cut_short_is_a_protocol_error(payload, data):
    body = json.dumps(payload).encode()
    length = data.draw(st.integers(0, len(body) - 1))
    try:
        normalized(body[:length])
    except ProtocolError:
        return
    raise AssertionError(body[:length])


# Well-formed interfaces, as an SDK writes them: what the typed decoder takes.
words = st.text(max_size=20).filter(lambda text: "\0" not in text)
small_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), words),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(words, inner, max_size=2)),
    max_leaves=4,
)
bags = st.dictionaries(words, small_json, max_size=3)


def objects(**attributes: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {}, optional={name: st.one_of(st.none(), values) for name, values in attributes.items()}
    )


frames = objects(
    function=words,
    module=words,
    filename=words,
    abs_path=words,
    lineno=st.integers(0, 10**6),
    in_app=st.booleans(),
    context_line=words,
    pre_context=st.lists(st.one_of(st.none(), words), max_size=3),
    vars=bags,
    instruction_addr=words,
    data=bags,
)
traces = st.fixed_dictionaries({"frames": st.lists(frames, max_size=4)})
well_formed = {
    "frames": (stacktrace._typed_trace, stacktrace.read_stacktrace, traces),
    "exceptions": (
        exceptions._typed_exceptions,
        exceptions._lenient_exceptions,
        st.lists(
            objects(
                type=words,
                value=words,
                module=words,
                thread_id=st.one_of(words, st.integers()),
                mechanism=st.fixed_dictionaries(
                    {"type": words},
                    optional={
                        "handled": st.booleans(),
                        "exception_id": st.integers(0, 9),
                        "data": bags,
                        "meta": bags,
                    },
                ),
                stacktrace=traces,
            ),
            max_size=3,
        ),
    ),
    "threads": (
        exceptions._typed_threads,
        exceptions._lenient_threads,
        st.lists(
            objects(
                id=st.one_of(words, st.integers()),
                name=words,
                crashed=st.booleans(),
                stacktrace=traces,
            ),
            max_size=3,
        ),
    ),
    "breadcrumbs": (
        breadcrumbs._typed_breadcrumbs,
        breadcrumbs._lenient_breadcrumbs,
        st.lists(
            objects(
                timestamp=st.one_of(st.floats(0, 2e9), words),
                type=words,
                category=words,
                level=st.sampled_from(["info", "error", "log", 30]),
                message=words,
                data=bags,
            ),
            max_size=4,
        ),
    ),
    "contexts": (
        contexts._typed_contexts,
        contexts._lenient_contexts,
        st.dictionaries(words, bags, max_size=3),
    ),
    "extra": (contexts._typed_extra, contexts._lenient_extra, bags),
    "modules": (
        software._typed_modules,
        software._lenient_modules,
        st.dictionaries(words, st.one_of(st.none(), words), max_size=3),
    ),
    "sdk": (
        software._typed_sdk,
        software._typed_sdk._lenient,
        objects(
            name=words,
            version=words,
            integrations=st.lists(words, max_size=2),
            packages=st.lists(objects(name=words, version=words), max_size=2),
            settings=bags,
        ),
    ),
}


@given(st.data(), st.sampled_from(sorted(well_formed)))
@settings(max_examples=200)
def test_the_typed_and_the_lenient_way_of_reading_say_the_same(data, interface):
    typed, lenient, values = well_formed[interface]
    value = data.draw(values)
    text = json.dumps(value).encode()
    assert isinstance(typed, TypedReader)
    strict = typed._decode(msgspec.Raw(text))
    assert lenient(json.loads(text), Notes(), interface) == strict


whole = objects(
    **{
        {"frames": "stacktrace", "exceptions": "exception"}.get(name, name): values
        for name, (_, _, values) in well_formed.items()
    },
    message=words,
    tags=st.dictionaries(words, words, max_size=3),
)


@given(st.one_of(whole, payloads))
@settings(max_examples=200)
def test_an_event_decoded_in_one_go_is_the_same_as_interface_by_interface(payload):
    body = json.dumps(payload).encode()
    try:
        sent = decode_well_formed(body)
    except msgspec.DecodeError:
        return
    event, notes = read_payload(sent, ID, 0.0)
    other, other_notes = read_payload(decode_any_form(body), ID, 0.0)
    assert event == other
    assert notes.errors == other_notes.errors


@given(st.lists(frames, min_size=1, max_size=3), st.integers(0, 2))
def test_one_wrong_attribute_leaves_the_others_as_they_are(given_frames, position):
    exact = [{"type": "T", "stacktrace": {"frames": given_frames}}]
    spoiled = copy.deepcopy(exact)
    frame = spoiled[0]["stacktrace"]["frames"][position % len(given_frames)]
    frame["colno"] = "not a number"
    expected = normalized(json.dumps({"exception": exact}).encode())
    found = normalized(json.dumps({"exception": spoiled}).encode())
    assert found.exception == expected.exception
    assert [error.type for error in found.errors] == [
        *(error.type for error in expected.errors),
        "invalid_data",
    ]
