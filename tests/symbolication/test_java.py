"""Events of obfuscated Java and Kotlin tell of the classes and methods that people wrote."""

from __future__ import annotations

import uuid

import pytest

from mesher.symbolication import mappings
from mesher.symbolication.event import may_be_built, symbolicate
from mesher.symbolication.outcome import Awaited
from mesher.symbolication.resolver import Resolver
from shelves import MemoryShelf

PROJECT = uuid.UUID(int=7)
MAPPING_ID = "6dbf33a4-2ac0-4c05-8b8f-1d3c8d0c4d7b"
# As R8 writes it: lines 1 to 3 of a() are charge(), into which priceOf() was inlined at line 2.
MAPPING = b"""\
# compiler: R8
# compiler_version: 8.1.56
shop.Checkout -> a.b:
# {"id":"sourceFile","fileName":"Checkout.kt"}
    1:1:void charge(int):20:20 -> a
    2:2:int shop.Prices.priceOf(java.lang.String):9:9 -> a
    2:2:void charge(int):21 -> a
    3:3:void charge(int):22:22 -> a
shop.NoPrice -> a.c:
"""


def payload(*frames, module="a", kind="c", **more):
    return {
        "platform": "java",
        "exception": {
            "values": [
                {
                    "type": kind,
                    "module": module,
                    "stacktrace": {"frames": [{"in_app": True, **frame} for frame in frames]},
                }
            ]
        },
        "debug_meta": {"images": [{"type": "proguard", "uuid": MAPPING_ID.upper()}]},
        **more,
    }


def resolver(blob=MAPPING):
    return Resolver(MemoryShelf().upload_debug_file(blob, MAPPING_ID))


def calls(event):
    return [(f.module, f.function, f.lineno) for f in event.exception[0].stacktrace.frames]


def test_a_frame_is_mapped_and_what_was_inlined_into_it_is_newer(normalized):
    event = normalized(
        payload(
            {"module": "android.app.Main", "function": "run", "lineno": 4},
            {"module": "a.b", "function": "a", "lineno": 3},
            {"module": "a.b", "function": "a", "lineno": 2},
        )
    )
    assert may_be_built(event)
    outcome = symbolicate(event, PROJECT, resolver().answer)

    assert calls(event) == [
        ("android.app.Main", "run", 4),
        ("shop.Checkout", "charge", 22),
        ("shop.Checkout", "charge", 21),
        ("shop.Prices", "priceOf", 9),
    ]
    assert [f.filename for f in event.exception[0].stacktrace.frames[1:]] == [
        "Checkout.kt",
        "Checkout.kt",
        "Prices.java",
    ]
    assert calls_raw(event) == [("android.app.Main", "run", 4), ("a.b", "a", 3), ("a.b", "a", 2)]
    assert outcome.mapped == 2
    assert event.errors == []


def calls_raw(event):
    return [(f.module, f.function, f.lineno) for f in event.exception[0].raw_stacktrace.frames]


def test_the_type_of_an_exception_is_mapped(normalized):
    event = normalized(payload({"module": "a.b", "function": "a", "lineno": 1}))
    symbolicate(event, PROJECT, resolver().answer)
    assert (event.exception[0].module, event.exception[0].type) == ("shop", "NoPrice")


def test_a_frame_of_an_unknown_method_has_its_class_mapped(normalized):
    event = normalized(payload({"module": "a.b", "function": "zz", "lineno": 1}))
    symbolicate(event, PROJECT, resolver().answer)
    assert calls(event) == [("shop.Checkout", "zz", 1)]


def test_a_mapping_that_nobody_uploaded_is_told_and_awaited(normalized):
    event = normalized(payload({"module": "a.b", "function": "a", "lineno": 1}))
    for ask in (Resolver(MemoryShelf()).answer, None):
        outcome = symbolicate(event, PROJECT, ask)
        assert [error.type for error in event.errors] == ["proguard_missing_mapping"]
        assert outcome.awaited == {Awaited("debug_file", MAPPING_ID)}
    assert calls(event) == [("a.b", "a", 1)]


@pytest.mark.parametrize(
    ("limit", "problem"), [(10, "symbolication_too_large"), (10**6, "native_bad_dsym")]
)
def test_a_mapping_that_cannot_be_read_is_told(normalized, monkeypatch, limit, problem):
    monkeypatch.setattr(mappings, "MAX_RESOLVED_BYTES", limit)

    def fail(path):
        raise OSError(path)

    monkeypatch.setattr(mappings.ProguardMapper, "open", fail)  # the library takes any text
    event = normalized(payload({"module": "a.b", "function": "a", "lineno": 1}))
    outcome = symbolicate(event, PROJECT, resolver().answer)
    assert [error.type for error in event.errors] == [problem]
    assert outcome.awaited == set()
