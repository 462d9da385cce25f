"""
The ingest settings of projects as they are kept, and read by every process. Apart from
``ingest_settings``, which changes them, so that digest loads no more than it runs.
"""

from __future__ import annotations

import uuid
from functools import lru_cache

import msgspec
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.values.ingest_settings import IngestSettings

# The one text that holds all settings; sample_rate is a column of the data model.
SETTINGS_JSON = "(p.ingest_settings || jsonb_build_object('sample_rate', p.sample_rate))::text"

# Projects that have changed anything digest acts on; some hundred rows, read every few seconds.
_LIST = f"SELECT p.id, {SETTINGS_JSON} FROM projects AS p WHERE p.ingest_settings <> '{{}}'"

log = structlog.get_logger(__name__)


# Cached because most are read again unchanged; the warning therefore comes once, too.
@lru_cache(maxsize=4096)
def decode_settings(project_id: uuid.UUID, stored: str) -> IngestSettings:
    """
    The settings that a project's row holds.

    What is unknown, as from a newer version, is passed over; a value that does not fit counts as
    not set. Neither may stop ingestion.
    """
    values = msgspec.json.decode(stored, type=dict[str, object])
    fitting: dict[str, object] = {}
    for name, value in values.items():
        try:
            msgspec.convert({name: value}, IngestSettings)
        except msgspec.ValidationError as error:
            log.warning(
                "ingest_setting_ignored",
                project_id=str(project_id),
                setting=name,
                reason=str(error),
            )
        else:
            fitting[name] = value
    return msgspec.convert(fitting, IngestSettings)


def list_changed_settings(conn: Connection[TupleRow]) -> dict[uuid.UUID, IngestSettings]:
    """The settings of every project that has any but the defaults; sampling alone is no reason."""
    rows = conn.execute(_LIST).fetchall()
    return {project_id: decode_settings(project_id, stored) for project_id, stored in rows}
