"""What events lacked, on its way to the database: noted now and then, not with each event."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta

from mesher.storage.awaited_artifacts import AwaitedKey, Moments

# Until then the same lack is not noted again; whoever looks for the events adds it to the last time.
NOTED_FOR = timedelta(minutes=10)
# Builds of which events come at the same time; past it some are noted more often.
MAX_NOTED = 4096
# Of one batch. A client that names a new build with each event is one that attacks, or a mistake.
MAX_NEW = 100


class Awaiting:
    """What one digester has noted lately. What a batch adds counts only once it is committed."""

    def __init__(self) -> None:
        self._noted: OrderedDict[AwaitedKey, Moments] = OrderedDict()

    def due(self, found: dict[AwaitedKey, Moments]) -> dict[AwaitedKey, Moments]:
        """What of a batch is to be written."""
        due: dict[AwaitedKey, Moments] = {}
        for key, moments in found.items():
            noted = self._noted.get(key)
            is_covered = (
                noted is not None
                and noted.first <= moments.first
                and moments.last <= noted.last + NOTED_FOR
            )
            if not is_covered and len(due) < MAX_NEW:
                due[key] = moments
        return due

    def commit(self, written: dict[AwaitedKey, Moments]) -> None:
        """The batch is stored with these."""
        for key, moments in written.items():
            self._noted[key] = moments
            self._noted.move_to_end(key)
        while len(self._noted) > MAX_NOTED:
            self._noted.popitem(last=False)
