"""What software an event comes from: client library and installed packages."""

from __future__ import annotations

from typing import Any

import msgspec

from mesher.protocol import limits
from mesher.protocol.event import Sdk, SdkPackage
from mesher.protocol.json_text import clean_text
from mesher.protocol.lenient import Notes, StructReader, TypedReader, lenient_text, shorten

Modules = dict[str, str | None]  # version by name


def read_sdk(given: Sdk | msgspec.Raw, notes: Notes) -> Sdk | None:
    """Read the description of the client library."""
    sdk = _typed_sdk(given, notes, "sdk")
    if sdk is None:
        return None
    sdk.integrations = (sdk.integrations or [])[: limits.MAX_PAIRS] or None
    sdk.features = (sdk.features or [])[: limits.MAX_PAIRS] or None
    sdk.packages = (sdk.packages or [])[: limits.MAX_PAIRS] or None
    sdk.settings = shorten(sdk.settings or {}, limits.SMALL_BAG, notes, "sdk.settings") or None
    return sdk


def split_client(client: str | None) -> Sdk | None:
    """The SDK from the ``sentry_client`` of the credentials: ``sentry.python/2.75.0``."""
    if not client:
        return None
    name, _, version = clean_text(client[: limits.VALUE_CHARACTERS[0]]).partition("/")
    longest = limits.TYPE_CHARACTERS[0]
    return Sdk(name=name[:longest] or None, version=version[:longest] or None)


def read_modules(given: Modules | msgspec.Raw, notes: Notes) -> Modules:
    """Read the installed packages with their versions."""
    modules = _typed_modules(given, notes, "modules")
    kept: Modules = shorten(modules, limits.MODULES_BAG, notes, "modules")
    return kept


def _lenient_modules(value: Any, notes: Notes, path: str) -> Modules:
    if not isinstance(value, dict):
        notes.invalid(path, value)
        return {}
    return {name: lenient_text(version) for name, version in value.items()}


def _read_names(value: Any, _notes: Notes, _path: str) -> list[str] | None:
    if not isinstance(value, list):
        return None
    return [name for name in value if isinstance(name, str) and len(name) <= _NAME_LENGTH]


def _read_packages(value: Any, notes: Notes, path: str) -> list[SdkPackage] | None:
    if not isinstance(value, list):
        return None
    packages = (_read_package(package, notes, path) for package in value)
    return [package for package in packages if package is not None]


_NAME_LENGTH = sum(limits.NAME_CHARACTERS)
_read_package = StructReader(SdkPackage, {})
_typed_sdk: TypedReader[Sdk | None] = TypedReader(
    Sdk,
    StructReader(
        Sdk, {"integrations": _read_names, "features": _read_names, "packages": _read_packages}
    ),
)
_typed_modules: TypedReader[Modules] = TypedReader(Modules, _lenient_modules)
