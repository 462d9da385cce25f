"""Free-form values within their depth and size."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.protocol.free_form import Bag5, cut_to_size, flatten, json_size

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=30,
)


@pytest.mark.parametrize(
    ("value", "depth", "flat"),
    [
        ("text", 0, "text"),
        ({"a": 1}, 1, {"a": 1}),
        ({"a": {"b": 1}}, 1, {"a": '{"b":1}'}),
        ({"a": [1, [2]]}, 2, {"a": [1, "[2]"]}),
    ],
)
def test_what_is_below_the_depth_becomes_its_json_text(value, depth, flat):
    assert flatten(value, depth) == flat


@given(json_values)
def test_what_the_decoder_accepts_is_what_flattening_leaves_alone(value):
    bag = {"key": value}
    accepted = True
    try:
        msgspec.convert(bag, Bag5)
    except msgspec.ValidationError:
        accepted = False
    assert accepted == (flatten(bag, 5) == bag)


@pytest.mark.parametrize(
    ("value", "max_bytes", "shorter", "why"),
    [
        ({"a": 1}, 100, {"a": 1}, "what fits stays"),
        ("a" * 50, 20, "a" * 15 + "...", "a text is cut"),
        ("é" * 50, 20, "é" * 5 + "...", "also one of longer characters"),
        ("\x01" * 50, 20, "...", "and one of escapes"),
        ({"a": "x" * 90, "b": 2}, 50, {"a": "x" * 16 + "...", "b": 2}, "an entry is cut by half"),
        ({"a" * 99: 1, "b": 2}, 50, {"b": 2}, "an entry with a long name goes"),
        ([1, 2, 3, "x" * 99, 4], 20, [1, 2, 3, "...", 4], "in a list too"),
        ([10**30, 1], 12, [], "a list ends where nothing more fits"),
        (10**30, 5, 10**30, "a number is what it is"),
    ],
)
def test_a_value_is_cut_to_size(value, max_bytes, shorter, why):
    assert cut_to_size(value, max_bytes) == shorter, why


@given(json_values, st.integers(10, 300))
def test_maps_and_lists_and_texts_never_stay_over_their_size(value, max_bytes):
    shorter = cut_to_size(value, max_bytes)
    if isinstance(value, dict | list | str):
        assert json_size(shorter) <= max_bytes
    assert type(shorter) is type(value)
    json.loads(msgspec.json.encode(shorter))
