"""Projects as the operator names them: the command line sees all of them."""

from __future__ import annotations

import uuid

from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.ids import parse_uuid


def project_ids(conn: Connection[TupleRow], reference: str) -> list[uuid.UUID]:
    """The projects with this uuid or slug, in any organisation."""
    rows = conn.execute(
        "SELECT id FROM projects WHERE id = %s OR slug = %s ORDER BY id",
        (parse_uuid(reference), reference),
    ).fetchall()
    return [project_id for (project_id,) in rows]
