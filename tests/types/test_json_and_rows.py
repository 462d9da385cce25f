"""A type's JSON form and its reading of rows."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from sqlalchemy import insert, select

from mesher.storage.database import create_engine, reading, writing
from mesher.types import (
    SCHEMA_TYPES,
    AlertRule,
    Event,
    ExceptionInfo,
    Issue,
    Organization,
    Project,
    RetentionSettings,
    StackFrame,
    User,
)
from mesher.values.alert_condition import Threshold

ID = uuid.UUID("6b0f4a52-5d0e-4a0f-9a5e-0d6c1f1f0a01")
OTHER_ID = uuid.UUID("6b0f4a52-5d0e-4a0f-9a5e-0d6c1f1f0a02")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ISSUE = {
    "id": ID,
    "project_id": OTHER_ID,
    "fingerprint": "f",
    "title": "ValueError: no",
    "level": "error",
    "status": "unresolved",
    "event_count": 3,
    "first_seen": NOON,
    "last_seen": NOON,
    "assigned_to": None,
    "culprit": "app.views in index",
    "platform": "python",
    "grouping": {"strategy": "stacktrace"},
    "status_changed_at": None,
    "substatus": None,
    "resolution": {"in_release": None, "after_release": "1.2"},
    "archive": {"until": "2026-11-27T00:00:00Z", "events": None, "until_escalating": False},
}
EVENT = {
    "id": ID,
    "project_id": ID,
    "issue_id": OTHER_ID,
    "level": "error",
    "message": "no",
    "fingerprint": "f",
    "exception": [{"type": "ValueError", "value": "no", "handled": False}],
    "stacktrace": [{"function": "index", "filename": "app.py", "lineno": 3, "in_app": True}],
    "breadcrumbs": None,
    "tags": {"release": "1"},
    "extra": {"depth": [1, {"a": None}]},
    "user_context": None,
    "sdk_name": None,
    "sdk_version": None,
    "received_at": NOON,
    "payload": b"packed",
    "grouping_version": 1,
}


def test_ids_are_strings_and_times_are_utc_in_json():
    written = json.loads(Issue.from_row(ISSUE).to_json())
    assert written["id"] == "6b0f4a52-5d0e-4a0f-9a5e-0d6c1f1f0a01"
    assert written["first_seen"] == "2026-11-24T12:00:00Z"


def test_the_keys_of_the_json_form_are_the_fields_in_order():
    assert list(json.loads(Issue.from_row(ISSUE).to_json())) == list(Issue.__fields__())


def test_a_time_of_another_zone_is_written_in_utc():
    in_berlin = NOON.astimezone(timezone(timedelta(hours=1)))
    issue = Issue.from_row(ISSUE | {"first_seen": in_berlin})
    assert json.loads(issue.to_json())["first_seen"] == "2026-11-24T12:00:00Z"


def test_a_time_without_zone_is_refused():
    text = Issue.from_row(ISSUE).to_json().replace(b"T12:00:00Z", b"T12:00:00")
    with pytest.raises(msgspec.ValidationError):
        Issue.from_json(text)


@pytest.mark.parametrize(("declared", "row"), [(Issue, ISSUE), (Event, EVENT)])
def test_what_json_tells_is_read_back_the_same(declared, row):
    written = declared.from_row(row).to_json()
    assert declared.from_json(written).to_json() == written


@pytest.mark.parametrize("declared", SCHEMA_TYPES)
def test_every_type_has_a_json_form_and_reads_it(declared):
    # The schema of the struct that all conversions go through: fails for a type it cannot carry.
    assert declared.__fields__()
    with pytest.raises(msgspec.ValidationError):
        declared.from_json(b"{}")


def test_the_json_columns_of_an_event_are_typed_values():
    event = Event.from_row(EVENT)
    assert event.exception == [ExceptionInfo(type="ValueError", value="no", handled=False)]
    assert event.stacktrace == [
        StackFrame(function="index", filename="app.py", lineno=3, in_app=True)
    ]


def test_compact_forms_leave_out_what_is_not_known():
    assert msgspec.json.encode(ExceptionInfo(type="ValueError")) == b'{"type":"ValueError"}'


def test_columns_that_are_no_field_are_left_out_of_an_instance():
    row = {"id": ID, "email": "a@b.example", "display_name": "A", "created_at": NOON}
    user = User.from_row(row | {"password_hash": "$argon2id$"})
    assert b"argon2id" not in user.to_json()
    assert not hasattr(user, "password_hash")


def test_a_row_without_a_field_is_refused():
    row = {name: value for name, value in ISSUE.items() if name != "title"}
    with pytest.raises(msgspec.ValidationError, match="title"):
        Issue.from_row(row)


def test_rows_of_the_database_become_instances(database_url):
    project, settings, rule = asyncio.run(store_and_read(database_url))

    assert (project.name, project.number, project.platform) == ("shop", 1, None)
    assert (settings.retention_days, settings.sample_rate) == (90, 1.0)
    assert rule.condition_json == Threshold(count=9, window_minutes=60)
    assert rule.enabled


async def store_and_read(database_url):
    engine = create_engine(database_url, pool_size=1)
    condition = Threshold(count=9, window_minutes=60)
    async with writing(engine) as conn:
        await conn.execute(insert(Organization).values(id=ID, name="acme", slug="acme"))
        await conn.execute(insert(Project).values(id=ID, org_id=ID, name="shop"))
        await conn.execute(
            insert(AlertRule).values(
                project_id=ID,
                name="many",
                condition_json=msgspec.to_builtins(condition),
                action_json={},
            )
        )
    async with reading(engine) as conn:
        rows = [
            (await conn.execute(select(declared.__table__))).mappings().one()
            for declared in (Project, RetentionSettings, AlertRule)
        ]
    await engine.dispose()
    return (
        Project.from_row(rows[0]),
        RetentionSettings.from_row(rows[1]),
        AlertRule.from_row(rows[2]),
    )
