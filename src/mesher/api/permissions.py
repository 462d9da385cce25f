"""What each route of the API asks of its caller (``accounts.needs``), in the order of ``routes``."""

from __future__ import annotations

from typing import Final

from mesher.accounts.needs import Need, Needs

_OPEN = Need(public=True)
_READ = Need(scope="read", session=True)
_READ_WHOLE = Need(scope="read", session=True, whole_organization=True)
_WRITE = Need(scope="write")
_ADMIN_OF_ORGANIZATION = Need(scope="admin", role="admin", whole_organization=True)
_ADMIN_READS_ORGANIZATION = Need(scope="admin", session=True, role="admin", whole_organization=True)
_ADMIN_OF_PROJECT = Need(scope="admin", role="admin")
_ADMIN_READS_PROJECT = Need(scope="admin", session=True, role="admin")

API_NEEDS: Final[Needs] = {
    "get_openapi_document": _OPEN,
    "get_me": Need(scope="any", session=True),
    "update_me": Need(scope="admin", note="Oneself."),
    "list_my_memberships": _READ,
    "list_my_sessions": Need(scope="admin", session=True, note="One's own."),
    "end_my_session": Need(scope="admin", note="One's own."),
    "change_my_password": Need(scope="admin", note="One's own, with the current one."),
    "list_organizations": _READ,
    "create_organization": Need(
        scope="admin", whole_organization=True, note="The operator may have kept it to themselves."
    ),
    "get_organization": _READ,
    "update_organization": _ADMIN_OF_ORGANIZATION,
    "delete_organization": Need(scope="admin", role="owner", whole_organization=True),
    "get_organization_storage": _READ_WHOLE,
    "list_audit_log": _ADMIN_READS_ORGANIZATION,
    "list_organization_members": _READ_WHOLE,
    "update_member": Need(
        scope="admin",
        role="admin",
        whole_organization=True,
        note="Owners are made and unmade by owners.",
    ),
    "remove_organization_member": Need(
        scope="admin",
        whole_organization=True,
        note="Oneself; others by an admin, owners by an owner.",
    ),
    "list_organization_invitations": _ADMIN_READS_ORGANIZATION,
    "create_invitation": Need(
        scope="admin", role="admin", whole_organization=True, note="Owners are invited by owners."
    ),
    "revoke_invitation": _ADMIN_OF_ORGANIZATION,
    "accept_invitation": Need(public=True, note="With the secret of an invitation."),
    "list_tokens": Need(
        scope="admin", session=True, note="One's own; those of everybody for an admin."
    ),
    "create_token": Need(scope="admin", note="For oneself."),
    "revoke_token": Need(scope="admin", note="One's own; anybody's by an admin."),
    "create_project": _ADMIN_OF_ORGANIZATION,
    "list_projects": _READ,
    "get_project": _READ,
    "update_project": _ADMIN_OF_PROJECT,
    "delete_project": _ADMIN_OF_PROJECT,
    "get_project_storage": _READ,
    "get_retention_settings": _ADMIN_READS_PROJECT,
    "update_retention_settings": _ADMIN_OF_PROJECT,
    "list_project_keys": _READ,
    "create_key": _ADMIN_OF_PROJECT,
    "update_key": _ADMIN_OF_PROJECT,
    "revoke_key": _ADMIN_OF_PROJECT,
    "rotate_key": _ADMIN_OF_PROJECT,
    "list_releases": _READ,
    "get_release": _READ,
    "list_outcomes": _READ,
    "get_ingest_settings": _ADMIN_READS_PROJECT,
    "update_ingest_settings": _ADMIN_OF_PROJECT,
    "get_grouping_rules": _READ,
    "replace_grouping_rules": _ADMIN_OF_PROJECT,
    "preview_grouping": Need(scope="write", session=True, note="It changes nothing."),
    "list_alert_rules": _READ,
    "create_alert_rule": _ADMIN_OF_PROJECT,
    "get_alert_rule": _READ,
    "update_alert_rule": _ADMIN_OF_PROJECT,
    "delete_alert_rule": _ADMIN_OF_PROJECT,
    "list_project_alerts": _READ,
    "list_organization_alerts": _READ,
    "get_alert": _READ,
    "acknowledge_alert": _WRITE,
    "resolve_alert": _WRITE,
    "list_issues": _READ,
    "list_organization_issues": _READ,
    "list_project_events": _READ,
    "list_organization_events": _READ,
    "get_project_volume": _READ,
    "get_organization_volume": _READ,
    "get_top_issues": _READ,
    "get_issue_timeline": _READ,
    "list_search_keys": _READ,
    "list_search_values": _READ,
    "get_project_event": _READ,
    "list_attachments": _READ,
    "download_attachment": _READ,
    "list_feedback": _READ,
    "find_person_data": _ADMIN_OF_PROJECT,
    "export_person_data": _ADMIN_OF_PROJECT,
    "erase_person_data": _ADMIN_OF_PROJECT,
    "list_privacy_actions": _ADMIN_READS_PROJECT,
    "get_issue": _READ,
    "delete_issue": _WRITE,
    "update_issue": _WRITE,
    "resolve_issue": _WRITE,
    "unresolve_issue": _WRITE,
    "archive_issue": _WRITE,
    "discard_issue": _WRITE,
    "update_issues": _WRITE,
    "update_organization_issues": _WRITE,
    "undo_issue_action": _WRITE,
    "list_issue_tags": _READ,
    "get_issue_tag": _READ,
    "list_project_tags": _READ,
    "get_project_tag": _READ,
    "list_issue_activity": _READ,
    "list_issue_comments": _READ,
    "create_issue_comment": _WRITE,
    "update_issue_comment": Need(scope="write", note="One's own."),
    "delete_issue_comment": Need(scope="write", note="One's own."),
    "merge_issue": _WRITE,
    "unmerge_issue": _WRITE,
    "split_issue": _WRITE,
    "list_issue_changes": _READ,
    "undo_issue_change": _WRITE,
    "list_issue_fingerprints": _READ,
    "list_similar_issues": _READ,
    "compare_issue": _READ,
    "explain_grouping": _READ,
    "explain_event_grouping": _READ,
    "list_events": _READ,
    "get_issue_event": _READ,
}
