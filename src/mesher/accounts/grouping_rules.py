"""Changing the grouping rules of a project, which is written down in the record of changes."""

from __future__ import annotations

from mesher.accounts.projects import record_project_change
from mesher.grouping.rules.ruleset import checked_rules
from mesher.storage.audit_log import Author, differences
from mesher.storage.database import WriteConnection
from mesher.storage.grouping_settings import read_grouping_rules, write_grouping_rules
from mesher.types import Project


async def change_grouping_rules(
    conn: WriteConnection, author: Author, project: Project, rules: str
) -> None:
    """
    Give an (accessible) project other grouping rules; the caller commits.

    Raises:
        ProtocolError: they cannot be read; it says where.
    """
    checked_rules(rules)
    before = await read_grouping_rules(conn, project)
    await write_grouping_rules(conn, project, rules)
    different = differences({"rules": before}, {"rules": rules})
    if different:
        await record_project_change(
            conn, author, project, "project.grouping_rules_changed", **different
        )
