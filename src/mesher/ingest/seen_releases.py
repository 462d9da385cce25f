"""Which releases a digest process has seen, so that only the first event of each costs anything."""

from __future__ import annotations

from collections.abc import Iterable

from mesher.storage.event_releases import ProjectRelease
from mesher.storage.new_events import NewEvent

# Some megabytes. When it is full all is forgotten: a release that is there is inserted once more,
# which changes nothing.
MAX_SEEN = 20_000


class SeenReleases:
    """The releases of all projects that events of one shard have named."""

    def __init__(self) -> None:
        self._seen: set[ProjectRelease] = set()
        self._new: set[ProjectRelease] = set()

    def find_new(self, events: Iterable[NewEvent]) -> set[ProjectRelease]:
        """Those that the batch in hand is the first to name; until it is committed, they stay new."""
        named = {
            ProjectRelease(event.project_id, event.release) for event in events if event.release
        }
        self._new = named - self._seen
        return self._new

    def commit(self) -> None:
        """The batch in hand is stored, and its releases with it."""
        if len(self._seen) + len(self._new) > MAX_SEEN:
            self._seen.clear()
        self._seen |= self._new
        self._new = set()
