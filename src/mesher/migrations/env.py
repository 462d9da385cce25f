"""Run by Alembic for each command: configures it for the connection that ``migrations`` opened."""

from __future__ import annotations

import re
from typing import Any

from alembic import context
from alembic.ddl.postgresql import PostgresqlImpl
from sqlalchemy import Table, Text

from mesher.types import metadata

# Tables that no type declares: daily partitions, and procrastinate's own.
_NOT_OURS = re.compile(r"events_\d{8}|procrastinate_.*")


class _LongRevisions(PostgresqlImpl):
    """Alembic's table of the current revision, with room for more than 32 characters."""

    __dialect__ = "postgresql"

    def version_table_impl(self, **options: Any) -> Table:
        table = super().version_table_impl(**options)
        table.c.version_num.type = Text()
        return table


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "table" or name is None or not _NOT_OURS.fullmatch(name)


def _note_applied(*_: Any, **passed: Any) -> None:
    context.config.attributes["applied"].append(passed["step"].up_revision_id)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=_is_ours,
    compare_server_default=True,
    on_version_apply=_note_applied,
)
context.run_migrations()
