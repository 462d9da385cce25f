"""
Removing what deleted projects and organisations leave: their rows in every table that has a column
``project_id`` or ``org_id``, whatever tables there will be.

A step is one transaction of some rows, so that nothing waits for long, and a run that is cut off has
lost nothing. Nobody sees the data meanwhile. What was acknowledged before the deletion may be digested
after it, so each is looked at again, every hour for some days.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, Literal, LiteralString, NamedTuple

from psycopg import Connection, errors, sql
from psycopg.rows import TupleRow, class_row

# Rows of one transaction, some tens of milliseconds: those with files take longest.
BATCH_ROWS: Final = 500
# As long as the quarantine keeps records, which can be replayed: afterwards nothing can come any more.
LATECOMER_DAYS: Final = 14

Column = Literal["project_id", "org_id"]


class Removal(NamedTuple):
    """What is to be removed."""

    subject_id: uuid.UUID
    kind: Literal["project", "organization"]
    org_id: uuid.UUID


# Those that are not done, and those that something may have come to meanwhile. A small table.
_FIND_DUE: LiteralString = """
    SELECT subject_id, kind, org_id FROM removals
    WHERE swept_at IS NULL OR swept_at < now() - interval '1 hour'
    ORDER BY swept_at NULLS FIRST, requested_at
"""
# Each table and partition that holds rows of projects or organisations, and no view.
_TABLES: LiteralString = """
    SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
        AND a.attname = %s AND NOT a.attisdropped
        AND c.relname <> ALL (ARRAY['projects', 'removals'])
    ORDER BY c.relname
"""
_DELETE_ROWS: LiteralString = """
    DELETE FROM {table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM {table} WHERE {column} = %s LIMIT %s))
"""
# The job makes each project of an organisation a removal of its own.
_DELETE_PROJECTS: LiteralString = """
    WITH gone AS (
        DELETE FROM projects WHERE id = ANY (ARRAY(
            SELECT id FROM projects WHERE org_id = %s ORDER BY id LIMIT 1))
        RETURNING id, org_id
    )
    INSERT INTO removals (subject_id, kind, org_id) SELECT id, 'project', org_id FROM gone
    ON CONFLICT DO NOTHING
"""
# Releases of the organisation that no project ships any more.
_DELETE_RELEASES: LiteralString = """
    DELETE FROM releases WHERE id = ANY (ARRAY(
        SELECT r.id FROM releases AS r
        WHERE r.org_id = %s
            AND NOT EXISTS (SELECT FROM release_projects AS rp WHERE rp.release_id = r.id)
        LIMIT %s))
"""
_NOTE_SWEPT: LiteralString = "UPDATE removals SET swept_at = now() WHERE subject_id = %s"
_FORGET: LiteralString = """
    DELETE FROM removals
    WHERE subject_id = %s AND requested_at < now() - make_interval(days => %s)
"""


def find_due(conn: Connection[TupleRow]) -> list[Removal]:
    """What there is to remove now, the longest waiting first."""
    with conn.cursor(row_factory=class_row(Removal)) as cursor:
        return cursor.execute(_FIND_DUE).fetchall()


def remove(conn: Connection[TupleRow], removal: Removal) -> Iterator[int]:
    """
    Remove what is there of a project or organisation, step by step; whoever iterates may stop after
    any step.

    Args:
        conn: in autocommit mode.
        removal: one that is due.

    Yields:
        The rows that a step removed.
    """
    if removal.kind == "organization":
        yield from _repeat(conn, _DELETE_PROJECTS, (removal.subject_id,), batch=1)
        yield from _remove_rows(conn, "org_id", removal.subject_id)
        conn.execute("DELETE FROM organizations WHERE id = %s", (removal.subject_id,))
    else:
        yield from _remove_rows(conn, "project_id", removal.subject_id)
        yield from _repeat(conn, _DELETE_RELEASES, (removal.org_id, BATCH_ROWS), batch=BATCH_ROWS)
    conn.execute(_NOTE_SWEPT, (removal.subject_id,))
    conn.execute(_FORGET, (removal.subject_id, LATECOMER_DAYS))


def _remove_rows(conn: Connection[TupleRow], column: Column, subject: uuid.UUID) -> Iterator[int]:
    for (table,) in conn.execute(_TABLES, (column,)).fetchall():
        statement = sql.SQL(_DELETE_ROWS).format(
            table=sql.Identifier(table), column=sql.Identifier(column)
        )
        with suppress(errors.UndefinedTable):  # a partition that retention has dropped meanwhile
            yield from _repeat(conn, statement, (subject, BATCH_ROWS), batch=BATCH_ROWS)


def _repeat(
    conn: Connection[TupleRow],
    statement: LiteralString | sql.Composed,
    values: tuple[object, ...],
    *,
    batch: int,
) -> Iterator[int]:
    """Run a statement as long as it finds as many rows as it takes."""
    removed = batch
    while removed == batch:
        removed = conn.execute(statement, values).rowcount
        if removed:
            yield removed
