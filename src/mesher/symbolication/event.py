"""The one entry point: the stack traces of an event in terms of the source that people wrote."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from mesher.protocol.event import Event, ExceptionValue, Stacktrace, Thread
from mesher.protocol.limits import MAX_ERRORS
from mesher.symbolication import problems
from mesher.symbolication.java import PLATFORM as JAVA
from mesher.symbolication.java import map_java
from mesher.symbolication.javascript import PLATFORMS as JAVASCRIPT
from mesher.symbolication.javascript import map_javascript
from mesher.symbolication.native import has_native_images, map_native
from mesher.symbolication.outcome import Ask, Outcome
from mesher.symbolication.queries import Origin


def may_be_built(event: Event) -> bool:
    """Whether frames of the event may be of built code: cheap, and asked of each event."""
    return (event.debug_meta is not None or event.platform in JAVASCRIPT) and next(
        _holders(event), None
    ) is not None


def symbolicate(event: Event, project_id: uuid.UUID, ask: Ask | None) -> Outcome:
    """
    Map the frames of an event, in place.

    What the SDK sent stays as ``raw_stacktrace`` wherever a frame was mapped, and the event's
    ``errors`` tell of what could not be. An event that was mapped before begins anew from its raw
    stack traces, so that what was uploaded meanwhile counts.

    Args:
        event: normalised.
        project_id: whose event it is.
        ask: answers queries; ``None`` where the project has uploaded nothing.
    """
    holders = list(_holders(event))
    traces = [holder.stacktrace for holder in holders if holder.stacktrace]
    if ask is None:  # nothing will change, so nothing is copied
        outcome = _map(event, traces, project_id, None)
        _keep_notes(event, outcome)
        return outcome
    for holder in holders:
        if holder.raw_stacktrace is not None and _is_ours(holder):
            holder.stacktrace, holder.raw_stacktrace = holder.raw_stacktrace, None
    traces = [holder.stacktrace for holder in holders if holder.stacktrace]
    before = [_copied(trace) for trace in traces]
    outcome = _map(event, traces, project_id, ask)
    for holder, trace, raw in zip(holders, traces, before, strict=True):
        if _differ(trace, raw):
            holder.raw_stacktrace = raw
    _keep_notes(event, outcome)
    return outcome


def _keep_notes(event: Event, outcome: Outcome) -> None:
    others = [error for error in event.errors if error.type not in problems.KINDS]
    event.errors = (others + list(outcome.notes.values()))[:MAX_ERRORS]


def _map(event: Event, traces: list[Stacktrace], project_id: uuid.UUID, ask: Ask | None) -> Outcome:
    origin = Origin(project_id=project_id, release=event.release or "", dist=event.dist or "")
    outcome = Outcome()
    if event.platform in JAVASCRIPT or any(
        frame.platform in JAVASCRIPT for trace in traces for frame in trace.frames
    ):
        outcome.add(map_javascript(event, traces, origin, ask))
    if event.platform == JAVA:
        outcome.add(map_java(event, traces, origin, ask))
    if has_native_images(event):
        outcome.add(map_native(event, traces, origin, ask))
    return outcome


Holder = ExceptionValue | Thread | Event


def _holders(event: Event) -> Iterator[Holder]:
    """What of the event has a stack trace."""
    for exception in event.exception:
        if exception.stacktrace is not None:
            yield exception
    for thread in event.threads:
        if thread.stacktrace is not None:
            yield thread
    if event.stacktrace is not None:
        yield event


def _is_ours(holder: Holder) -> bool:
    """Whether we mapped it; the raw stack trace may be the SDK's own."""
    frames = holder.stacktrace.frames if holder.stacktrace else []
    return any(
        frame.data is not None and ("sourcemap" in frame.data or "mapped" in frame.data)
        for frame in frames
    )


def _differ(after: Stacktrace, before: Stacktrace) -> bool:
    return len(after.frames) != len(before.frames) or any(
        new is not old for new, old in zip(after.frames, before.frames, strict=True)
    )


def _copied(trace: Stacktrace) -> Stacktrace:
    """A copy whose list of frames is its own: mapping replaces frames and changes none."""
    return Stacktrace(
        frames=trace.frames, registers=trace.registers, frames_omitted=trace.frames_omitted
    )
