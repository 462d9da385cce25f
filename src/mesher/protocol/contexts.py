"""Contexts and extra data: what SDKs and users attach in free form."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from mesher.protocol import limits
from mesher.protocol.free_form import Bag7, flatten, json_size
from mesher.protocol.lenient import Notes, TypedReader, shorten

SentContexts = dict[str, Bag7 | None]

_TRACE_ID = re.compile(r"[0-9A-Fa-f]{32}")


def read_contexts(given: SentContexts | msgspec.Raw, notes: Notes) -> dict[str, dict[str, Any]]:
    """Read the contexts: a map of maps, each with its ``type``; others are left out."""
    found = _typed_contexts(given, notes, "contexts")
    contexts: dict[str, dict[str, Any]] = {}
    for name, context in list(found.items())[: limits.MAX_CONTEXTS]:
        if context is None:
            continue
        contexts[name] = shorten(context, limits.CONTEXT_BAG, notes, f"contexts.{name}")
        contexts[name].setdefault("type", name)
    trace = contexts.get("trace", {})
    if "trace_id" in trace and not _is_trace_id(trace["trace_id"]):
        notes.invalid("contexts.trace.trace_id", trace.pop("trace_id"))
    return contexts


def read_extra(given: Bag7 | msgspec.Raw, notes: Notes) -> dict[str, Any]:
    """Read the free-form data that users attach."""
    found = _typed_extra(given, notes, "extra")
    if json_size(found) <= limits.EXTRA_ENTRY_BAG[0]:
        return found
    entries = {
        key: shorten(inner, limits.EXTRA_ENTRY_BAG, notes, f"extra.{key}")
        for key, inner in found.items()
    }
    bounded: dict[str, Any] = shorten(entries, limits.EXTRA_BAG, notes, "extra")
    return bounded


def _is_trace_id(value: object) -> bool:
    return isinstance(value, str) and _TRACE_ID.fullmatch(value) is not None


def _lenient_contexts(value: Any, notes: Notes, path: str) -> SentContexts:
    if not isinstance(value, dict):
        notes.invalid(path, value)
        return {}
    return {
        name: flatten(context, limits.CONTEXT_BAG[1])
        for name, context in value.items()
        if isinstance(context, dict)
    }


def _lenient_extra(value: Any, notes: Notes, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        notes.invalid(path, value)
        return {}
    extra: dict[str, Any] = flatten(value, limits.EXTRA_BAG[1])
    return extra


_typed_contexts: TypedReader[SentContexts] = TypedReader(SentContexts, _lenient_contexts)
_typed_extra: TypedReader[dict[str, Any]] = TypedReader(Bag7, _lenient_extra)
