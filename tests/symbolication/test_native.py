"""Events of native code with addresses tell of functions and lines."""

from __future__ import annotations

import uuid

import pytest

from mesher.errors import TooLarge
from mesher.symbolication import debug_file, debug_symbols
from mesher.symbolication.debug_file import read_debug_file
from mesher.symbolication.event import symbolicate
from mesher.symbolication.outcome import Awaited
from mesher.symbolication.resolver import Resolver
from shelves import MemoryShelf

PROJECT = uuid.UUID(int=7)
# A Breakpad file, which says in words what other formats say in sections: total() from 0x1000, and
# price() inlined into it at 0x1010.
SYMBOLS = b"""\
MODULE Linux x86_64 A1B2C3D4E5F60718293A4B5C6D7E8F900 libshop.so
INFO CODE_ID D4C3B2A1F6E51807293A4B5C6D7E8F90
FILE 0 /src/shop/cart.cpp
FILE 1 /src/shop/price.cpp
INLINE_ORIGIN 0 price(int)
FUNC 1000 40 0 _ZN4shop4Cart5totalEi
INLINE 0 21 0 0 1010 10
1000 10 20 0
1010 10 7 1
1020 20 22 0
"""
DEBUG_ID = "a1b2c3d4-e5f6-0718-293a-4b5c6d7e8f90"
BEGIN = 0x7F00_0000_0000


def payload(*addresses, image=None, **frame):
    return {
        "platform": "native",
        "exception": {
            "values": [
                {
                    "type": "SIGSEGV",
                    "stacktrace": {"frames": [{"instruction_addr": a, **frame} for a in addresses]},
                }
            ]
        },
        "debug_meta": {
            "images": [
                {
                    "type": "elf",
                    "code_file": "/usr/lib/libshop.so",
                    "debug_id": DEBUG_ID.upper(),
                    "image_addr": hex(BEGIN),
                    "image_size": 0x2000,
                    **(image or {}),
                }
            ]
        },
    }


@pytest.fixture
def ask():
    return Resolver(MemoryShelf().upload_debug_file(SYMBOLS)).answer


def calls(event):
    return [(f.function, f.filename, f.lineno) for f in event.exception[0].stacktrace.frames]


def test_the_ids_of_a_debug_file_are_read():
    (found,) = read_debug_file(SYMBOLS)
    assert (found.format, found.debug_id, found.arch) == ("breakpad", DEBUG_ID, "x86_64")
    assert "debug" in found.features


def test_an_address_becomes_function_file_and_line(normalized, ask):
    event = normalized(payload(hex(BEGIN + 0x1022)))
    symbolicate(event, PROJECT, ask)
    assert calls(event) == [("shop::Cart::total(int)", "cart.cpp", 22)]
    assert event.exception[0].stacktrace.frames[0].abs_path == "/src/shop/cart.cpp"
    assert event.exception[0].raw_stacktrace.frames[0].function is None


def test_a_call_that_was_inlined_is_a_frame_of_its_own(normalized, ask):
    event = normalized(payload(hex(BEGIN + 0x1014)))
    symbolicate(event, PROJECT, ask)
    assert calls(event) == [
        ("shop::Cart::total(int)", "cart.cpp", 21),
        ("price(int)", "price.cpp", 7),
    ]


def test_a_caller_is_looked_up_at_its_call_and_not_where_it_returns_to(normalized, ask):
    # 0x1020 is the first address behind the inlined call.
    event = normalized(payload(hex(BEGIN + 0x1020), hex(BEGIN + 0x1004)))
    symbolicate(event, PROJECT, ask)
    assert [line for _, _, line in calls(event)] == [21, 7, 20]


def test_an_address_may_be_relative_to_a_binary(normalized, ask):
    event = normalized(payload("0x1022", addr_mode="rel:0"))
    symbolicate(event, PROJECT, ask)
    assert calls(event) == [("shop::Cart::total(int)", "cart.cpp", 22)]


@pytest.mark.parametrize(
    ("address", "note"),
    [
        (hex(BEGIN + 0x1F00), "native_missing_symbol"),  # in the binary, in no function
        (hex(BEGIN - 1), None),
        (hex(BEGIN + 0x2000), None),
        (None, None),
    ],
)
def test_an_address_outside_of_functions_or_binaries_stays(normalized, ask, address, note):
    event = normalized(payload(address, function="raw"))
    symbolicate(event, PROJECT, ask)
    assert [name for name, _, _ in calls(event)] == ["raw"]
    assert [error.type for error in event.errors] == ([note] if note else [])


@pytest.mark.parametrize("mode", ["rel:7", "rel:x", "rel:"])
def test_a_frame_of_a_binary_that_is_not_listed_stays(normalized, ask, mode):
    event = normalized(payload("0x1022", addr_mode=mode))
    outcome = symbolicate(event, PROJECT, ask)
    assert outcome.mapped == 0


def test_a_debug_file_that_nobody_uploaded_is_told_and_awaited(normalized):
    event = normalized(payload(hex(BEGIN + 0x1022)))
    for ask in (Resolver(MemoryShelf()).answer, None):
        outcome = symbolicate(event, PROJECT, ask)
        assert [(e.type, e.name) for e in event.errors] == [
            ("native_missing_dsym", "/usr/lib/libshop.so")
        ]
        assert outcome.awaited == {Awaited("debug_file", DEBUG_ID)}


def test_an_image_that_says_nothing_usable_is_passed_over(normalized, ask):
    for image in ({"image_addr": None}, {"debug_id": None}, {"type": "dart"}):
        event = normalized(payload(hex(BEGIN + 0x1022), image=image))
        assert symbolicate(event, PROJECT, ask).mapped == 0


def test_an_address_before_the_begin_of_a_binary_is_in_none(normalized, ask):
    event = normalized(payload("0x0", "0x0", addr_mode="rel:0", function="raw"))
    assert symbolicate(event, PROJECT, ask).mapped == 0


@pytest.mark.parametrize(
    ("limit", "problem"), [(10, "symbolication_too_large"), (10**6, "native_bad_dsym")]
)
def test_a_debug_file_that_cannot_be_read_is_told(normalized, monkeypatch, limit, problem):
    shelf = MemoryShelf().upload_debug_file(SYMBOLS)
    # As another version of the library may have read it.
    shelf._debug = [(found, SYMBOLS.replace(b"A1B2", b"FFFF")) for found, _ in shelf._debug]
    monkeypatch.setattr(debug_symbols, "MAX_RESOLVED_BYTES", limit)
    event = normalized(payload(hex(BEGIN + 0x1022)))
    symbolicate(event, PROJECT, Resolver(shelf).answer)
    assert [error.type for error in event.errors] == [problem]


@pytest.mark.parametrize(
    ("blob", "kind"),
    [
        (b"BCSymbolMap Version: 2.0\n_a\n", "bcsymbolmap"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE plist>', "uuidmap"),
        (b'["a", "b"]', "json"),
    ],
)
def test_files_that_do_not_say_whose_they_are_keep_the_id_of_their_upload(blob, kind):
    (found,) = read_debug_file(blob, debug_id=DEBUG_ID.upper())
    assert (found.format, found.debug_id) == (kind, DEBUG_ID)


def test_a_debug_file_over_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(debug_file, "MAX_DEBUG_FILE_BYTES", 10)
    with pytest.raises(TooLarge):
        read_debug_file(SYMBOLS)
