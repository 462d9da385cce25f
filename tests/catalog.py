"""What a database holds, as text that two databases can be compared by."""

from __future__ import annotations

import re

import psycopg

# Alembic's own table, and what procrastinate's migration brings.
FOREIGN = r"^(alembic_version|procrastinate_.*)$"


def tables(conn: psycopg.Connection) -> set[str]:
    """The tables of ours."""
    rows = conn.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
        " AND relnamespace = 'public'::regnamespace AND relname !~ %s",
        (FOREIGN,),
    )
    return {name for (name,) in rows}


def columns(conn: psycopg.Connection) -> set[tuple[str, ...]]:
    """Table, column, type, default, whether it may be null, and how it is generated."""
    rows = conn.execute(
        """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
            pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.attidentity, a.attgenerated
        FROM pg_attribute AS a
        JOIN pg_class AS c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
            AND c.relnamespace = 'public'::regnamespace AND c.relname !~ %s
        """,
        (FOREIGN,),
    )
    return set(rows)


def constraints(conn: psycopg.Connection) -> set[tuple[str, ...]]:
    """Table, name and definition of every key, foreign key and check."""
    rows = conn.execute(
        """
        SELECT c.relname, k.conname, pg_get_constraintdef(k.oid)
        FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname !~ %s
        """,
        (FOREIGN,),
    )
    return set(rows)


def indexes(conn: psycopg.Connection) -> dict[str, str]:
    """Name and definition of every index that no constraint made, as the data model writes it."""
    rows = conn.execute(
        """
        SELECT c.relname, pg_get_indexdef(c.oid)
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_class AS t ON t.oid = i.indrelid
        WHERE c.relnamespace = 'public'::regnamespace AND t.relname !~ %s
            AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = c.oid)
        """,
        (FOREIGN,),
    )
    return {name: _short(definition) for name, definition in rows}


def partition_key(conn: psycopg.Connection, table: str) -> str:
    """How a table is partitioned."""
    return conn.execute("SELECT pg_get_partkeydef(%s::regclass)", (table,)).fetchone()[0]


_INDEX = re.compile(
    r"CREATE (UNIQUE )?INDEX \w+ ON (?:ONLY )?public\.(\w+) USING (\w+) \((.*?)\)"
    r"(?: WHERE \((.*)\))?"
)


def _short(definition: str) -> str:
    unique, table, method, listed, condition = _INDEX.fullmatch(definition).groups()
    what = (
        f"{table}({listed})" if method == "btree" else f"{table} USING {method.upper()} ({listed})"
    )
    return (unique or "") + what + (f" WHERE {condition}" if condition else "")
