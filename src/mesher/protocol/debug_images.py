"""The loaded images of an event, by which source maps and symbols are found."""

from __future__ import annotations

from typing import Any

import msgspec

from mesher.protocol import limits
from mesher.protocol.addresses import (
    canonical_code_id,
    canonical_debug_id,
    hexadecimal_address,
)
from mesher.protocol.bounded import NameText, PathText, SizeBytes
from mesher.protocol.event import DebugImage, DebugMeta, ImageType
from mesher.protocol.free_form import Bag5
from mesher.protocol.lenient import Notes, StructReader, TypedReader, shorten

_TYPES: dict[str, ImageType] = {
    "macho": "macho", "apple": "macho", "elf": "elf", "pe": "pe", "pe_dotnet": "pe_dotnet",
    "symbolic": "symbolic", "wasm": "wasm", "proguard": "proguard", "jvm": "jvm",
    "sourcemap": "sourcemap",
}  # fmt: skip
# Those that are found by their identifier alone.
_NEEDS_DEBUG_ID = frozenset(["proguard", "jvm", "sourcemap"])


class _SentImage(msgspec.Struct, kw_only=True, gc=False):
    """An image under all names that its attributes have had."""

    type: NameText | None = None
    debug_id: NameText | None = None
    id: NameText | None = None
    uuid: NameText | None = None
    code_id: NameText | None = None
    code_file: PathText | None = None
    name: PathText | None = None
    debug_file: PathText | None = None
    debug_checksum: NameText | None = None
    image_addr: NameText | None = None
    image_vmaddr: NameText | None = None
    image_size: SizeBytes | None = None
    arch: NameText | None = None


class SentDebugMeta(msgspec.Struct, kw_only=True, gc=False):
    """The images as most SDKs send them; what differs is read leniently."""

    images: list[_SentImage] | None = None
    sdk_info: Bag5 | None = None


def read_debug_meta(given: SentDebugMeta | msgspec.Raw, notes: Notes) -> DebugMeta | None:
    """
    Read the loaded images, in the order in which they were sent.

    Left out are images of unknown types, those that nothing can be found by, and what is above
    ``MAX_IMAGES``.
    """
    sent = _typed_debug_meta(given, notes, "debug_meta")
    if sent is None:
        return None
    images = sent.images or []
    if len(images) > limits.MAX_IMAGES:
        notes.add("value_too_long", "debug_meta.images", len(images))
    read = [
        _read_image(image, notes, f"debug_meta.images.{index}")
        for index, image in enumerate(images[: limits.MAX_IMAGES])
    ]
    kept = [image for image in read if image is not None]
    sdk_info = shorten(sent.sdk_info or {}, limits.SMALL_BAG, notes, "debug_meta.sdk_info") or None
    return DebugMeta(images=kept, sdk_info=sdk_info) if kept or sdk_info else None


def _read_image(sent: _SentImage, notes: Notes, path: str) -> DebugImage | None:
    kind = _TYPES.get(sent.type or "")
    if kind is None:
        notes.invalid(f"{path}.type", sent.type)
        return None
    image = DebugImage(
        type=kind,
        debug_id=_canonical(
            sent.debug_id or sent.id or sent.uuid, canonical_debug_id, notes, path, "debug_id"
        ),
        code_id=_canonical(sent.code_id, canonical_code_id, notes, path, "code_id"),
        code_file=sent.code_file or sent.name or None,
        debug_file=sent.debug_file or None,
        debug_checksum=sent.debug_checksum or None,
        image_addr=_canonical(sent.image_addr, hexadecimal_address, notes, path, "image_addr"),
        image_vmaddr=_canonical(
            sent.image_vmaddr, hexadecimal_address, notes, path, "image_vmaddr"
        ),
        image_size=sent.image_size,
        arch=sent.arch or None,
    )
    if missing := _missing(image):
        notes.add("missing_attribute", f"{path}.{missing}")
        return None
    return image


def _canonical(given: str | None, spell: Any, notes: Notes, path: str, name: str) -> str | None:
    if not given:
        return None
    found: str | None = spell(given)
    if found is None:
        notes.invalid(f"{path}.{name}", given)
    return found


def _missing(image: DebugImage) -> str | None:
    """The attribute without which an image of its type is of no use."""
    if image.type in _NEEDS_DEBUG_ID:
        if image.debug_id is None:
            return "debug_id"
        return "code_file" if image.type == "sourcemap" and image.code_file is None else None
    return None if image.debug_id or image.code_id or image.code_file else "debug_id"


def _read_images(value: Any, notes: Notes, path: str) -> list[_SentImage] | None:
    if not isinstance(value, list):
        notes.invalid(path, value)
        return None
    read = (
        _read_sent_image(image, notes, f"{path}.{index}")
        for index, image in enumerate(value)
        if image is not None
    )
    return [image for image in read if image is not None]


def _read_address(value: Any, notes: Notes, path: str) -> str | None:
    address = hexadecimal_address(value)
    if address is None:
        notes.invalid(path, value)
    return address


def _read_size(value: Any, notes: Notes, path: str) -> int | None:
    """A size; some write it like an address."""
    address = _read_address(value, notes, path)
    if address is None:
        return None
    size = int(address, 16)
    if size > limits.MAX_SIZE_BYTES:
        notes.invalid(path, size)
        return None
    return size


_read_sent_image = StructReader(
    _SentImage,
    {"image_addr": _read_address, "image_vmaddr": _read_address, "image_size": _read_size},
)
_typed_debug_meta: TypedReader[SentDebugMeta | None] = TypedReader(
    SentDebugMeta, StructReader(SentDebugMeta, {"images": _read_images})
)
