"""Frames of obfuscated Java and Kotlin to those of the source, by the ProGuard mapping of the build."""

from __future__ import annotations

from collections.abc import Iterator

from mesher.protocol.event import Event, ExceptionValue, Frame, Stacktrace
from mesher.symbolication.limits import MAX_NAME_LENGTH
from mesher.symbolication.outcome import Ask, Awaited, Outcome
from mesher.symbolication.problems import AWAITED, MISSING_MAPPING
from mesher.symbolication.queries import Answer, Call, Origin, ProguardQuery, Source

PLATFORM = "java"


def mapping_ids(event: Event) -> Iterator[str]:
    """The ids of the mappings that the event names."""
    for image in event.debug_meta.images if event.debug_meta else []:
        if image.type == "proguard" and image.debug_id:
            yield image.debug_id


def map_java(event: Event, traces: list[Stacktrace], origin: Origin, ask: Ask | None) -> Outcome:
    """
    Map the frames and the exceptions' types, in place, by the first mapping that was uploaded.

    A frame into which others were inlined becomes several; in the protocol's order the innermost is
    last. Args as ``map_javascript``.
    """
    outcome = Outcome()
    missing: list[str] = []
    for mapping_id in mapping_ids(event):
        if ask is None:
            answer = Answer(problem=MISSING_MAPPING)
        else:
            calls = list(dict.fromkeys(_calls(event, traces)))
            answer = ask(ProguardQuery(origin=origin, debug_id=mapping_id, places=tuple(calls)))
        if not answer.problem:
            _rewrite(event, traces, dict(zip(calls, answer.results, strict=True)), outcome)
            return outcome
        missing.append(mapping_id)
        outcome.note(answer.problem, mapping_id)
        if answer.problem in AWAITED:
            outcome.awaited.add(Awaited("debug_file", mapping_id))
    return outcome


def _is_java(event: Event, frame: Frame) -> bool:
    return (frame.platform or event.platform) == PLATFORM and frame.module is not None


def _calls(event: Event, traces: list[Stacktrace]) -> Iterator[Call]:
    for trace in traces:
        for frame in trace.frames:
            if _is_java(event, frame):
                yield _call(frame)
    for exception in event.exception:
        if exception.type:
            yield _class(exception)


def _call(frame: Frame) -> Call:
    return Call(frame.module or "", frame.function or "", frame.lineno or 0)


def _class(exception: ExceptionValue) -> Call:
    package = f"{exception.module}." if exception.module else ""
    return Call(f"{package}{exception.type}", "", 0)


def _rewrite(
    event: Event, traces: list[Stacktrace], found: dict[Call, list[Source]], outcome: Outcome
) -> None:
    for trace in traces:
        frames: list[Frame] = []
        for frame in trace.frames:
            sources = found.get(_call(frame), []) if _is_java(event, frame) else []
            frames += [_mapped(frame, source) for source in reversed(sources)] or [frame]
            outcome.mapped += bool(sources)
        trace.frames = frames
    for exception in event.exception:
        sources = found.get(_class(exception), []) if exception.type else []
        if sources and sources[0].class_name:
            package, _, name = sources[0].class_name.rpartition(".")
            exception.module, exception.type = package or None, name


def _mapped(frame: Frame, source: Source) -> Frame:
    file = source.path or _file_of(source.class_name or "")
    return Frame(
        function=(source.function or frame.function or "")[:MAX_NAME_LENGTH] or None,
        module=source.class_name,
        filename=file,
        abs_path=file,
        lineno=source.line or frame.lineno,
        in_app=frame.in_app,
        vars=frame.vars,
        platform=frame.platform,
        data={**(frame.data or {}), "mapped": "proguard"},
    )


def _file_of(class_name: str) -> str:
    """``org.shop.Cart$1`` is in ``Cart.java``, or ``Cart.kt`` where its name says that it is Kotlin."""
    name = class_name.rpartition(".")[2].partition("$")[0]
    return f"{name[:-2]}.kt" if name.endswith("Kt") and len(name) > 2 else f"{name}.java"
