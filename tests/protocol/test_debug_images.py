"""The loaded images of an event, of every type and in every spelling."""

from __future__ import annotations

import pytest

from mesher.protocol import limits
from mesher.protocol.event import DebugImage, DebugMeta

UUID = "3249d99d-0c40-4931-8610-f4e4fb0b6936"


def images(read, *given):
    meta = read({"debug_meta": {"images": list(given)}}).debug_meta
    return meta.images if meta else []


@pytest.mark.parametrize(
    ("given", "image", "why"),
    [
        (
            {"type": "sourcemap", "code_file": "https://a/app.js", "debug_id": UUID},
            DebugImage(type="sourcemap", code_file="https://a/app.js", debug_id=UUID),
            "a bundle of JavaScript",
        ),
        (
            {
                "type": "elf",
                "code_id": "F7DC",
                "code_file": "/lib/libc.so.6",
                "debug_id": UUID.upper(),
                "debug_file": "libc.debug",
                "image_addr": 4096,
                "image_size": 8192,
                "image_vmaddr": "0x0",
                "arch": "x86_64",
            },
            DebugImage(
                type="elf",
                code_id="f7dc",
                code_file="/lib/libc.so.6",
                debug_id=UUID,
                debug_file="libc.debug",
                image_addr="0x1000",
                image_size=8192,
                image_vmaddr="0x0",
                arch="x86_64",
            ),
            "a library of Linux, its address a number",
        ),
        (
            {"type": "macho", "debug_id": UUID, "image_addr": "0x0001000"},
            DebugImage(type="macho", debug_id=UUID, image_addr="0x1000"),
            "a library of Apple",
        ),
        (
            {"type": "apple", "uuid": UUID.upper(), "name": "UIKit", "image_addr": "4096"},
            DebugImage(type="macho", debug_id=UUID, code_file="UIKit", image_addr="0x1000"),
            "the same under its old names",
        ),
        (
            {"type": "symbolic", "id": f"{UUID}-1", "name": "app"},
            DebugImage(type="symbolic", debug_id=f"{UUID}-1", code_file="app"),
            "the names of symbolic",
        ),
        (
            {"type": "pe", "debug_id": f"{UUID}-1", "code_id": "5AB380779000"},
            DebugImage(type="pe", debug_id=f"{UUID}-1", code_id="5ab380779000"),
            "a library of Windows",
        ),
        (
            {"type": "pe_dotnet", "debug_id": UUID, "debug_checksum": "SHA256:00"},
            DebugImage(type="pe_dotnet", debug_id=UUID, debug_checksum="SHA256:00"),
            "an assembly of .NET",
        ),
        (
            {"type": "wasm", "code_id": UUID, "code_file": "https://a/app.wasm"},
            DebugImage(type="wasm", code_id=UUID.replace("-", ""), code_file="https://a/app.wasm"),
            "a module of WebAssembly, without a debug id",
        ),
        ({"type": "proguard", "uuid": UUID}, DebugImage(type="proguard", debug_id=UUID), "mapping"),
        ({"type": "jvm", "debug_id": UUID}, DebugImage(type="jvm", debug_id=UUID), "a bundle"),
        (
            {"type": "elf", "code_file": "a", "debug_id": "", "image_size": "0x2000"},
            DebugImage(type="elf", code_file="a", image_size=8192),
            "nothing for an id, a size in hexadecimal",
        ),
    ],
)
def test_an_image_is_kept_under_one_set_of_names(read, given, image, why):
    event = read({"debug_meta": {"images": [given]}})
    assert event.debug_meta.images == [image], why
    assert event.errors == [], why


@pytest.mark.parametrize(
    ("given", "notes", "why"),
    [
        ({"type": "unheard-of"}, ["invalid_data type"], "an unknown type"),
        ({"debug_id": UUID}, ["invalid_data type"], "no type"),
        ({"type": "sourcemap", "debug_id": UUID}, ["missing_attribute code_file"], "no file"),
        (
            {"type": "sourcemap", "debug_id": "x", "code_file": "a"},
            ["invalid_data debug_id", "missing_attribute debug_id"],
            "an id that is none",
        ),
        ({"type": "proguard"}, ["missing_attribute debug_id"], "a mapping without its id"),
        (
            {"type": "elf", "image_addr": "0x1"},
            ["missing_attribute debug_id"],
            "nothing to find by",
        ),
    ],
)
def test_an_image_that_nothing_can_be_found_by_is_left_out(read, noted, given, notes, why):
    event = read({"debug_meta": {"images": [given, {"type": "jvm", "debug_id": UUID}]}})
    assert [image.type for image in event.debug_meta.images] == ["jvm"], why
    prefix = "debug_meta.images.0."
    assert [f"{kind} {name.removeprefix(prefix)}" for kind, name in noted(event)] == notes


@pytest.mark.parametrize("attribute", ["image_addr", "image_vmaddr", "image_size"])
@pytest.mark.parametrize("wrong", ["here", [], -1])
def test_an_address_or_size_that_is_none_costs_nothing_else(read, noted, attribute, wrong):
    event = read({"debug_meta": {"images": [{"type": "elf", "debug_id": UUID, attribute: wrong}]}})
    assert event.debug_meta.images == [DebugImage(type="elf", debug_id=UUID)]
    assert noted(event) == [("invalid_data", f"debug_meta.images.0.{attribute}")]


def test_a_size_beyond_all_memory_is_none(read):
    [image] = images(read, {"type": "elf", "debug_id": UUID, "image_size": 2**63})
    assert image.image_size is None


@pytest.mark.parametrize(
    ("given", "meta"),
    [
        ({"images": []}, None),
        ({}, None),
        ({"images": "odd"}, None),
        ({"images": [None, "odd", 7]}, None),
        ("odd", None),
        (
            {"sdk_info": {"sdk_name": "iOS", "version_major": 17}},
            DebugMeta(sdk_info={"sdk_name": "iOS", "version_major": 17}),
        ),
    ],
)
def test_what_says_nothing_of_images_is_absent(read, given, meta):
    assert read({"debug_meta": given}).debug_meta == meta


def test_images_are_bounded_in_number(read, noted):
    image = {"type": "elf", "debug_id": UUID}
    event = read({"debug_meta": {"images": [image] * (limits.MAX_IMAGES + 1)}})
    assert len(event.debug_meta.images) == limits.MAX_IMAGES
    assert noted(event) == [("value_too_long", "debug_meta.images")]


def test_of_a_source_map_and_its_frame_a_long_path_is_cut_alike(read):
    path = "https://a/" + "x" * 400
    event = read(
        {
            "stacktrace": {"frames": [{"abs_path": path}]},
            "debug_meta": {"images": [{"type": "sourcemap", "code_file": path, "debug_id": UUID}]},
        }
    )
    assert event.debug_meta.images[0].code_file == event.stacktrace.frames[0].abs_path
