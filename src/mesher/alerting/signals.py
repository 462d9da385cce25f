"""What an event decides: an issue is new, or has come back, and which rules wait for that."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from mesher.alerting.filters import filter_query, of_issues
from mesher.errors import MesherError
from mesher.search.tree import And, InLatestRelease
from mesher.storage.alert_evaluation import (
    Match,
    add_matches,
    find_projects,
    list_rules_of,
    take_signals,
)
from mesher.storage.database import WriteConnection
from mesher.storage.issue_search import find_issue_ids
from mesher.storage.new_alert_signals import Signal
from mesher.storage.window import Window
from mesher.types import AlertRule, Project

log = structlog.get_logger(__name__)

# Conditions that a signal may meet, and which of the kinds of signal.
KINDS: Final = {
    "new_issue": {"new_issue"},
    "regression": {"regression"},
    "new_release_regression": {"new_issue", "regression"},
}
# What filters ask of events is asked of those around the signal: clocks of nodes differ a little, and
# a backlog is digested later than it was received.
_AROUND = timedelta(hours=1)


async def match_signals(conn: WriteConnection, now: datetime) -> int:
    """
    Give what has happened since the last time to the rules that wait for it.

    Args:
        conn: the caller commits.
        now: the server's clock.

    Returns:
        How many signals there were.
    """
    signals = await take_signals(conn)
    by_project: dict[uuid.UUID, list[Signal]] = defaultdict(list)
    for signal in signals:
        by_project[signal.project_id].append(signal)
    if by_project:
        projects = await find_projects(conn, by_project)
        for rule in await list_rules_of(conn, by_project, list(KINDS), now):
            if project := projects.get(rule.project_id):
                try:
                    async with conn.begin_nested():  # a rule that cannot be used stops no other
                        await _match(conn, rule, project, by_project[project.id], now)
                except MesherError as error:
                    log.warning("alert_rule_not_matched", rule=str(rule.id), reason=error.message)
    return len(signals)


async def _match(
    conn: WriteConnection,
    rule: AlertRule,
    project: Project,
    signals: Sequence[Signal],
    now: datetime,
) -> None:
    condition = rule.condition_json
    kinds = KINDS[type(condition).__struct_config__.tag]  # type: ignore[index]
    meant = {signal.issue_id: signal for signal in signals if signal.kind in kinds}
    if not meant:
        return
    query, viewer = filter_query(condition.filters, now)
    if condition.__struct_config__.tag == "new_release_regression":
        query = And((query, InLatestRelease()))
    first = min(signal.at for signal in meant.values())
    found = await find_issue_ids(
        conn,
        [project],
        of_issues(query, meant),
        Window(first - _AROUND, max(now, first) + _AROUND),
        viewer=viewer,
        limit=len(meant),
    )
    await add_matches(
        conn, rule, [Match(issue_id=issue_id, at=meant[issue_id].at) for issue_id in found]
    )
