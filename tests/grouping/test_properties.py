"""
The fingerprint does not depend on key order, on absent against null, or on fields that it does not name.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from grouping.test_fingerprint import normalized, payloads
from mesher.grouping.fingerprint import group

# All that a fingerprint is made of, by what holds it; everything else of an event is not named.
NAMED = {
    "event": {"platform", "level", "type", "exception", "threads", "stacktrace", "message", "logentry",
              "fingerprint", "checksum", "transaction", "template", "csp"},
    "exception": {"type", "value", "mechanism", "stacktrace"},
    "mechanism": {"type", "synthetic", "exception_id", "parent_id", "is_exception_group"},
    "frame": {"function", "module", "filename", "abs_path", "context_line", "in_app", "package"},
}  # fmt: skip

ELSE = {
    "event": {"release": "2.0", "dist": "7", "environment": "test", "server_name": "web-2",
              "user": {"id": "7"}, "extra": {"a": 1}, "modules": {"flask": "3.1"},
              "breadcrumbs": [{"message": "b"}], "contexts": {"os": {"name": "Linux"}},
              "request": {"url": "https://a/b"}, "sdk": {"name": "s", "version": "1"},
              "timestamp": 1_795_534_000.0, "site": "s", "unheard_of": [{"x": None}]},
    "exception": {"module": "shop.errors", "thread_id": 7, "raw_stacktrace": {"frames": [{"function": "x"}]}},
    "mechanism": {"handled": False, "description": "d", "data": {"x": 1}},
    "frame": {"lineno": 7, "colno": 3, "vars": {"x": "1"}, "pre_context": ["a"], "post_context": ["b"],
              "instruction_addr": "0x7f", "source_link": "https://a/b#L1"},
}  # fmt: skip


def changed(payload: dict[str, Any], change: Any) -> dict[str, Any]:
    """A payload with ``change(kind, mapping)`` in place of each of its mappings."""

    def trace(value: dict[str, Any]) -> dict[str, Any]:
        return {"frames": [change("frame", frame) for frame in value["frames"]]}

    def exception(value: dict[str, Any]) -> dict[str, Any]:
        value = dict(value)
        if "mechanism" in value:
            value["mechanism"] = change("mechanism", value["mechanism"])
        if "stacktrace" in value:
            value["stacktrace"] = trace(value["stacktrace"])
        return change("exception", value)

    payload = dict(payload)
    if "exception" in payload:
        payload["exception"] = [exception(one) for one in payload["exception"]]
    if "stacktrace" in payload:
        payload["stacktrace"] = trace(payload["stacktrace"])
    return change("event", payload)


@given(payloads, st.randoms())
def test_the_order_of_keys_does_not_matter(payload, chance):
    def shuffled(_: str, mapping: dict[str, Any]) -> dict[str, Any]:
        keys = list(mapping)
        chance.shuffle(keys)
        return {key: mapping[key] for key in keys}

    assert group(normalized(changed(payload, shuffled))) == group(normalized(payload))


@given(payloads)
def test_what_is_null_is_as_if_it_were_absent(payload):
    def with_nulls(kind: str, mapping: dict[str, Any]) -> dict[str, Any]:
        return {**dict.fromkeys(sorted(NAMED[kind] | set(ELSE[kind]))), **mapping}

    fingerprint = group(normalized(payload)).fingerprint
    assert group(normalized(changed(payload, with_nulls))).fingerprint == fingerprint


@given(payloads, st.data())
def test_what_the_fingerprint_does_not_name_does_not_matter(payload, data):
    def with_others(kind: str, mapping: dict[str, Any]) -> dict[str, Any]:
        names = data.draw(st.sets(st.sampled_from(sorted(ELSE[kind]))))
        return {**mapping, **{name: ELSE[kind][name] for name in names}}

    fingerprint = group(normalized(payload)).fingerprint
    assert group(normalized(changed(payload, with_others))).fingerprint == fingerprint
