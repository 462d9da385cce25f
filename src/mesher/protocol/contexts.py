"""Contexts and extra data: what SDKs and users attach in free form."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from mesher.protocol import limits
from mesher.protocol.free_form import Bag7, flatten, json_size
from mesher.protocol.lenient import Notes, TypedReader, shorten

SentContexts = dict[str, Bag7 | None]

_CONTEXT_BYTES = limits.CONTEXT_BAG[0]
_NAME_LENGTH = sum(limits.NAME_CHARACTERS)
_SPAN_ID = re.compile(r"[0-9A-Fa-f]{16}")
_IDS = {
    "trace_id": re.compile(r"[0-9A-Fa-f]{32}"),
    "span_id": _SPAN_ID,
    "parent_span_id": _SPAN_ID,
}


def read_contexts(given: SentContexts | msgspec.Raw, notes: Notes) -> dict[str, dict[str, Any]]:
    """Read the contexts: a map of maps, each with its ``type``; others are left out."""
    found = _typed_contexts(given, notes, "contexts")
    contexts: dict[str, dict[str, Any]] = {}
    if len(found) > limits.MAX_CONTEXTS:
        notes.add("value_too_long", "contexts", len(found))
    for name, context in list(found.items())[: limits.MAX_CONTEXTS]:
        if context is None:
            continue
        if len(name) > _NAME_LENGTH:
            notes.invalid("contexts", name)
            continue
        if not context.get("type"):
            context["type"] = name
        if json_size(context) > _CONTEXT_BYTES:
            context = _shorten(name, context, notes)  # noqa: PLW2901
        contexts[name] = context
    if "trace" in contexts:
        _check_trace(contexts["trace"], notes)
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


def _shorten(name: str, context: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """A large context within its limit, its type first, so that it is not among what is cut off."""
    bag = limits.FLAGS_BAG if name == "flags" else limits.CONTEXT_BAG
    typed = {"type": context["type"], **context}
    shorter: dict[str, Any] = shorten(typed, bag, notes, f"contexts.{name}")
    return shorter


def _check_trace(trace: dict[str, Any], notes: Notes) -> None:
    """Identifiers of traces and spans are what they are looked up by; others are dropped."""
    for name, pattern in _IDS.items():
        given = trace.get(name)
        if given is None:
            continue
        if not (isinstance(given, str) and pattern.fullmatch(given)):
            notes.invalid(f"contexts.trace.{name}", trace.pop(name))


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
