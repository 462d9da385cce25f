"""What digest keeps in memory of each project: its settings, and how storms in one shard stand."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import structlog

from mesher.ingest.digest import TAKE_ALL, Policy
from mesher.ingest.spike import Storm
from mesher.values.ingest_settings import IngestSettings

log = structlog.get_logger(__name__)


class Policies:
    """
    The policies of all projects, for the batches of one shard.

    A batch that the database does not take is digested again, perhaps for an hour: what it did to
    the storms counts only once it is committed, or waiting would look like a storm.
    """

    def __init__(self, settings: Mapping[uuid.UUID, IngestSettings]) -> None:
        """
        Args:
            settings: of the projects that have changed any; read anew for each record.
        """
        self._settings = settings
        self._storms: dict[uuid.UUID, Storm] = {}
        self._changed: dict[uuid.UUID, Storm] = {}

    def find(self, project_id: uuid.UUID) -> Policy:
        """The policy for a record of the batch in hand."""
        settings = self._settings.get(project_id)
        if settings is None:
            return TAKE_ALL
        if not settings.spike_protection:
            return Policy(settings)
        if project_id not in self._changed:
            self._changed[project_id] = self._storms.get(project_id, Storm()).copy()
        return Policy(settings, self._changed[project_id])

    def commit(self) -> None:
        """The batch in hand is stored: what it did to the storms counts."""
        for project_id, storm in self._changed.items():
            before = self._storms.get(project_id, Storm())
            if storm.thinned and not (before.thinned and before.minute == storm.minute):
                log.warning(
                    "storm_thinned_out",
                    project_id=str(project_id),
                    events_this_minute=storm.events,
                    usual_events_per_minute=round(storm.usual, 1),
                )
        self._storms.update(self._changed)
        self._changed = {}

    def roll_back(self) -> None:
        """The batch in hand is digested again, or never."""
        self._changed = {}
