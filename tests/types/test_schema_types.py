"""The eleven schema types answer the four questions as the data model lists them."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from sqlalchemy import inspect

from mesher import types
from mesher.types import SCHEMA_TYPES

# The table of the data model, section 1, word for word.
CONTRACT = """
| Organization | organizations | id | id, name, slug, created_at | | projects: Project; org_memberships: OrgMembership |
| Project | projects | id | id, org_id, name, platform, slug, created_at | org: Organization | api_keys: ApiKey; issues: Issue; events: Event; alert_rules: AlertRule; alerts: Alert |
| ApiKey | api_keys | id | id, project_id, key_value, label, created_at, revoked_at (optional) | project: Project | |
| User | users | id | id, email, display_name, created_at | | org_memberships: OrgMembership; sessions: Session |
| OrgMembership | org_memberships | id | id, user_id, org_id, role, joined_at | user: User; org: Organization | |
| Session | sessions | token | token, user_id, created_at, expires_at | user: User | |
| Event | events | id | id, project_id, issue_id, level, message, fingerprint, exception, stacktrace, breadcrumbs, tags, extra, user_context, sdk_name, sdk_version, received_at | project: Project; issue: Issue | |
| Issue | issues | id | id, project_id, fingerprint, title, level, status, event_count, first_seen, last_seen, assigned_to (optional) | project: Project | events: Event |
| AlertRule | alert_rules | id | id, project_id, name, condition_json, action_json, enabled, cooldown_minutes, last_fired_at (optional), created_at | project: Project | alerts: Alert |
| Alert | alerts | id | id, rule_id, project_id, status, message, condition_snapshot, triggered_at, acknowledged_at (optional), resolved_at (optional) | rule: AlertRule; project: Project | |
| RetentionSettings | projects | id | retention_days, sample_rate | | |
"""
# What later migrations added, behind the fields above.
ADDED = {
    "Project": ("number",),
    "AlertRule": ("muted_until",),
    "Alert": ("issue_id", "acknowledged_by", "resolved_by"),
    "Event": ("payload", "grouping_version"),
    "Issue": (
        "culprit",
        "platform",
        "grouping",
        "status_changed_at",
        "substatus",
        "resolution",
        "archive",
    ),
}


class Row(NamedTuple):
    """One row of the table above."""

    name: str
    table: str
    key: str
    fields: str
    owners: str
    owned: str


ROWS = [
    Row(*(cell.strip() for cell in line[1:-1].split("|"))) for line in CONTRACT.strip().splitlines()
]
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


@each_row
def test_a_type_answers_the_four_questions_as_the_data_model_says(row):
    declared = getattr(types, row.name)
    names = tuple(field.removesuffix(" (optional)") for field in row.fields.split(", "))
    links = [("belongs_to", *link) for link in pairs(row.owners)]
    links += [("has_many", *link) for link in pairs(row.owned)]

    assert declared.__table__.name == row.table
    assert declared.__primary_key__() == row.key
    assert declared.__fields__() == names + ADDED.get(row.name, ())
    assert list(declared.__relationships__()) == links


@each_row
def test_a_field_that_the_data_model_calls_optional_may_be_null(row):
    columns = getattr(types, row.name).__table__.c
    for field in row.fields.split(", "):
        if field.endswith(" (optional)"):
            assert columns[field.removesuffix(" (optional)")].nullable


def pairs(cell: str) -> list[tuple[str, ...]]:
    """``a: B; c: D`` to ``[("a", "B"), ("c", "D")]``."""
    return [tuple(part.split(": ")) for part in cell.split("; ") if part]


def test_the_data_model_lists_eleven_types_and_a_later_migration_added_one():
    assert [declared.__name__ for declared in SCHEMA_TYPES] == [row.name for row in ROWS] + [
        "ApiToken"
    ]


def test_every_relationship_leads_to_a_declared_type():
    names = {declared.__name__ for declared in SCHEMA_TYPES}
    targets = {link.target for declared in SCHEMA_TYPES for link in declared.__relationships__()}
    assert targets <= names


def test_belongs_to_is_said_by_a_column_of_the_same_name():
    for declared in SCHEMA_TYPES:
        for link in declared.__relationships__():
            if link.kind == "belongs_to":
                assert f"{link.name}_id" in declared.__fields__()


def test_has_many_is_answered_by_belongs_to_at_the_other_end():
    for declared in SCHEMA_TYPES:
        for link in declared.__relationships__():
            if link.kind == "has_many":
                owners = getattr(types, link.target).__relationships__()
                assert ("belongs_to", declared.__name__) in {(o.kind, o.target) for o in owners}


def test_a_user_does_not_carry_the_hash_of_the_password():
    assert "password_hash" in types.User.__table__.c
    assert "password_hash" not in inspect(types.User).attrs
    assert not hasattr(types.User, "password_hash")


def test_a_project_does_not_carry_its_retention_settings():
    for column in types.RetentionSettings.__fields__():
        assert column in types.Project.__table__.c
        assert not hasattr(types.Project, column)


def test_the_severities_are_those_of_the_data_model():
    assert types.SEVERITIES == ("fatal", "error", "warning", "info", "debug")


def test_the_issue_states_are_those_of_the_data_model():
    assert types.ISSUE_STATUSES == ("unresolved", "resolved", "archived", "discarded")


def test_the_roles_are_those_of_the_data_model():
    assert types.ROLES == ("owner", "admin", "member")


def test_the_alert_states_are_those_of_the_data_model():
    assert types.ALERT_STATUSES == ("active", "acknowledged", "resolved")
