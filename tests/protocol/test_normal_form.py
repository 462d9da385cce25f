"""
What normalising promises of any payload: it is total, idempotent and bounded, and does not depend on
the way in which the payload was decoded.

The payloads are made of the protocol's own names and of values that fit them, nearly fit them, or do
not fit at all, since any JSON whatever seldom gets past the first attribute.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import captures
from mesher.errors import ProtocolError
from mesher.protocol import limits
from mesher.protocol.event import Event
from mesher.protocol.normalize import event_from_payload
from mesher.protocol.parse import read_payload
from mesher.protocol.payload import decode_any_form, decode_well_formed

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
RECEIVED_AT = 1_795_534_440.0
# What an event holds beside what was sent: notes, derived tags, names of browsers.
OWN_BYTES = 64 * 1024

_encode = msgspec.json.Encoder().encode


def normalized(payload: bytes, *, sent_at: float | None = None) -> Event:
    return event_from_payload(
        payload,
        event_id=ID,
        received_at=RECEIVED_AT,
        sent_at=sent_at,
        client="test/1.0",
        client_ip="192.0.2.1",
    )


def one_of(*kinds: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """As Hypothesis' own, which would write all of them out to show what failed."""
    either = st.one_of(*kinds)
    return st.deferred(lambda: either)


