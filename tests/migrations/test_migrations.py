"""Migrations give the data model, up and down, on both servers."""

from __future__ import annotations

import shutil
import threading
from datetime import UTC, date, datetime

import procrastinate.schema
import psycopg
import pytest
import sqlalchemy
from alembic import command
from alembic.script import ScriptDirectory

import catalog
from mesher import migrations
from mesher.errors import Conflict, SetupError
from mesher.storage.connection import connect
from mesher.storage.partitions import make_partitions, partition_days
from mesher.storage.schema_version import known_revisions
from mesher.types import metadata

FIRST = "20260216120000_create_initial_schema"
TEN_TABLES = {
    "organizations",
    "users",
    "org_memberships",
    "sessions",
    "projects",
    "api_keys",
    "issues",
    "events",
    "alert_rules",
    "alerts",
}
# The table of the data model, section 3, word for word.
NINETEEN_INDEXES = """
| idx_projects_slug | UNIQUE projects(slug) WHERE slug IS NOT NULL |
| idx_org_memberships_user | org_memberships(user_id) |
| idx_org_memberships_org | org_memberships(org_id) |
| idx_sessions_user | sessions(user_id) |
| idx_sessions_expires | sessions(expires_at) |
| idx_projects_org | projects(org_id) |
| idx_api_keys_project | api_keys(project_id) |
| idx_api_keys_value | api_keys(key_value) WHERE revoked_at IS NULL |
| idx_issues_project_status | issues(project_id, status) |
| idx_issues_project_last_seen | issues(project_id, last_seen DESC) |
| idx_events_project_received | events(project_id, received_at DESC) |
| idx_events_issue_received | events(issue_id, received_at DESC) |
| idx_events_level | events(level, received_at DESC) |
| idx_events_fingerprint | events(fingerprint) |
| idx_events_tags | events USING GIN (tags jsonb_path_ops) |
| idx_alert_rules_project | alert_rules(project_id) WHERE enabled = true |
| idx_alerts_project_status | alerts(project_id, status) |
| idx_alerts_rule | alerts(rule_id) |
| idx_alerts_triggered | alerts(triggered_at DESC) |
"""
INDEXES = {
    name.strip(): definition.strip()
    for _, name, definition, _ in (
        line.split("|") for line in NINETEEN_INDEXES.strip().splitlines()
    )
}
# What later migrations added.
LATER_INDEXES = {
    "idx_password_resets_user": "password_resets(user_id)",
    "idx_idempotency_keys_at": "idempotency_keys(at)",
    "idx_live_log_number": "live_log(project_id, number)",
    "idx_live_log_unnumbered": "live_log(id) WHERE number IS NULL",
    "idx_live_log_at": "live_log(at)",
    "idx_alert_rules_order": "alert_rules(project_id, created_at, id)",
    "idx_alerts_project_triggered": "alerts(project_id, triggered_at DESC, id)",
    "idx_issues_project_first_seen": "issues(project_id, first_seen DESC, id DESC)",
    "idx_issues_project_events": "issues(project_id, event_count DESC, id DESC)",
    "idx_api_tokens_user": "api_tokens(user_id)",
    "idx_user_identities_user": "user_identities(user_id)",
    "idx_api_tokens_org": "api_tokens(org_id, created_at, id)",
    "idx_invitations_org": "invitations(org_id, created_at, id)",
    "idx_invitations_inviter": "invitations(invited_by)",
    "idx_issue_counts_project": "issue_counts(project_id, hour)",
    "idx_audit_log_org": "audit_log(org_id, id DESC)",
    "idx_audit_log_actor": "audit_log(actor_id, id DESC)",
    "idx_event_ids_received": "event_ids USING BRIN (received_at)",
    "idx_attachments_event": "attachments(project_id, event_id)",
    "idx_attachments_received": "attachments(project_id, received_at)",
    "idx_user_feedback_event": "user_feedback(project_id, event_id)",
    "idx_user_feedback_received": "user_feedback(project_id, received_at)",
    "idx_check_ins_monitor": "check_ins(project_id, slug, environment, started_at)",
    "idx_check_ins_received": "check_ins(project_id, received_at)",
    "idx_monitor_problems_noted": "monitor_problems(project_id, noted_at)",
    "idx_artifact_files_use": "artifact_files(org_id, last_used_on)",
    "idx_artifacts_debug_id": ("artifacts(project_id, debug_id, type) WHERE debug_id IS NOT NULL"),
    "idx_artifacts_url": "artifacts(project_id, release, url)",
    "idx_artifacts_file": "artifacts(org_id, sha1)",
    "idx_debug_files_debug_id": "debug_files(project_id, debug_id)",
    "idx_debug_files_file": "debug_files(org_id, sha1)",
    "idx_awaited_artifacts_last": "awaited_artifacts(last_at)",
    "idx_releases_org_created": "releases(org_id, created_at, id)",
    "idx_release_projects_project": "release_projects(project_id)",
    "idx_deploys_release": "deploys(release_id, finished_at)",
    "idx_upload_chunks_expires": "upload_chunks(expires_at)",
    "idx_assemblies_updated": "assemblies(updated_at)",
    "idx_issue_fingerprints_issue": "issue_fingerprints(issue_id)",
    "idx_issue_routes_fingerprint": "issue_routes(project_id, fingerprint)",
    "idx_issue_routes_issue": "issue_routes(issue_id)",
    "idx_issue_changes_issue": "issue_changes(issue_id)",
    "idx_issue_changes_other": "issue_changes(other_id)",
    "idx_issue_changes_project": "issue_changes(project_id)",
    "idx_issue_changes_moving": (
        "issue_changes(made_at) WHERE state = ANY (ARRAY['moving'::text, 'undoing'::text])"
    ),
    "idx_issue_signatures_bands": "issue_signatures USING GIN (bands) WITH (fastupdate=off)",
    "idx_issues_archived_until": "issues(id) WHERE (archive ->> 'until'::text) IS NOT NULL",
    "idx_issues_next_release": (
        "issues(project_id) WHERE ((resolution ->> 'after_release'::text) IS NOT NULL)"
        " AND ((resolution ->> 'in_release'::text) IS NULL)"
    ),
    "idx_issue_activity_issue": "issue_activity(issue_id, id)",
    "idx_issue_activity_project": "issue_activity(project_id, kind, at)",
    "idx_issue_activity_actor": "issue_activity(actor_id) WHERE actor_id IS NOT NULL",
    "idx_issue_actions_org": "issue_actions(org_id)",
    "idx_passkeys_user": "passkeys(user_id)",
    "idx_saved_searches_project": "saved_searches(project_id, created_at)",
    "idx_saved_searches_person": "saved_searches(made_by)",
    "idx_alert_deliveries_due": "alert_deliveries(due_at) WHERE status = 'waiting'::text",
    "idx_alert_deliveries_alert": "alert_deliveries(alert_id)",
    "idx_alert_deliveries_rule": "alert_deliveries(rule_id, action_id)",
    "idx_alerts_open": "alerts(rule_id) WHERE status <> 'resolved'::text",
    "idx_issue_actions_project": "issue_actions(project_id)",
    "idx_issue_actions_person": "issue_actions(made_by)",
    "idx_privacy_actions_project": "privacy_actions(project_id, began_at DESC)",
}
LATER_TABLES = {
    "password_resets",
    "saved_searches",
    "alert_signals",
    "alert_matches",
    "alert_deliveries",
    "passkeys",
    "answered_challenges",
    "second_factors",
    "recovery_codes",
    "idempotency_keys",
    "live_log",
    "api_tokens",
    "audit_log",
    "issue_counts",
    "project_counts",
    "user_identities",
    "journal_positions",
    "event_ids",
    "outcomes",
    "quarantine",
    "attachments",
    "user_feedback",
    "session_counts",
    "monitors",
    "check_ins",
    "monitor_problems",
    "artifact_files",
    "artifacts",
    "debug_files",
    "awaited_artifacts",
    "releases",
    "release_projects",
    "release_commits",
    "deploys",
    "upload_chunks",
    "assemblies",
    "invitations",
    "issue_fingerprints",
    "issue_routes",
    "issue_changes",
    "issue_signatures",
    "issue_activity",
    "issue_actions",
    "privacy_actions",
    "removals",
}


