"""Contexts and extra data."""

from __future__ import annotations

import pytest

from mesher.protocol import limits

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    ("given", "kept", "why"),
    [
        ({"os": {"name": "x"}}, {"os": {"name": "x", "type": "os"}}, "its type is its name"),
        ({"a": {"type": "os"}}, {"a": {"type": "os"}}, "unless it says another"),
        ({"a": None, "b": {}}, {"b": {"type": "b"}}, "null is absent"),
        ({"a": 7, "b": {}}, {"b": {"type": "b"}}, "what is no map is left out"),
        ({"trace": {"trace_id": TRACE_ID}}, {"trace": {"trace_id": TRACE_ID, "type": "trace"}}, ""),
        ({"trace": {"trace_id": "x", "op": "o"}}, {"trace": {"op": "o", "type": "trace"}}, "no id"),
        ({"trace": {"trace_id": 7}}, {"trace": {"type": "trace"}}, "nor this"),
        ([], {}, "an empty map of PHP's"),
        ("x", {}, "no map"),
    ],
)
def test_contexts_are_read(read, given, kept, why):
    assert read({"contexts": given}).contexts == kept, why


def test_contexts_are_bounded_in_number_depth_and_size(read, noted):
    many = {f"c{number}": {} for number in range(limits.MAX_CONTEXTS + 1)}
    assert len(read({"contexts": many}).contexts) == limits.MAX_CONTEXTS
    deep = {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": 1}}}}}}}}
    context = read({"contexts": {"x": deep}}).contexts["x"]
    assert context["a"]["b"]["c"]["d"]["e"]["f"]["g"] == '{"h":1}'
    event = read({"contexts": {"a": {"b": "x" * 9000}}})
    assert len(event.contexts["a"]["b"]) < 8192
    assert noted(event) == [("value_too_long", "contexts.a")]


@pytest.mark.parametrize(
    ("given", "kept", "why"),
    [
        ({"a": {"b": [1]}}, {"a": {"b": [1]}}, "any JSON"),
        ({"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}, None, "within the depth"),
        ([], {}, "an empty map of PHP's"),
        (["a"], {}, "a list"),
    ],
)
def test_extra_data_is_read(read, given, kept, why):
    assert read({"extra": given}).extra == (given if kept is None else kept), why


def test_deep_extra_data_becomes_text(read):
    deep = {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": 1}}}}}}}}
    extra = read({"extra": deep}).extra
    assert extra["a"]["b"]["c"]["d"]["e"]["f"]["g"] == '{"h":1}'


def test_each_entry_of_extra_is_bounded_and_so_are_all_together(read, noted):
    event = read({"extra": {"a": "x" * 20_000, "b": 1}})
    assert len(event.extra["a"]) < limits.EXTRA_ENTRY_BAG[0]
    assert event.extra["b"] == 1
    assert noted(event) == [("value_too_long", "extra.a")]

    event = read({"extra": {str(number): "x" * 16_000 for number in range(30)}})
    assert sum(map(len, event.extra.values())) <= limits.EXTRA_BAG[0]
    assert noted(event) == [("value_too_long", "extra")]


@pytest.mark.parametrize(
    ("platform", "contexts", "expected", "why"),
    [
        ("javascript", {}, {"browser": "Chrome", "os": "Linux"}, "a browser's own system"),
        ("python", {}, {"browser": "Chrome", "client_os": "Linux"}, "a server's client's"),
        ("javascript", {"browser": {"name": "B"}}, {"browser": "B", "os": "Linux"}, "given wins"),
    ],
)
def test_the_user_agent_completes_the_contexts(read, platform, contexts, expected, why):
    agent = "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0 Safari/537.36"
    request = {"headers": {"user-agent": agent}}
    event = read({"platform": platform, "contexts": contexts, "request": request})
    assert {name: context["name"] for name, context in event.contexts.items()} == expected, why
