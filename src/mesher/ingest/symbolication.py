"""
Symbolication on the way of events into the database.

Events of projects that have uploaded nothing cost a look at their platform and file names. For others
each place in a built file is asked for once and remembered; what is asked is bounded in time, and an
event that would have to wait is stored as it is, with a note, and mapped later by a job.
"""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from typing import NamedTuple

import msgspec
import structlog

from mesher.protocol.event import Event
from mesher.symbolication.event import may_be_built, symbolicate
from mesher.symbolication.outcome import Outcome
from mesher.symbolication.problems import FAILED, TOO_SLOW
from mesher.symbolication.queries import Answer, Query, Source

# Of one event. Reading a map of 14 MB takes 0.6 s of one core; meanwhile the shard waits.
EVENT_SECONDS = 3.0
# Places that are remembered: at most 2 KB each, with the lines around them.
MAX_PLACES = 4096
# What was found stays found, but for a newer upload with the same debug id.
FOUND_SECONDS = 300.0
# What was missing may be uploaded any time.
MISSING_SECONDS = 5.0
# Built files that are remembered, missing ones too; a page of a large application has some tens.
MAX_FILES = 1024
# A file that was too slow, or ended the process, holds up nobody for this long. Then one event waits
# for it again: a twentieth of the time at worst.
SLOW_SECONDS = 60.0

log = structlog.get_logger(__name__)


class _Found(NamedTuple):
    """What is known of one place."""

    results: list[Source]
    file: str


class _File:
    """What is known of one built file, for some time."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.problem: Answer | None = None  # the file as a whole cannot be used
        self.places: dict[object, _Found] = {}


class _Memory:
    """What is known of files, those that were asked for last; bounded by files and places."""

    def __init__(self) -> None:
        self._files: OrderedDict[Hashable, _File] = OrderedDict()

    def find(self, key: Hashable, now: float) -> _File | None:
        file = self._files.get(key)
        if file is None or file.until < now:
            return None
        self._files.move_to_end(key)
        return file

    def keep(self, key: Hashable, file: _File) -> None:
        """Add a file, or count what was added to one."""
        self._files[key] = file
        self._files.move_to_end(key)
        places = sum(len(known.places) for known in self._files.values())
        while places > MAX_PLACES or len(self._files) > MAX_FILES:
            places -= len(self._files.popitem(last=False)[1].places)


class _Patience:
    """How long an event may still wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


_NOTHING = Outcome()  # never changed
AskUntil = Callable[[Query, float], Answer]


def tell_what_is_missing(event: Event, project_id: uuid.UUID) -> Outcome:
    """
    For digesting without files at hand: nothing is mapped and all is awaited, so that a job maps it
    within minutes. Arguments and result as ``Symbolicator.symbolicate``.
    """
    return symbolicate(event, project_id, None) if may_be_built(event) else _NOTHING


class Symbolicator:
    """Maps the frames of events, with a memory of what was asked before."""

    def __init__(
        self,
        ask: AskUntil,
        projects: Collection[uuid.UUID],
        *,
        prepare: Callable[[], None] = lambda: None,
        event_seconds: float = EVENT_SECONDS,
    ) -> None:
        """
        Args:
            ask: answers a query until a time of ``time.monotonic()``.
            projects: those that have uploaded anything; looked into anew for each event.
            prepare: makes that ``ask`` can be asked, which is not the event's time.
            event_seconds: how long one event may wait.
        """
        self._ask = ask
        self._prepare = prepare
        self._projects = projects
        self._event_seconds = event_seconds
        self._memory = _Memory()

    def symbolicate(self, event: Event, project_id: uuid.UUID) -> Outcome:
        """
        Map the frames of an event, in place.

        Never raises: an event whose frames cannot be mapped is stored as it is.

        Returns:
            What was mapped, and what was missing.
        """
        if not may_be_built(event):
            return _NOTHING
        ask = None
        if project_id in self._projects:
            patience = _Patience(self._event_seconds)
            ask = lambda query: self._remembering(query, patience)  # noqa: E731
        try:
            return symbolicate(event, project_id, ask)
        except Exception:
            # A bug of ours, or of the library; the event must not be lost for it.
            log.exception("symbolication_failed", project_id=str(project_id))
            return _NOTHING

    def _remembering(self, query: Query, patience: _Patience) -> Answer:
        """The answer to a query, of which only unknown places are asked for."""
        now = time.monotonic()
        # With the kind of query: ids of mappings and of debug files are both texts.
        key = (query.__class__, query.origin, query.debug_id, getattr(query, "abs_path", ""))
        file = self._memory.find(key, now)
        if file is not None and file.problem is not None:
            return file.problem
        known = file.places if file is not None else {}
        unknown = tuple(place for place in query.places if place not in known)
        if unknown:
            self._prepare()
            began = time.monotonic()
            narrowed = msgspec.structs.replace(query, places=unknown)
            answer = self._ask(narrowed, began + patience.seconds)
            patience.seconds -= time.monotonic() - began
            file = file or _File(now + FOUND_SECONDS)
            if answer.problem:
                slow = answer.problem in {TOO_SLOW, FAILED}
                file = _File(now + (SLOW_SECONDS if slow else MISSING_SECONDS))
                file.problem = answer
                self._memory.keep(key, file)
                return answer
            for place, results in zip(unknown, answer.results, strict=True):
                file.places[place] = _Found(results, answer.found)
            known = dict(file.places)  # as it is now: keeping it may push places out
            self._memory.keep(key, file)
        found = [known[place] for place in query.places]
        return Answer(
            results=[entry.results for entry in found], found=found[0].file if found else ""
        )