def test_the_first_migration_creates_the_ten_tables_and_nineteen_indexes(unmigrated_url):
    migrations.upgrade(unmigrated_url)
    migrations.downgrade(unmigrated_url, FIRST)
    with psycopg.connect(unmigrated_url) as conn:
        assert catalog.tables(conn) == TEN_TABLES
        assert catalog.indexes(conn) == INDEXES
    assert len(INDEXES) == 19


def test_all_migrations_keep_what_the_first_created(unmigrated_url):
    migrations.upgrade(unmigrated_url)
    with psycopg.connect(unmigrated_url) as conn:
        assert catalog.tables(conn) == TEN_TABLES | LATER_TABLES
        assert catalog.indexes(conn) == INDEXES | LATER_INDEXES


def test_down_leaves_no_table_of_ours_and_nothing_of_the_job_queue(unmigrated_url):
    migrations.upgrade(unmigrated_url)
    assert migrations.downgrade(unmigrated_url) == list(reversed(known_revisions()))
    with psycopg.connect(unmigrated_url) as conn:
        assert catalog.tables(conn) == set()
        left = conn.execute(
            "SELECT proname FROM pg_proc WHERE proname LIKE 'procrastinate%'"
            " UNION SELECT typname FROM pg_type WHERE typname LIKE 'procrastinate%'"
            " UNION SELECT relname FROM pg_class WHERE relname LIKE 'procrastinate%'"
        )
        assert left.fetchall() == []