def objects(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Some of the attributes, each of its own kind or now and then of any."""
    found = st.fixed_dictionaries(
        {}, optional={name: one_of(value, value, anything) for name, value in values.items()}
    )
    return st.deferred(lambda: found)


def listed(values: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[Any]:
    """In each of the forms that a list of an interface comes in."""
    elements = st.lists(one_of(values, st.none()), max_size=most)
    return one_of(elements, elements.map(lambda found: {"values": found}), values)


texts = one_of(
    st.text(max_size=12),
    st.text(max_size=4).map(lambda text: text * 80),
    st.sampled_from(
        ["", " ", " a ", "a\nb", "x" * 9000, "a=b&c", "a: b", "Type: value: more", "{{auto}}", "?",
         '{"a": [1]}', "[broken", "x" * 9000 + " a=b", "=x", "a=1; b=2", "production", "latest",
         "2026-11-24T15:33:00Z", "1970-01-01T00:00:01", "9999-12-31T23:59:59Z", "0x00F", "12", "%s {} {a}",
         "http://h:80/p?q=1#f", "Mozilla/5.0 (Windows NT 10.0) Firefox/120.0", "curl/8.5.0", ID,
         "3249D99D0C4049318610F4E4FB0B69361", "ǆ-ŉ", "com." + "x" * 70 + " .L"]
    ),
)  # fmt: skip
scalars = one_of(
    st.none(), st.booleans(), st.integers(-5, 70), st.floats(0, 2e9), st.floats(), texts,
    st.sampled_from([2**63, 2**70, 1e308, 7.0, 1.5, RECEIVED_AT, RECEIVED_AT + 9e4, 253_402_300_000]),
)  # fmt: skip
keys = one_of(st.sampled_from(["a", "b", "type", "name", "version", "values", "", "\0"]), texts)
_anything = st.recursive(
    scalars,
    lambda inner: one_of(
        st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=12,
)  # fmt: skip
anything = st.deferred(lambda: _anything)
bags = one_of(
    st.dictionaries(keys, anything, max_size=3),
    anything.map(lambda value: {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": value}}}}}}}}),
    st.integers(1, 400).map(lambda count: {f"key{number}": "x" * 40 for number in range(count)}),
)
pairs = one_of(
    st.dictionaries(texts, scalars, max_size=4),
    st.lists(one_of(st.tuples(texts, scalars), st.none(), st.lists(texts)), max_size=4),
    texts,
    st.integers(1, 300).map(lambda count: {f"k{number}": "v" for number in range(count)}),
)
flags = one_of(st.none(), st.booleans())
numbers = one_of(st.none(), st.integers(-2, 9))
addresses = st.sampled_from(["0x1F", "31", 31, "x", "", -1, 2**65])
lines = one_of(st.lists(one_of(texts, st.none())), st.just(["l"] * 60))
frames = objects(
    function=texts, filename=texts, abs_path=texts, module=texts, lineno=numbers, in_app=flags,
    context_line=texts, pre_context=lines, post_context=lines, vars=bags, data=bags, lock=bags,
    instruction_addr=addresses, symbol_addr=addresses, image_addr=addresses, symbol=texts,
)  # fmt: skip
traces = one_of(
    objects(
        frames=one_of(
            st.lists(one_of(frames, st.none()), max_size=3),
            st.builds(lambda frame, count: [frame] * count, frames, st.sampled_from([60, 300])),
        ),
        registers=bags,
        frames_omitted=st.lists(st.integers(0, 9), max_size=2),
    ),
    st.lists(frames, max_size=2),
)
mechanisms = objects(
    type=texts, handled=flags, synthetic=flags, exception_id=numbers, parent_id=numbers, data=bags,
    meta=objects(
        signal=objects(number=st.integers(0, 40), name=texts), mach_exception=objects(exception=numbers)
    ),
)  # fmt: skip
threads = objects(
    id=one_of(numbers, texts), name=texts, crashed=flags, stacktrace=traces, held_locks=bags
)
images = objects(
    type=st.sampled_from(["elf", "apple", "sourcemap", "proguard", "wasm", "odd"]),
    debug_id=texts, uuid=texts, code_id=texts, code_file=texts, image_addr=addresses,
    image_size=one_of(numbers, addresses),
)  # fmt: skip
requests = objects(
    url=texts, method=texts, query_string=pairs, fragment=texts, cookies=pairs,
    data=one_of(texts, bags), env=one_of(bags, st.just({"REMOTE_ADDR": "192.0.2.9"})),
    headers=one_of(
        pairs,
        st.builds(
            lambda agent, hint, cookie: {"user-agent": agent, "sec-ch-ua-model": hint, "cookie": cookie},
            texts, texts, texts,
        ),
    ),
)  # fmt: skip
contexts = one_of(
    st.dictionaries(texts, bags, max_size=3),
    objects(
        os=objects(name=texts, version=scalars, raw_description=texts),
        browser=objects(name=texts, version=scalars),
        device=objects(model=texts, family=texts),
        runtime=objects(raw_description=st.sampled_from([" Python 3.11 (main)", "x", "a 1\n"])),
        trace=objects(trace_id=one_of(st.just(ID), texts), span_id=texts),
        replay=objects(replay_id=texts),
        flags=bags,
    ),
    st.integers(95, 120).map(lambda count: {f"c{number}": {"a": 1} for number in range(count)}),
)
times = one_of(texts, st.floats(RECEIVED_AT - 1e7, RECEIVED_AT + 1e7), st.floats())
annotations = st.recursive(
    objects(rem=st.lists(st.lists(texts, max_size=2), max_size=2), len=numbers, err=st.lists(texts))
    .map(lambda said: {"": said}),
    lambda inner: st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
payloads = objects(
    event_id=texts, timestamp=times, platform=one_of(st.sampled_from(["javascript", "dart"]), texts),
    level=one_of(st.sampled_from(["log", "warn", 30]), texts), logger=texts, transaction=texts,
    server_name=texts, site=texts, culprit=texts, release=texts, dist=texts, environment=texts,
    type=st.sampled_from(["transaction", "feedback", "error"]), checksum=texts,
    fingerprint=st.lists(scalars, max_size=40), transaction_info=bags,
    message=one_of(anything, objects(message=texts, formatted=texts, params=anything)),
    exception=listed(
        objects(
            type=texts, value=anything, module=texts, thread_id=one_of(numbers, texts),
            stacktrace=traces, mechanism=mechanisms,
        )
    ),
    stacktrace=traces, threads=listed(threads),
    breadcrumbs=listed(
        objects(timestamp=times, type=texts, category=texts, level=texts, message=anything, data=bags)
    ),
    request=requests,
    user=objects(id=scalars, username=texts, email=texts, ip_address=texts, geo=bags, data=bags, plan=texts),
    contexts=contexts, tags=pairs, extra=bags, modules=st.dictionaries(texts, scalars, max_size=3),
    sdk=objects(name=texts, version=scalars, integrations=st.lists(texts), settings=bags),
    debug_meta=objects(images=st.lists(images, max_size=3), sdk_info=bags),
    template=frames, csp=objects(document_uri=texts, effective_directive=texts, status_code=numbers),
    errors=st.lists(objects(type=texts, name=texts, value=anything), max_size=60),
    _meta=annotations,
)  # fmt: skip


@given(payloads)
@settings(max_examples=150)
def test_an_event_is_in_normal_form_at_once(payload):
    stored = _encode(normalized(json.dumps(payload).encode(), sent_at=RECEIVED_AT - 4000))
    assert _encode(normalized(stored)) == stored


@given(payloads)
@settings(max_examples=100)
def test_the_decoded_way_and_the_lenient_way_give_the_same_event(payload):
    body = json.dumps(payload).encode()
    try:
        sent = decode_well_formed(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    event, notes = read_payload(sent, ID, RECEIVED_AT)
    other, other_notes = read_payload(decode_any_form(body), ID, RECEIVED_AT)
    assert event == other
    assert notes.errors == other_notes.errors


@given(payloads)
@settings(max_examples=100)
def test_an_event_is_bounded_in_counts_depth_and_size(payload):
    body = json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
    try:
        event = normalized(body)
    except ProtocolError:
        return
    assert_bounded(event, len(body))


def assert_bounded(event: Event, sent_bytes: int) -> None:
    traces = [one.stacktrace for one in (*event.exception, *event.threads, event) if one.stacktrace]
    counts = [
        (event.exception, limits.MAX_EXCEPTIONS),
        (event.threads, limits.MAX_THREADS),
        (event.breadcrumbs, limits.MAX_BREADCRUMBS),
        (event.contexts, limits.MAX_CONTEXTS),
        (event.fingerprint, limits.MAX_FINGERPRINT_PARTS),
        (event.errors, limits.MAX_ERRORS),
        (event.tags, limits.MAX_TAGS + 30),
        *((trace.frames, limits.MAX_FRAMES) for trace in traces),
    ]
    for found, most in counts:
        assert len(found) <= most
    stored = _encode(event)
    # Quotation marks in what becomes text are escaped, and a path may stand in for another.
    assert len(stored) <= 3 * sent_bytes + OWN_BYTES
    assert depth_of(json.loads(stored)) <= 20


def depth_of(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth_of, inner), default=0)


@pytest.mark.parametrize(
    "payload",
    [
        {"exception": [{"type": "T", "value": "v" * 4000}] * 1000},
        {"threads": [{"stacktrace": {"frames": [{"function": "f"}] * 900}}] * 60},
        {"exception": [{"stacktrace": {"frames": [{"pre_context": ["l"] * 900}] * 300}}]},
        {"breadcrumbs": [{"message": "m" * 900, "data": {"a": "x" * 9000}}] * 300},
        {"extra": {f"k{number}": {"v": "x" * 9000} for number in range(300)}},
        {"tags": {f"k{number}": "x" * 900 for number in range(3000)}},
        {"contexts": {f"k{number}": {"v": "x" * 9000} for number in range(300)}},
        {
            "request": {
                "data": "x" * 3_000_000,
                "headers": {"H": "x" * 900_000},
                "url": "u" * 90_000,
            }
        },
        {"modules": {f"k{number}": "x" * 900 for number in range(3000)}},
        {"debug_meta": {"images": [{"type": "jvm", "debug_id": ID}] * 9000}},
        {"fingerprint": ["x" * 90_000] * 40},
        {"message": "x" * 3_000_000},
        {"errors": [{"type": "t" * 9000}, *[{"type": "t", "value": "x" * 9000}] * 300]},
        {"_meta": {"a" * 90_000: {"": {"len": 1}}}},
        {"user": {"id": "x" * 9000, "data": {"a": "x" * 90_000}}},
        {"sdk": {"name": "n", "integrations": ["i"] * 9000, "settings": {"a": "x" * 9000}}},
    ],
    ids=lambda payload: next(iter(payload)),
)
def test_what_is_far_too_large_is_cut_with_a_note(payload):
    body = json.dumps(payload).encode()
    event = normalized(body)
    assert_bounded(event, len(body))
    assert len(_encode(event)) < max(len(body) / 2, OWN_BYTES)
    assert event.errors or "sdk" in payload or "_meta" in payload


def test_every_captured_event_is_in_normal_form_at_once():
    for capture in captures.read_captures():
        for payload in captures.event_payloads(capture):
            stored = _encode(normalized(payload))
            assert _encode(normalized(stored)) == stored
