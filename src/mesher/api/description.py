"""What the OpenAPI document says beside what the handlers and types say themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

# By the first part of a path that is here, read from its end: the deepest thing names the group.
TAGS: Final[Mapping[str, str]] = {
    "me": "Oneself",
    "members": "People",
    "invitations": "People",
    "tokens": "Tokens",
    "audit-log": "Organizations",
    "live": "Live",
    "alert-rules": "Alerts",
    "saved-searches": "Issues",
    "alerts": "Alerts",
    "keys": "Keys",
    "releases": "Releases",
    "outcomes": "Ledger",
    "ingest-settings": "Settings",
    "retention-settings": "Settings",
    "grouping": "Grouping",
    "explanation": "Grouping",
    "fingerprints": "Grouping",
    "similar": "Grouping",
    "compare": "Grouping",
    "changes": "Grouping",
    "merge": "Grouping",
    "unmerge": "Grouping",
    "split": "Grouping",
    "statistics": "Statistics",
    "timeline": "Statistics",
    "search": "Search",
    "persons": "Privacy",
    "privacy-actions": "Privacy",
    "storage": "Storage",
    "events": "Events",
    "issue-actions": "Issues",
    "issues": "Issues",
    "projects": "Projects",
    "organizations": "Organizations",
}

TAG_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "Oneself": "The account that the credentials belong to.",
    "Organizations": "What people and projects belong to, and the record of its changes.",
    "People": "Members of an organization, and invitations to it.",
    "Tokens": "API tokens, each with a scope, of an organization or of one project of it.",
    "Projects": "What events belong to.",
    "Keys": "What stands in the DSNs of a project.",
    "Settings": "What a project lets in, and how long it keeps it.",
    "Issues": "What events are grouped into, and what is done about it.",
    "Events": "Single occurrences, with all that the client sent.",
    "Grouping": "Why events are one issue; merging and splitting; a project's own rules.",
    "Search": "Completion for the language of queries.",
    "Statistics": "Counts over time.",
    "Live": "What happens, while it happens.",
    "Releases": "Versions of the program, and what they did.",
    "Alerts": "What is watched, and what was raised.",
    "Ledger": "What became of everything that clients sent.",
    "Privacy": "A person's data: found, exported, erased.",
    "Storage": "How much is kept.",
}

_ID: Final = "3f2b8c1e-6d1a-4a55-9a51-0c5a3f0b7f21"

# Parameters of paths: what they are, and one as it may look.
PATH_PARAMETERS: Final[Mapping[str, tuple[str, str]]] = {
    "org_id": ("The organization's id or slug.", "acme"),
    "project_id": ("The project's id or slug.", "shop"),
    "issue_id": ("The issue's id.", _ID),
    "other_id": ("The id of the issue to compare with.", _ID),
    "event_id": (
        "The event's id, with or without hyphens; of an issue's events also latest or oldest.",
        _ID,
    ),
    "attachment_id": ("The attachment's id.", _ID),
    "key_id": ("The key's id, which is not the key.", _ID),
    "token_id": ("The token's id, which is not the token.", _ID),
    "member_id": ("The id of a member, or me.", "me"),
    "invitation_id": ("The invitation's id, which is not in its link.", _ID),
    "session_id": ("The session's id, as the list tells it.", "c0ffee00c0ffee00"),
    "passkey_id": ("The id of one of your passkeys.", _ID),
    "comment_id": ("The comment's number.", "17"),
    "change_id": ("The id of a merge or split.", _ID),
    "action_id": ("The id that a change of many issues was answered with.", _ID),
    "rule_id": ("The alert rule's id.", _ID),
    "search_id": ("The saved search's id.", _ID),
    "alert_id": ("The alert's id.", _ID),
    "version": ("The release's version.", "shop@1.4.2"),
    "key": ("The tag's name.", "browser"),
}

# Parameters of queries that do not describe themselves.
QUERY_PARAMETERS: Final[Mapping[str, str]] = {
    "limit": "How many rows a page has at most.",
    "cursor": "The next_cursor of the page before; absent: the first page.",
    "status": "Only those with this status.",
    "sort": "By what they are sorted.",
    "unit": "How long a step is.",
    "hours": "How many hours back.",
    "actor": "Only what this person did, by id.",
    "action": "Only changes of this kind, as token.revoked.",
    "target_kind": "Only changes of such things, as project.",
    "target_id": "Only changes of the thing with this id.",
}

# Answers that are files, by operation.
FILES: Final[Mapping[str, str]] = {
    "download_attachment": "application/octet-stream",
    "export_person_data": "application/gzip",
}

# Bodies as they may look, by operation.
EXAMPLES: Final[Mapping[str, Any]] = {
    "update_me": {"display_name": "Ada"},
    "delete_me": {"password": "correct horse battery staple"},
    "begin_second_factor": {"password": "correct horse battery staple"},
    "confirm_second_factor": {"code": "123456"},
    "replace_recovery_codes": {"password": "correct horse battery staple"},
    "remove_my_passkey": {"password": "correct horse battery staple"},
    "remove_second_factor": {"password": "correct horse battery staple"},
    "change_my_password": {
        "current_password": "correct horse battery staple",
        "new_password": "a longer and better one",
    },
    "create_organization": {"name": "Acme", "slug": "acme"},
    "update_organization": {"name": "Acme and sons"},
    "update_member": {"role": "admin"},
    "create_invitation": {"role": "member", "email": "bob@example.com"},
    "accept_invitation": {
        "token": "from the link",
        "email": "bob@example.com",
        "name": "Bob",
        "password": "correct horse battery staple",
    },
    "create_token": {"name": "dashboards", "scope": "read", "project": "shop"},
    "create_project": {"name": "Shop", "platform": "python"},
    "update_project": {"name": "Shop, old"},
    "update_retention_settings": {"retention_days": 30},
    "create_key": {"label": "browsers"},
    "update_key": {"label": "servers"},
    "rotate_key": {"revoke_after_hours": 24},
    "update_ingest_settings": {"sample_rate": 0.5},
    "replace_grouping_rules": {"rules": "error.type:Timeout -> timeout"},
    "preview_grouping": {"rules": "error.type:Timeout -> timeout", "days": 7},
    "update_issues": {"query": "is:unresolved times_seen:<3", "status": "archived"},
    "update_organization_issues": {"ids": [_ID], "assigned_to": "me"},
    "find_person_data": {"email": "customer@example.com"},
    "export_person_data": {"email": "customer@example.com"},
    "erase_person_data": {"email": "customer@example.com"},
    "update_issue": {"status": "resolved", "resolution": {"in_next_release": True}},
    "resolve_issue": {"in_next_release": True},
    "archive_issue": {"until_escalating": True},
    "create_issue_comment": {"comment": "The new cache again?"},
    "update_issue_comment": {"comment": "It was the new cache."},
    "merge_issue": {"issues": [_ID]},
    "unmerge_issue": {"issues": [_ID]},
    "split_issue": {"release": "shop@1.4.2"},
    "create_alert_rule": {
        "name": "New errors in production",
        "condition": {
            "condition_type": "new_issue",
            "filters": {"environments": ["production"]},
        },
        "actions": [{"action_type": "email", "to": "members"}],
    },
    "create_saved_search": {"name": "Mine", "query": "assigned:me level:error", "shared": False},
    "preview_alert_rule": {
        "condition": {"condition_type": "threshold", "count": 100, "window_minutes": 60}
    },
    "update_alert_rule": {"muted_until": "2027-01-01T00:00:00Z"},
    "create_event": {"message": "The printer is on fire", "level": "error"},
    "create_events": [{"message": "The printer is on fire"}, {"message": "It still is"}],
}