def test_up_after_down_gives_the_same_as_the_first_up(unmigrated_url):
    migrations.upgrade(unmigrated_url)
    with psycopg.connect(unmigrated_url) as conn:
        first = catalog.columns(conn), catalog.constraints(conn), catalog.indexes(conn)
    migrations.downgrade(unmigrated_url)
    migrations.upgrade(unmigrated_url)
    with psycopg.connect(unmigrated_url) as conn:
        assert (catalog.columns(conn), catalog.constraints(conn), catalog.indexes(conn)) == first


def test_up_and_down_are_safe_to_run_twice(unmigrated_url):
    assert migrations.upgrade(unmigrated_url) == known_revisions()
    assert migrations.upgrade(unmigrated_url) == []
    migrations.downgrade(unmigrated_url)
    assert migrations.downgrade(unmigrated_url) == []


def test_of_two_ups_at_once_one_migrates_and_both_succeed(unmigrated_url):
    applied = []
    threads = [
        threading.Thread(target=lambda: applied.append(migrations.upgrade(unmigrated_url)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == [[], known_revisions()]


def test_pgcrypto_is_created_where_the_server_has_it(unmigrated_url):
    migrations.upgrade(unmigrated_url)
    with psycopg.connect(unmigrated_url) as conn:
        has, created = (
            conn.execute(f"SELECT count(*) FROM {where} = 'pgcrypto'").fetchone()[0]
            for where in ("pg_available_extensions WHERE name", "pg_extension WHERE extname")
        )
    assert created == has


def test_events_are_partitioned_by_the_time_of_receipt(unmigrated_url):
    migrations.upgrade(unmigrated_url)
    with psycopg.connect(unmigrated_url) as conn:
        assert catalog.partition_key(conn, "events") == "RANGE (received_at)"


def test_partitions_can_be_made(unmigrated_url):
    migrations.upgrade(unmigrated_url)
    with connect(unmigrated_url, application_name="test") as conn:
        make_partitions(conn, date(2026, 11, 24))
        assert len(partition_days(conn)) == 8


def test_payloads_are_stored_as_they_are_given(database_url):
    with psycopg.connect(database_url) as conn:
        storage = conn.execute(
            "SELECT attstorage FROM pg_attribute"
            " WHERE attrelid = 'events'::regclass AND attname = 'payload'"
        ).fetchone()
    assert storage == ("e",)


def test_the_declared_types_are_the_migrated_database(database_url, empty_database_url):
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(empty_database_url)
    )
    metadata.create_all(engine)
    engine.dispose()
    with psycopg.connect(database_url) as migrated, psycopg.connect(empty_database_url) as declared:
        for part in (catalog.tables, catalog.columns, catalog.constraints, catalog.indexes):
            assert part(migrated) == part(declared)
        for table in catalog.tables(declared):
            assert catalog.partition_key(migrated, table) == catalog.partition_key(declared, table)


def test_alembic_sees_no_difference_either(database_url):
    with psycopg.connect(database_url) as conn:
        conn.execute(
            "CREATE TABLE events_20260101 PARTITION OF events FOR VALUES"
            " FROM ('2026-01-01 00:00+00') TO ('2026-01-02 00:00+00')"
        )
    with migrations._migrating(database_url) as config:
        command.check(config)


def test_the_file_names_are_the_history_that_alembic_reads():
    script = ScriptDirectory(migrations.FOLDER)
    assert [step.revision for step in script.walk_revisions()] == list(reversed(known_revisions()))


def test_the_job_queues_schema_is_that_of_the_installed_release():
    # Fails when procrastinate is updated: a migration must then bring what its release notes list.
    ours = (migrations.FOLDER / "versions" / "20261123100000_add_job_queue.sql").read_text()
    assert ours.endswith(procrastinate.schema.SchemaManager.get_schema())


def test_down_refuses_to_lose_projects_and_says_what_they_are(database_url):
    add_project(database_url, "shop")
    with pytest.raises(Conflict, match=r"projects shop \(1 in all\): 0 issues") as refused:
        migrations.downgrade(database_url)
    assert "--yes" in refused.value.hint
    assert migrations.status(database_url).pending == []


def test_down_loses_projects_when_told_to(database_url):
    add_project(database_url, "shop")
    migrations.downgrade(database_url, discard_data=True)
    assert migrations.status(database_url).current is None


def test_status_tells_where_a_database_stands(empty_database_url):
    assert migrations.status(empty_database_url).pending == known_revisions()
    migrations.upgrade(empty_database_url)
    migrations.downgrade(empty_database_url, FIRST)
    found = migrations.status(empty_database_url)
    assert (found.current, found.pending) == (FIRST, known_revisions()[1:])


def test_a_revision_that_does_not_exist_is_named(database_url):
    with pytest.raises(SetupError, match="20990101000000_never"):
        migrations.downgrade(database_url, "20990101000000_never")


def test_a_failed_up_changes_nothing(empty_database_url):
    with psycopg.connect(empty_database_url, autocommit=True) as conn:
        conn.execute("CREATE TABLE alerts (mine TEXT)")  # the last of the ten
        with pytest.raises(SetupError, match="alerts"):
            migrations.upgrade(empty_database_url)
        assert catalog.tables(conn) == {"alerts"}


def test_a_server_that_is_not_there_is_an_error_with_a_hint():
    with pytest.raises(SetupError, match="cannot be used") as refused:
        migrations.upgrade("postgresql://nobody@127.0.0.1:1/none")
    assert "MESHER_DATABASE_URL" in refused.value.hint


def test_generate_writes_the_difference_as_a_migration(database_url, tmp_path):
    folder = copied_environment(tmp_path)
    with psycopg.connect(database_url) as conn:
        conn.execute("ALTER TABLE issues DROP COLUMN culprit")
    now = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)

    written = migrations.generate(database_url, "bring_back_culprits", now=now, folder=folder)

    text = written.read_text(encoding="utf-8")
    assert written.name == "20270102030405_bring_back_culprits.py"
    assert 'revision = "20270102030405_bring_back_culprits"' in text
    assert "lock_timeout" in text
    assert "op.add_column('issues', sa.Column('culprit'" in text
    compile(text, written, "exec")


def test_generate_refuses_a_name_that_is_no_file_name(database_url, tmp_path):
    folder = copied_environment(tmp_path)
    with pytest.raises(SetupError, match="Add releases!"):
        migrations.generate(database_url, "Add releases!", now=datetime.now(UTC), folder=folder)


def test_generate_says_when_it_cannot_write(database_url, tmp_path):
    folder = copied_environment(tmp_path)
    now = datetime(2027, 1, 2, tzinfo=UTC)
    (folder / "versions" / "20270102000000_more.py").mkdir()
    with pytest.raises(SetupError, match="cannot be written"):
        migrations.generate(database_url, "more", now=now, folder=folder)


def test_generate_refuses_an_outdated_database(empty_database_url, tmp_path):
    folder = copied_environment(tmp_path)
    with pytest.raises(SetupError, match="not up to date"):
        migrations.generate(empty_database_url, "more", now=datetime.now(UTC), folder=folder)


def copied_environment(tmp_path):
    return shutil.copytree(migrations.FOLDER, tmp_path / "migrations")


def add_project(database_url, name):
    with psycopg.connect(database_url) as conn:
        conn.execute(
            "WITH org AS (INSERT INTO organizations (name, slug) VALUES ('a', 'a') RETURNING id)"
            " INSERT INTO projects (org_id, name) SELECT id, %s FROM org",
            (name,),
        )
