"""Changing what a project lets in, which is written down in the organisation's record of changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from mesher.accounts.projects import record_project_change
from mesher.storage.audit_log import Author, differences
from mesher.storage.database import WriteConnection
from mesher.storage.ingest_settings import read_settings_to_change, write_settings
from mesher.types import Project
from mesher.values.ingest_settings import IngestSettings


async def change_ingest_settings(
    conn: WriteConnection, author: Author, project: Project, change: Mapping[str, Any]
) -> IngestSettings:
    """
    Change settings of an (accessible) project; the caller commits.

    Args:
        conn: of the caller.
        author: for the record.
        project: whose.
        change: fields of ``IngestSettings`` with their new, valid values; others stay.
    """
    before = await read_settings_to_change(conn, project)
    settings = msgspec.structs.replace(before, **change)
    await write_settings(conn, project, settings)
    different = differences(*map(msgspec.to_builtins, (before, settings)))
    if different:
        await record_project_change(
            conn, author, project, "project.ingest_settings_changed", **different
        )
    return settings
