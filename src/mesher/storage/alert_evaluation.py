"""What evaluation reads and keeps: signals of the digest, rules, and what they have found so far."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.new_alert_signals import Signal
from mesher.types import AlertRule, Project

# One transaction's work: some thousand new issues are a storm.
SIGNALS_AT_ONCE = 1000
# Issues that begin within this time of a notification are told together in the next.
FOLD_MINUTES = 1

_RULE = ", ".join(f"r.{name}" for name in AlertRule.__fields__())
_PROJECT = ", ".join(f"p.{name}" for name in Project.__fields__())

# Of several nodes one evaluates at a time; the lock ends with the transaction.
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('mesher_alerting'))")

_TAKE_SIGNALS = text("""
    DELETE FROM alert_signals WHERE signal_id IN (
        SELECT signal_id FROM alert_signals ORDER BY signal_id LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING project_id, issue_id, kind, at
""")

# By idx_alert_rules_project; a rule that is muted finds nothing.
_RULES = """
    SELECT {rule} FROM alert_rules AS r
    WHERE r.enabled = true AND (r.muted_until IS NULL OR r.muted_until <= :now)
      AND r.condition_json ->> 'condition_type' = ANY (:types) {more}
    ORDER BY r.project_id, r.id
"""
_RULES_OF_PROJECTS = text(_RULES.format(rule=_RULE, more="AND r.project_id = ANY (:project_ids)"))
_ALL_RULES = text(_RULES.format(rule=_RULE, more=""))

_PROJECTS = text(f"SELECT {_PROJECT} FROM projects AS p WHERE p.id = ANY (:ids)")

_ADD_MATCH = text("""
    INSERT INTO alert_matches (rule_id, issue_id, title, at, figures)
    VALUES (:rule_id, :issue_id, :title, :at, :figures)
    ON CONFLICT (rule_id, issue_id) DO NOTHING
""")

# What was found before somebody switched the rule off or muted it is not told.
_FORGET_QUIET = text("""
    DELETE FROM alert_matches AS m USING alert_rules AS r
    WHERE r.id = m.rule_id AND (NOT r.enabled OR r.muted_until > :now)
""")

# Whose cooldown is over, and that have something to tell.
_READY = text(f"""
    SELECT {_RULE} FROM alert_rules AS r
    WHERE EXISTS (SELECT FROM alert_matches AS m WHERE m.rule_id = r.id)
      AND (r.last_fired_at IS NULL OR r.last_fired_at
           <= :now - make_interval(mins => greatest(r.cooldown_minutes, :fold_minutes)))
    ORDER BY r.project_id, r.id
""")

# With the titles that people know the issues by; an issue that was deleted meanwhile has none.
_MATCHES = text("""
    SELECT m.issue_id, m.at, m.figures, coalesce(m.title, i.title) AS title
    FROM alert_matches AS m LEFT JOIN issues AS i ON i.id = m.issue_id
    WHERE m.rule_id = :rule_id
    ORDER BY m.at, m.issue_id
""")
_FORGET_MATCHES = text("DELETE FROM alert_matches WHERE rule_id = :rule_id")

# Alerts that nobody has resolved, of some rules; by idx_alerts_open.
_OPEN = text("""
    SELECT a.rule_id, a.id, a.issue_id, a.condition_snapshot -> 'issues' AS issues
    FROM alerts AS a WHERE a.status <> 'resolved' AND a.rule_id = ANY (:rule_ids)
""")
_END = text("""
    UPDATE alerts SET status = 'resolved', resolved_at = :now
    WHERE id = ANY (:ids) AND status <> 'resolved'
""")
# An alert about issues is over when all of them are.
_END_OF_RESOLVED = text("""
    UPDATE alerts AS a SET status = 'resolved', resolved_at = :now
    FROM alert_rules AS r
    WHERE a.status <> 'resolved' AND r.id = a.rule_id
      AND r.condition_json ->> 'condition_type' = ANY (:types)
      AND a.issue_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM issues AS i
                      WHERE i.id = a.issue_id AND i.status IN ('unresolved', 'archived'))
""")


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule has found and not told yet."""

    # Or of a monitor, which is no issue; None: the project as a whole.
    issue_id: uuid.UUID | None
    at: datetime
    figures: dict[str, float] = {}
    title: str | None = None  # of what is no issue; read, that of the issue, if it is still there


class OpenAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that is not resolved, and what it is about."""

    rule_id: uuid.UUID
    id: uuid.UUID
    issue_ids: frozenset[uuid.UUID | None]


async def begin_evaluation(conn: WriteConnection) -> bool:
    """Whether this process evaluates now, until its transaction ends; another one does otherwise."""
    return bool((await conn.execute(_LOCK)).scalar_one())


async def take_signals(conn: WriteConnection) -> list[Signal]:
    """Some signals that nobody has looked at; gone when the caller commits."""
    result = await conn.execute(_TAKE_SIGNALS, {"limit": SIGNALS_AT_ONCE})
    return [msgspec.convert(row, Signal) for row in result.mappings()]


async def list_rules_of(
    conn: ReadConnection, project_ids: Collection[uuid.UUID], types: Sequence[str], now: datetime
) -> list[AlertRule]:
    """The rules of projects that have one of these conditions and may find something now."""
    values = {"project_ids": list(project_ids), "types": list(types), "now": now}
    result = await conn.execute(_RULES_OF_PROJECTS, values)
    return [AlertRule.from_row(row) for row in result.mappings()]


async def list_all_rules(
    conn: ReadConnection, types: Sequence[str], now: datetime
) -> list[AlertRule]:
    """The same of all projects."""
    result = await conn.execute(_ALL_RULES, {"types": list(types), "now": now})
    return [AlertRule.from_row(row) for row in result.mappings()]


async def find_projects(conn: ReadConnection, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Project]:
    """Projects by their ids, whoever they belong to; for evaluation, which has no viewer."""
    result = await conn.execute(_PROJECTS, {"ids": list(ids)})
    return {project.id: project for project in map(Project.from_row, result.mappings())}


async def add_matches(conn: WriteConnection, rule: AlertRule, matches: Iterable[Match]) -> None:
    """Keep what a rule found until it is told; what it has found already is kept as it was."""
    rows: list[dict[str, Any]] = [
        {
            "rule_id": rule.id,
            "issue_id": match.issue_id,
            "title": match.title,
            "at": match.at,
            "figures": msgspec.json.encode(match.figures).decode(),
        }
        for match in matches
    ]
    if rows:
        await conn.execute(_ADD_MATCH, rows)


async def list_ready_rules(conn: WriteConnection, now: datetime) -> list[AlertRule]:
    """The rules that have something to tell and may; those that are to be quiet forget it."""
    await conn.execute(_FORGET_QUIET, {"now": now})
    result = await conn.execute(_READY, {"now": now, "fold_minutes": FOLD_MINUTES})
    return [AlertRule.from_row(row) for row in result.mappings()]


async def list_matches(conn: ReadConnection, rule: AlertRule) -> list[Match]:
    """What a rule has to tell, in the order in which it happened."""
    result = await conn.execute(_MATCHES, {"rule_id": rule.id})
    return [msgspec.convert(row, Match) for row in result.mappings()]


async def forget_matches(conn: WriteConnection, rule: AlertRule) -> None:
    """A rule has told all that it had."""
    await conn.execute(_FORGET_MATCHES, {"rule_id": rule.id})


async def list_open_alerts(conn: ReadConnection, rules: Iterable[AlertRule]) -> list[OpenAlert]:
    """The alerts of rules that nobody has resolved."""
    result = await conn.execute(_OPEN, {"rule_ids": [rule.id for rule in rules]})
    return [
        OpenAlert(
            rule_id=row.rule_id,
            id=row.id,
            issue_ids=frozenset([uuid.UUID(one) for one in row.issues or []] or [row.issue_id]),
        )
        for row in result
    ]


async def end_alerts(conn: WriteConnection, ids: Iterable[uuid.UUID], now: datetime) -> None:
    """Resolve alerts whose condition has ended."""
    await conn.execute(_END, {"ids": list(ids), "now": now})


async def end_alerts_of_resolved(
    conn: WriteConnection, types: Sequence[str], now: datetime
) -> None:
    """Resolve alerts of rules with these conditions whose issue somebody has resolved, or deleted."""
    await conn.execute(_END_OF_RESOLVED, {"types": list(types), "now": now})
