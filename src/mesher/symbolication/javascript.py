"""
Frames of built JavaScript to those of its source.

    frames ──▶ one query for each built file ──▶ answers ──▶ new frames, notes, what is awaited

Pure: between query and answer stands whoever has the files.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from mesher.ids import parse_uuid
from mesher.protocol.event import Event, Frame, Stacktrace
from mesher.symbolication import problems
from mesher.symbolication.frames import cut_path
from mesher.symbolication.limits import MAX_MODULES, MAX_NAME_LENGTH
from mesher.symbolication.outcome import Ask, Awaited, Outcome
from mesher.symbolication.paths import source_filename, source_module, source_url
from mesher.symbolication.queries import Answer, Origin, Position, Source, SourceMapQuery

PLATFORMS = frozenset({"javascript", "node"})

_NO_FILES = frozenset({"native", "[native code]", "native code", "<anonymous>", "eval code"})
_RUNTIME = ("node:", "internal/", "ext:", "bun:")  # of Node.js, Deno and Bun
_FETCHED = ("http://", "https://", "app://", "capacitor://", "file://")
# Names that a bundler gave, or nobody.
_GENERATED = re.compile(r"(?:<\w+>|__webpack_\w+__|__turbopack_\w+__|\d+|(?:\w+\.)*<anonymous>)$")
_REPEATED = re.compile(r"(?<![^.])([^.]+)(?:\.\1(?![^.]))+")


def map_javascript(
    event: Event, traces: list[Stacktrace], origin: Origin, ask: Ask | None
) -> Outcome:
    """
    Map the frames of JavaScript in some stack traces, in place.

    Args:
        event: whose traces they are.
        traces: as the SDK sent them.
        origin: of the event.
        ask: answers queries; ``None`` where the project has uploaded nothing.
    """
    work = _Work(event, origin)
    if ask is None:
        work.tell_what_is_missing(traces)
    else:
        work.map(traces, ask)
    return work.outcome


class _Work:
    def __init__(self, event: Event, origin: Origin) -> None:
        self._event = event
        self._origin = origin
        self._debug_ids = dict(_debug_ids(event))
        self.outcome = Outcome()

    def map(self, traces: list[Stacktrace], ask: Ask) -> None:
        places = self._places(traces)
        sources: dict[tuple[str, Position], Source] = {}
        found: dict[str, str] = {}
        for abs_path, positions in places.items():
            answer = self._answer(ask, abs_path, positions)
            found[abs_path] = answer.found
            if answer.problem:
                self._note_problem(abs_path, answer.problem)
                continue
            for position, results in zip(positions, answer.results, strict=True):
                if results:
                    sources[abs_path, position] = results[0]
                else:
                    at = f"{position.line}:{position.column}"
                    self.outcome.note(problems.OUTSIDE, abs_path, at)
        for trace in traces:
            self._rewrite(trace, sources, found)

    def tell_what_is_missing(self, traces: list[Stacktrace]) -> None:
        """Of a project without uploads; most projects are, so this looks at files and not at frames."""
        paths = {frame.abs_path for trace in traces for frame in trace.frames if frame.lineno}
        for path in sorted(path for path in paths if path and _is_file(path))[:MAX_MODULES]:
            has_id = path in self._debug_ids
            self._note_problem(path, problems.MISSING_MAP if has_id else problems.NO_DEBUG_ID)

    def _places(self, traces: list[Stacktrace]) -> dict[str, tuple[Position, ...]]:
        """The places in each built file, in the order of the frames, each once."""
        places: dict[str, dict[Position, None]] = {}
        for trace in traces:
            for frame in trace.frames:
                if self._is_wanted(frame):
                    path = frame.abs_path or ""
                    if path in places or len(places) < MAX_MODULES:
                        places.setdefault(path, {})[_position(frame)] = None
        return {path: tuple(found) for path, found in places.items()}

    def _is_wanted(self, frame: Frame) -> bool:
        path = frame.abs_path
        return (
            path is not None
            and frame.lineno is not None
            and frame.lineno >= 1
            and (frame.platform or self._event.platform) in PLATFORMS
            and _is_file(path)
        )

    def _answer(self, ask: Ask, abs_path: str, positions: tuple[Position, ...]) -> Answer:
        debug_id = self._debug_ids.get(abs_path)
        if debug_id is None and not self._origin.release:
            return Answer(problem=problems.NO_DEBUG_ID)  # there is nothing to find it by
        return ask(
            SourceMapQuery(
                origin=self._origin, abs_path=abs_path, debug_id=debug_id, places=positions
            )
        )

    def _note_problem(self, abs_path: str, problem: str) -> None:
        if problem in problems.AWAITED:
            debug_id = self._debug_ids.get(abs_path)
            if debug_id is not None:
                self.outcome.awaited.add(Awaited("debug_id", str(debug_id)))
            elif self._origin.release:
                self.outcome.awaited.add(Awaited("release", self._origin.release))
        # A file without a debug id that was not fetched is, most often, not built at all: source
        # that Node.js runs as it is.
        if problem != problems.NO_DEBUG_ID or abs_path.startswith(_FETCHED):
            self.outcome.note(problem, abs_path)

    def _rewrite(
        self,
        trace: Stacktrace,
        sources: dict[tuple[str, Position], Source],
        found: dict[str, str],
    ) -> None:
        caller: Source | None = None
        frames: list[Frame] = []
        for frame in trace.frames:
            source = None
            if frame.abs_path and frame.lineno:
                source = sources.get((frame.abs_path, _position(frame)))
            if source is None:
                frames.append(frame)
            else:
                if source.context_line is None:
                    self.outcome.note(problems.MISSING_CONTENT, source.path or "")
                frames.append(_mapped(frame, source, caller, found[frame.abs_path or ""]))
                self.outcome.mapped += 1
            caller = source
        trace.frames = frames


def _is_file(path: str) -> bool:
    return path not in _NO_FILES and not path.startswith(_RUNTIME)


def _debug_ids(event: Event) -> Iterator[tuple[str, uuid.UUID]]:
    """The debug id of each built file that the event names."""
    for image in event.debug_meta.images if event.debug_meta else []:
        if image.type == "sourcemap" and image.code_file:
            debug_id = parse_uuid(image.debug_id)
            if debug_id is not None:
                yield image.code_file, debug_id


def _position(frame: Frame) -> Position:
    return Position(frame.lineno or 0, frame.colno or 0)


def _mapped(frame: Frame, source: Source, caller: Source | None, map_url: str) -> Frame:
    names = _names(source.path or "", map_url, frame.abs_path or "")
    return Frame(
        function=_function(frame, source, caller),
        raw_function=frame.raw_function,
        module=names.module,
        filename=names.filename,
        abs_path=names.abs_path,
        lineno=source.line,
        colno=source.column or None,
        in_app=frame.in_app,
        context_line=source.context_line,
        pre_context=list(source.pre_context) or None,
        post_context=list(source.post_context) or None,
        vars=frame.vars,
        platform=frame.platform,
        # Grouping, and pages, know a mapped frame by this.
        data={**(frame.data or {}), "sourcemap": map_url or "inline"},
    )


class _Names(NamedTuple):
    """What a source file is called in a frame."""

    module: str | None
    filename: str
    abs_path: str


@lru_cache(maxsize=4096)  # the files of some projects; a path is 1 KB at most
def _names(path: str, map_url: str, built: str) -> _Names:
    return _Names(
        module=cut_path(source_module(path)) or None,
        filename=cut_path(source_filename(path)),
        abs_path=cut_path(source_url(map_url, path, built=built)),
    )


def _function(frame: Frame, source: Source, caller: Source | None) -> str | None:
    """
    The function's own name; else what its caller calls there; else what the built file calls it.

    A function without a name of its own is often passed or assigned somewhere, and the caller's text
    then is the name that people know it by.
    """
    own = source.function
    if own and not _GENERATED.match(own):
        return _folded(own)
    if own and caller is not None and caller.name:
        return caller.name[:MAX_NAME_LENGTH]
    return own[:MAX_NAME_LENGTH] if own else frame.function


def _folded(name: str) -> str:
    """``a.a.a.f`` as ``{a#3}.f``: recursion in the scopes of a name tells nothing."""

    def fold(found: re.Match[str]) -> str:
        return f"{{{found[1]}#{found[0].count('.') + 1}}}"

    return _REPEATED.sub(fold, name)[:MAX_NAME_LENGTH]
