from __future__ import annotations

import re
from typing import Any

import pytest

from mesher.types import Issue, Project
from serving import Client

INGESTION = {"/api/v1/events", "/api/v1/events/bulk"}


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def test_the_document_names_every_operation_of_the_api(document: dict[str, Any]) -> None:
    operations = {
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    }
    assert operations == {
        "list_organizations",
        "list_tokens",
        "create_token",
        "revoke_token",
        "list_projects",
        "get_project",
        "list_releases",
        "get_release",
        "list_outcomes",
        "get_ingest_settings",
        "update_ingest_settings",
        "list_issues",
        "list_organization_issues",
        "list_project_events",
        "list_organization_events",
        "list_search_keys",
        "get_me",
        "update_me",
        "list_my_memberships",
        "list_my_sessions",
        "end_my_session",
        "change_my_password",
        "get_project_volume",
        "get_organization_volume",
        "get_top_issues",
        "get_issue_timeline",
        "list_search_values",
        "get_issue",
        "update_issue",
        "update_issues",
        "update_organization_issues",
        "undo_issue_action",
        "list_issue_activity",
        "list_issue_comments",
        "create_issue_comment",
        "update_issue_comment",
        "delete_issue_comment",
        "list_issue_tags",
        "get_issue_tag",
        "list_project_tags",
        "get_project_tag",
        "resolve_issue",
        "unresolve_issue",
        "archive_issue",
        "create_event",
        "create_events",
        "delete_me",
        "list_my_passkeys",
        "remove_my_passkey",
        "get_second_factor",
        "begin_second_factor",
        "confirm_second_factor",
        "replace_recovery_codes",
        "remove_second_factor",
        "stream_project",
        "stream_organization",
        "list_alert_rules",
        "create_alert_rule",
        "get_alert_rule",
        "update_alert_rule",
        "delete_alert_rule",
        "list_saved_searches",
        "create_saved_search",
        "delete_saved_search",
        "test_alert_rule",
        "preview_alert_rule",
        "list_alert_deliveries",
        "deliver_alert_again",
        "list_project_alerts",
        "list_organization_alerts",
        "get_alert",
        "acknowledge_alert",
        "resolve_alert",
        "discard_issue",
        "delete_issue",
        "list_events",
        "get_issue_event",
        "get_project_event",
        "list_attachments",
        "download_attachment",
        "list_feedback",
        "merge_issue",
        "unmerge_issue",
        "split_issue",
        "undo_issue_change",
        "list_issue_changes",
        "list_issue_fingerprints",
        "get_grouping_rules",
        "replace_grouping_rules",
        "preview_grouping",
        "list_similar_issues",
        "compare_issue",
        "explain_grouping",
        "explain_event_grouping",
        "find_person_data",
        "export_person_data",
        "erase_person_data",
        "list_privacy_actions",
        "create_organization",
        "get_organization",
        "update_organization",
        "delete_organization",
        "get_organization_storage",
        "list_audit_log",
        "list_organization_members",
        "update_member",
        "remove_organization_member",
        "list_organization_invitations",
        "create_invitation",
        "revoke_invitation",
        "accept_invitation",
        "create_project",
        "update_project",
        "delete_project",
        "get_project_storage",
        "get_retention_settings",
        "update_retention_settings",
        "list_project_keys",
        "create_key",
        "update_key",
        "revoke_key",
        "rotate_key",
    }
    assert all(path.startswith("/api/v1/") for path in document["paths"])


@pytest.mark.parametrize(("name", "declared"), [("Issue", Issue), ("Project", Project)])
def test_a_schema_has_the_fields_that_its_type_declares(
    document: dict[str, Any], name: str, declared: Any
) -> None:
    properties = document["components"]["schemas"][name]["properties"]
    assert tuple(properties) == declared.__fields__()


def test_an_event_in_full_is_described(document: dict[str, Any]) -> None:
    properties = document["components"]["schemas"]["EventDetail"]["properties"]
    assert {"id", "received_at", "payload", "grouping", "next_event_id"} <= set(properties)


def test_errors_are_described_in_their_one_shape(document: dict[str, Any]) -> None:
    for name, path in document["paths"].items():
        if name in INGESTION:
            continue
        for operation in path.values():
            for status in ("400", "401", "404", "429", "500", "503"):
                content = operation["responses"][status]["content"]["application/json"]
                assert content["schema"] == {"$ref": "#/components/schemas/ErrorBody"}


def test_every_operation_is_described_with_all_that_it_takes(document: dict[str, Any]) -> None:
    groups = {tag["name"] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            name = operation["operationId"]
            assert operation["summary"], name
            assert operation["description"], name
            assert "``" not in operation["description"], name
            assert set(operation["tags"]) <= groups, name
            for parameter in operation.get("parameters", []):
                assert parameter["description"], (name, parameter["name"])
                assert parameter["in"] != "path" or parameter["example"], (name, path)
            for content in operation.get("requestBody", {}).get("content", {}).values():
                assert content["example"], name
            for status, response in operation["responses"].items():
                assert response["description"] not in ("", "Additional response"), (name, status)


def test_a_list_of_settings_says_what_is_in_it(document: dict[str, Any]) -> None:
    settings = document["components"]["schemas"]["IngestSettings"]["properties"]
    assert settings["filter_messages"]["items"] == {"type": "string"}


def test_every_creation_takes_a_key_that_keeps_it_from_being_done_twice(
    document: dict[str, Any],
) -> None:
    for path, operations in document["paths"].items():
        if path not in INGESTION | {"/api/v1/invitations/accept"} and "post" in operations:
            names = {parameter["name"] for parameter in operations["post"]["parameters"]}
            assert "Idempotency-Key" in names, path


def test_the_document_says_what_opens_each_operation(document: dict[str, Any]) -> None:
    schemes = set(document["components"]["securitySchemes"])
    opened = {
        operation["operationId"]: [
            next(iter(one)) for one in operation.get("security", document["security"])
        ]
        for operations in document["paths"].values()
        for operation in operations.values()
    }
    assert {scheme for wanted in opened.values() for scheme in wanted} == schemes
    assert opened["list_projects"] == ["token", "session"]
    assert opened["create_project"] == ["token"]
    assert opened["accept_invitation"] == []
    assert opened["create_event"] == ["key"]


def test_nothing_below_the_api_loads_anything_from_elsewhere(client: Client) -> None:
    for path in ("/api/v1/openapi.json", "/api/v1/", "/api/v1/docs", "/schema"):
        answer = client.get(path)
        assert not re.search(r"<script|https?://(?!mesher\.example)", answer.text), path


def test_the_body_that_changes_ingest_settings_is_described(document: dict[str, Any]) -> None:
    path = document["paths"]["/api/v1/projects/{project_id}/ingest-settings"]
    schema = path["patch"]["requestBody"]["content"]["application/json"]["schema"]
    described = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert "sample_rate" in described["properties"]
    assert not described.get("required")
