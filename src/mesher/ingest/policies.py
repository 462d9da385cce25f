"""
What digest keeps in memory of each project: its settings, how its events are grouped, and of one
shard how storms stand and which issues are known.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import structlog

from mesher.grouping.rules.ruleset import compile_rules
from mesher.grouping.versions import Grouper
from mesher.ingest.digest import Policy, Symbolicate
from mesher.ingest.known_issues import KnownIssues
from mesher.ingest.spike import Storm
from mesher.values.grouping_settings import GroupingSettings
from mesher.values.ingest_settings import IngestSettings

# Groupers in use at a time; a project that has set nothing shares one.
_REMEMBERED = 256
_DEFAULTS = IngestSettings()
_DEFAULT_GROUPING = GroupingSettings()

log = structlog.get_logger(__name__)


class Policies:
    """
    The policies of all projects, for the batches of one shard.

    A batch that the database does not take is digested again, perhaps for an hour: what it did to
    the storms counts only once it is committed, or waiting would look like a storm; and so for the
    issues that it made known.
    """

    def __init__(
        self,
        settings: Mapping[uuid.UUID, IngestSettings] = MappingProxyType({}),
        grouping: Mapping[uuid.UUID, GroupingSettings] = MappingProxyType({}),
        symbolicate: Symbolicate | None = None,
    ) -> None:
        """
        Args:
            settings: of the projects that have changed any; read anew for each record.
            grouping: the same, about grouping.
            symbolicate: maps the frames of events; for every project.
        """
        self._settings = settings
        self._grouping = grouping
        self._symbolicate = symbolicate
        self._known_issues = KnownIssues()
        self._usual = Policy(known_issues=self._known_issues, symbolicate=symbolicate)
        self._storms: dict[uuid.UUID, Storm] = {}
        self._changed: dict[uuid.UUID, Storm] = {}

    def find(self, project_id: uuid.UUID) -> Policy:
        """The policy for a record of the batch in hand."""
        settings = self._settings.get(project_id, _DEFAULTS)
        grouping = self._grouping.get(project_id, _DEFAULT_GROUPING)
        if settings is _DEFAULTS and grouping is _DEFAULT_GROUPING:
            return self._usual
        storm: Storm | None = None
        if settings.spike_protection:
            if project_id not in self._changed:
                self._changed[project_id] = self._storms.get(project_id, Storm()).copy()
            storm = self._changed[project_id]
        return Policy(
            settings,
            storm,
            grouper_of(project_id, grouping),
            self._known_issues,
            self._symbolicate,
        )

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
        self._known_issues.commit()

    def roll_back(self) -> None:
        """The batch in hand is digested again, or never."""
        self._changed = {}
        self._known_issues.roll_back()


# Cached because most are read again unchanged; the warning therefore comes once, too.
@lru_cache(maxsize=_REMEMBERED)
def grouper_of(project_id: uuid.UUID, settings: GroupingSettings) -> Grouper:
    """
    How the events of a project are grouped.

    A rule that cannot be read, as one of a newer version, is passed over, and does not stop ingestion.
    """
    rules, errors = compile_rules(settings.rules)
    for error in errors:
        log.warning("grouping_rule_ignored", project_id=str(project_id), reason=error.message)
    return Grouper(rules, oldest_version=settings.oldest_version)
