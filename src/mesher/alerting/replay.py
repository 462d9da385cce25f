"""How often a rule would have fired: its condition over what is stored."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

import msgspec

from mesher.alerting.filters import filter_query, of_issues
from mesher.alerting.measures import measure_condition
from mesher.alerting.signals import KINDS
from mesher.search.tree import And, InLatestRelease
from mesher.storage.alert_evaluation import FOLD_MINUTES
from mesher.storage.alert_history import list_past_signals
from mesher.storage.database import ReadConnection
from mesher.storage.issue_search import find_issue_ids
from mesher.storage.window import Window
from mesher.types import AlertCondition, Project

REPLAYED: Final = timedelta(days=14)
# What time decides; a rule looks each minute, which would be twenty thousand looks.
STEP: Final = timedelta(hours=1)


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """When a rule would have fired."""

    since: datetime
    until: datetime
    fired: list[datetime]  # the oldest first


async def replay(
    conn: ReadConnection,
    project: Project,
    condition: AlertCondition,
    *,
    cooldown_minutes: int,
    now: datetime,
) -> Replay:
    """
    When a rule would have fired in an (accessible) project in the last 14 days.

    Args:
        conn: where to read.
        project: whose history.
        condition: of the rule.
        cooldown_minutes: how long it keeps quiet after it has fired.
        now: until when.

    Raises:
        QueryError: the condition's own query cannot be read.
        SlowSearch: it takes too long.
    """
    window = Window(now - REPLAYED, now)
    tag = str(condition.__struct_config__.tag)
    met = (
        await _signals(conn, project, condition, KINDS[tag], window)
        if tag in KINDS
        else await _measures(conn, project, condition, window)
    )
    quiet = timedelta(minutes=max(cooldown_minutes, FOLD_MINUTES))
    fired = [moment for moment in _fired(met, quiet) if moment <= now]
    return Replay(since=window.since, until=window.until, fired=fired)


def _fired(met: list[datetime], quiet: timedelta) -> list[datetime]:
    """What is met while a rule cools down is told when that is over, together."""
    fired: list[datetime] = []
    for moment in sorted(met):
        if not fired or moment >= fired[-1] + quiet:
            fired.append(moment)
        elif moment > fired[-1]:
            fired.append(fired[-1] + quiet)
    return fired


async def _signals(
    conn: ReadConnection,
    project: Project,
    condition: AlertCondition,
    kinds: set[str],
    window: Window,
) -> list[datetime]:
    signals = await list_past_signals(conn, project, kinds, window)
    if not signals:
        return []
    query, viewer = filter_query(condition.filters, window.until)
    if condition.__struct_config__.tag == "new_release_regression":
        query = And((query, InLatestRelease()))
    ids = {signal.issue_id for signal in signals}
    found = set(
        await find_issue_ids(
            conn, [project], of_issues(query, ids), window, viewer=viewer, limit=len(ids)
        )
    )
    return [signal.at for signal in signals if signal.issue_id in found]


async def _measures(
    conn: ReadConnection, project: Project, condition: AlertCondition, window: Window
) -> list[datetime]:
    """When something began to meet the condition: as long as it lasts, it is told once."""
    began: list[datetime] = []
    lasting: set[uuid.UUID | None] = set()
    moment = window.since
    while moment <= window.until:
        met = {
            match.issue_id for match in await measure_condition(conn, condition, project, moment)
        }
        if met - lasting:
            began.append(moment)
        lasting = met
        moment += STEP
    return began
