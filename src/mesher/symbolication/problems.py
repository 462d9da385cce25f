"""Why a frame could not be mapped, and what its project can do about it. Kept on the event."""

from __future__ import annotations

from typing import Final

from mesher.protocol.event import EventError

# The kinds that begin with js_ are those that Sentry's clients know.
NO_DEBUG_ID: Final = "js_no_debug_id"
MISSING_MAP: Final = "js_missing_source"
INVALID_MAP: Final = "js_invalid_sourcemap"
OUTSIDE: Final = "js_invalid_sourcemap_location"
MISSING_CONTENT: Final = "js_missing_sources_content"
TOO_LARGE: Final = "symbolication_too_large"
TOO_SLOW: Final = "symbolication_too_slow"
FAILED: Final = "symbolication_failed"
MISSING_MAPPING: Final = "proguard_missing_mapping"
MISSING_DEBUG_FILE: Final = "native_missing_dsym"
INVALID_DEBUG_FILE: Final = "native_bad_dsym"
NOT_IN_DEBUG_FILE: Final = "native_missing_symbol"

# What was not there, or not read, yet may come; then the event is looked at again.
AWAITED: Final = frozenset(
    {NO_DEBUG_ID, MISSING_MAP, TOO_SLOW, FAILED, MISSING_MAPPING, MISSING_DEBUG_FILE}
)

_ADVICE: Final = {
    NO_DEBUG_ID: (
        "the event names no debug ID for this file, and nothing that was uploaded for its release"
        " has its URL: run sentry-cli sourcemaps inject on the build before it is deployed, then"
        " sentry-cli sourcemaps upload, or use the bundler plugin"
    ),
    MISSING_MAP: (
        "no source map with this file's debug ID was uploaded to this project: run"
        " sentry-cli sourcemaps upload on the very build that was deployed; the event is then"
        " mapped by itself"
    ),
    INVALID_MAP: (
        "the source map cannot be read: build it anew, check it with"
        " sentry-cli sourcemaps resolve, and upload it again"
    ),
    OUTSIDE: (
        "the source map has nothing for this line and column: the map is of another build than the"
        " file that ran; upload both from one build"
    ),
    MISSING_CONTENT: (
        "the source map does not hold the source, so that no lines can be shown: build with"
        " sourcesContent (TypeScript: inlineSources), or upload the sources too"
    ),
    TOO_LARGE: "the uploaded file is too large to be read: split the bundle into smaller chunks",
    TOO_SLOW: (
        "reading the uploaded file takes long, so the event was stored first; it is mapped within"
        " minutes"
    ),
    FAILED: (
        "the process that reads uploaded files ended unexpectedly, so the event was stored first; it"
        " is mapped within minutes, or the log of this node says why it cannot be"
    ),
    MISSING_MAPPING: (
        "no ProGuard mapping with this id was uploaded to this project: run"
        " sentry-cli upload-proguard --uuid ID mapping.txt, or let the Gradle plugin do it; the"
        " event is then mapped by itself"
    ),
    MISSING_DEBUG_FILE: (
        "no debug file of this binary was uploaded to this project: run"
        " sentry-cli debug-files upload on the build; the event is then mapped by itself"
    ),
    INVALID_DEBUG_FILE: "the debug file cannot be read: upload it again from the build",
    NOT_IN_DEBUG_FILE: (
        "the debug file has no function at this address: upload the one of the very build that ran"
    ),
}
KINDS: Final = frozenset(_ADVICE)


def note(kind: str, file: str, at: str = "") -> EventError:
    """
    The note for an event.

    Args:
        kind: one of the above.
        file: which could not be used.
        at: the place in it, where only some have the problem.
    """
    place = f"{file}:{at}" if at else file
    return EventError(type=kind, name=place, value=_ADVICE[kind])
