"""
The JSON API: the table of contents.

``POST /api/v1/events`` and ``/api/v1/events/bulk`` belong to ``ingest.routes``.
"""

from __future__ import annotations

from typing import Any

from litestar import Router, delete, get, patch, post, put, websocket
from litestar.di import Provide
from litestar.openapi.datastructures import ResponseSpec

from mesher.api import (
    alert_rules,
    alert_trials,
    alerts,
    audit_log,
    companions,
    event_socket,
    events,
    explanations,
    grouping,
    ingest_settings,
    invitations,
    issue_activity,
    issue_bulk,
    issue_changes,
    issue_lists,
    issues,
    keys,
    live,
    me,
    members,
    organizations,
    passkeys,
    persons,
    project_changes,
    projects,
    releases,
    saved_searches,
    search_completion,
    second_factor,
    similar_issues,
    statistics,
    tags,
    tokens,
)
from mesher.api.errors import ErrorBody
from mesher.storage.pages import Page

_ERRORS = {
    status: ResponseSpec(ErrorBody, generate_examples=False, description=description)
    for status, description in {
        400: "A parameter does not fit",
        401: "No credentials, or not valid ones",
        403: "The token's scope is too small",
        404: "No such thing, or not yours",
        503: "The database cannot be reached; see Retry-After",
    }.items()
}
_CHANGE_ERRORS = _ERRORS | {
    409: ResponseSpec(
        ErrorBody, generate_examples=False, description="Not possible now; the hint says what first"
    )
}
_PROJECT = _ERRORS | {200: ResponseSpec(projects.PROJECT_DETAIL, generate_examples=False)}
_ISSUE = _ERRORS | {
    200: ResponseSpec(issues.ISSUE_DETAIL, generate_examples=False, description="The issue")
}
_CHANGED_ISSUE = (
    _CHANGE_ERRORS
    | _ISSUE
    | {
        412: ResponseSpec(
            ErrorBody,
            generate_examples=False,
            description="With If-Match: something else was decided about it meanwhile",
        )
    }
)
_EVENT = _ERRORS | {200: ResponseSpec(events.EVENT_DETAIL, generate_examples=False)}
_TOKEN = _ERRORS | {201: ResponseSpec(tokens.NEW_TOKEN, generate_examples=False)}
_TOO_MANY = {
    429: ResponseSpec(
        ErrorBody, generate_examples=False, description="Too many tries; see Retry-After"
    )
}
_NEW_ORGANIZATION = _CHANGE_ERRORS | {
    201: ResponseSpec(organizations.NEW_ORGANIZATION, generate_examples=False)
}
_NEW_PROJECT = _CHANGE_ERRORS | {
    201: ResponseSpec(projects.PROJECT_DETAIL, generate_examples=False)
}
_CHANGED_PROJECT = _CHANGE_ERRORS | {
    200: ResponseSpec(projects.PROJECT_DETAIL, generate_examples=False)
}
_NEW_KEY = _CHANGE_ERRORS | {201: ResponseSpec(keys.KEY_DETAIL, generate_examples=False)}
_CHANGED_KEY = _ERRORS | {200: ResponseSpec(keys.KEY_DETAIL, generate_examples=False)}
_RULE = {200: ResponseSpec(alert_rules.RULE_DETAIL, generate_examples=False)}
_NEW_RULE = _CHANGE_ERRORS | {201: ResponseSpec(alert_rules.RULE_DETAIL, generate_examples=False)}
_RULES = _ERRORS | {200: ResponseSpec(Page[alert_rules.RULE_DETAIL], generate_examples=False)}  # type: ignore[valid-type]
_KEYS = _ERRORS | {200: ResponseSpec(Page[keys.KEY_DETAIL], generate_examples=False)}  # type: ignore[valid-type]
_TOKENS = _ERRORS | {200: ResponseSpec(Page[tokens.TOKEN_SUMMARY], generate_examples=False)}  # type: ignore[valid-type]

# What several lists take in their addresses is declared once.
_ISSUES = {"asked": Provide(issue_lists.IssueListing, sync_to_thread=False)}
_EVENTS = {"asked": Provide(issue_lists.EventListing, sync_to_thread=False)}
_CHART = {"asked": Provide(statistics.Charting, sync_to_thread=False)}


def api_router() -> Router:
    """Every address of the API."""
    return Router(
        path="/api/v1",
        route_handlers=[
            get("/me", responses=_ERRORS)(me.get_me),
            patch("/me", responses=_ERRORS, operation_class=me.TAKES_PROFILE)(me.update_me),
            get("/me/memberships", responses=_ERRORS)(me.list_my_memberships),
            get("/me/sessions", responses=_ERRORS)(me.list_my_sessions),
            delete("/me/sessions/{session_id:str}", responses=_ERRORS)(me.end_my_session),
            post(
                "/me/password",
                responses=_ERRORS | _TOO_MANY,
                status_code=204,
                operation_class=me.TAKES_PASSWORDS,
            )(me.change_my_password),
            post(
                "/me/delete",
                responses=_CHANGE_ERRORS | _TOO_MANY,
                status_code=204,
                operation_class=second_factor.TAKES_PROOF,
            )(me.delete_me),
            get("/me/passkeys", responses=_ERRORS)(passkeys.list_my_passkeys),
            post(
                "/me/passkeys/{passkey_id:str}/remove",
                responses=_CHANGE_ERRORS | _TOO_MANY,
                status_code=204,
                operation_class=second_factor.TAKES_PROOF,
            )(passkeys.remove_my_passkey),
            get("/me/second-factor", responses=_ERRORS)(second_factor.get_second_factor),
            post(
                "/me/second-factor",
                responses=_CHANGE_ERRORS | _TOO_MANY,
                operation_class=second_factor.TAKES_PROOF,
            )(second_factor.begin_second_factor),
            post(
                "/me/second-factor/confirm",
                responses=_CHANGE_ERRORS,
                status_code=200,
                operation_class=second_factor.TAKES_CODE,
            )(second_factor.confirm_second_factor),
            post(
                "/me/second-factor/recovery-codes",
                responses=_CHANGE_ERRORS | _TOO_MANY,
                operation_class=second_factor.TAKES_PROOF,
            )(second_factor.replace_recovery_codes),
            post(
                "/me/second-factor/remove",
                responses=_CHANGE_ERRORS | _TOO_MANY,
                status_code=204,
                operation_class=second_factor.TAKES_PROOF,
            )(second_factor.remove_second_factor),
            get("/organizations", responses=_ERRORS)(organizations.list_organizations),
            post(
                "/organizations",
                responses=_NEW_ORGANIZATION,
                operation_class=organizations.TAKES_ORGANIZATION,
            )(organizations.create_organization),
            get("/organizations/{org_id:str}", responses=_ERRORS)(organizations.get_organization),
            patch(
                "/organizations/{org_id:str}",
                responses=_CHANGE_ERRORS,
                operation_class=organizations.TAKES_ORGANIZATION,
            )(organizations.update_organization),
            delete("/organizations/{org_id:str}", responses=_ERRORS)(
                organizations.delete_organization
            ),
            get("/organizations/{org_id:str}/storage", responses=_ERRORS)(
                organizations.get_organization_storage
            ),
            get("/organizations/{org_id:str}/audit-log", responses=_ERRORS)(
                audit_log.list_audit_log
            ),
            get("/organizations/{org_id:str}/members", responses=_ERRORS)(
                members.list_organization_members
            ),
            patch(
                "/organizations/{org_id:str}/members/{member_id:str}",
                responses=_CHANGE_ERRORS,
                operation_class=members.TAKES_ROLE,
            )(members.update_member),
            delete("/organizations/{org_id:str}/members/{member_id:str}", responses=_CHANGE_ERRORS)(
                members.remove_organization_member
            ),
            get("/organizations/{org_id:str}/invitations", responses=_ERRORS)(
                invitations.list_organization_invitations
            ),
            post(
                "/organizations/{org_id:str}/invitations",
                responses=_CHANGE_ERRORS,
                operation_class=invitations.TAKES_INVITATION,
            )(invitations.create_invitation),
            delete(
                "/organizations/{org_id:str}/invitations/{invitation_id:str}", responses=_ERRORS
            )(invitations.revoke_invitation),
            post(
                "/invitations/accept",
                responses=_CHANGE_ERRORS | _TOO_MANY,
                status_code=200,
                operation_class=invitations.TAKES_ACCEPTANCE,
            )(invitations.accept_invitation),
            get("/organizations/{org_id:str}/tokens", responses=_TOKENS)(tokens.list_tokens),
            post(
                "/organizations/{org_id:str}/tokens",
                responses=_TOKEN,
                operation_class=tokens.TakesTokenRequest,
            )(tokens.create_token),
            delete("/organizations/{org_id:str}/tokens/{token_id:str}", responses=_ERRORS)(
                tokens.revoke_token
            ),
            post(
                "/organizations/{org_id:str}/projects",
                responses=_NEW_PROJECT,
                operation_class=project_changes.TAKES_PROJECT,
            )(project_changes.create_project),
            get("/projects", responses=_ERRORS)(projects.list_projects),
            get("/projects/{project_id:str}", responses=_PROJECT)(projects.get_project),
            patch(
                "/projects/{project_id:str}",
                responses=_CHANGED_PROJECT,
                operation_class=project_changes.TAKES_PROJECT,
            )(project_changes.update_project),
            delete("/projects/{project_id:str}", responses=_ERRORS)(project_changes.delete_project),
            get("/projects/{project_id:str}/storage", responses=_ERRORS)(
                project_changes.get_project_storage
            ),
            get("/projects/{project_id:str}/retention-settings", responses=_ERRORS)(
                project_changes.get_retention_settings
            ),
            patch(
                "/projects/{project_id:str}/retention-settings",
                responses=_ERRORS,
                operation_class=project_changes.TAKES_RETENTION,
            )(project_changes.update_retention_settings),
            get("/projects/{project_id:str}/live", responses=_ERRORS | _TOO_MANY)(
                live.stream_project
            ),
            get("/organizations/{org_id:str}/live", responses=_ERRORS | _TOO_MANY)(
                live.stream_organization
            ),
            get("/projects/{project_id:str}/alert-rules", responses=_RULES)(
                alert_rules.list_alert_rules
            ),
            post(
                "/projects/{project_id:str}/alert-rules",
                responses=_NEW_RULE,
                operation_class=alert_rules.TAKES_RULE,
            )(alert_rules.create_alert_rule),
            get("/projects/{project_id:str}/alert-rules/{rule_id:str}", responses=_ERRORS | _RULE)(
                alert_rules.get_alert_rule
            ),
            patch(
                "/projects/{project_id:str}/alert-rules/{rule_id:str}",
                responses=_CHANGE_ERRORS | _RULE,
                operation_class=alert_rules.TAKES_RULE,
            )(alert_rules.update_alert_rule),
            delete("/projects/{project_id:str}/alert-rules/{rule_id:str}", responses=_ERRORS)(
                alert_rules.delete_alert_rule
            ),
            post(
                "/projects/{project_id:str}/alert-rules/preview",
                status_code=200,
                responses=_ERRORS,
                operation_class=alert_trials.TAKES_PREVIEW,
            )(alert_trials.preview_alert_rule),
            post(
                "/projects/{project_id:str}/alert-rules/{rule_id:str}/test",
                status_code=200,
                responses=_ERRORS,
            )(alert_trials.test_alert_rule),
            get("/projects/{project_id:str}/saved-searches", responses=_ERRORS)(
                saved_searches.list_saved_searches
            ),
            post(
                "/projects/{project_id:str}/saved-searches",
                responses=_CHANGE_ERRORS,
                operation_class=saved_searches.TAKES_SEARCH,
            )(saved_searches.create_saved_search),
            delete("/projects/{project_id:str}/saved-searches/{search_id:str}", responses=_ERRORS)(
                saved_searches.delete_saved_search
            ),
            get("/projects/{project_id:str}/alerts", responses=_ERRORS)(alerts.list_project_alerts),
            get("/organizations/{org_id:str}/alerts", responses=_ERRORS)(
                alerts.list_organization_alerts
            ),
            get("/alerts/{alert_id:str}", responses=_ERRORS)(alerts.get_alert),
            post("/alerts/{alert_id:str}/acknowledge", status_code=200, responses=_CHANGE_ERRORS)(
                alerts.acknowledge_alert
            ),
            post("/alerts/{alert_id:str}/resolve", status_code=200, responses=_CHANGE_ERRORS)(
                alerts.resolve_alert
            ),
            get("/alerts/{alert_id:str}/deliveries", responses=_ERRORS)(
                alerts.list_alert_deliveries
            ),
            post("/alerts/{alert_id:str}/deliver-again", status_code=200, responses=_CHANGE_ERRORS)(
                alerts.deliver_alert_again
            ),
            get("/projects/{project_id:str}/keys", responses=_KEYS)(keys.list_project_keys),
            post(
                "/projects/{project_id:str}/keys",
                responses=_NEW_KEY,
                operation_class=keys.TAKES_LABEL,
            )(keys.create_key),
            patch(
                "/projects/{project_id:str}/keys/{key_id:str}",
                responses=_CHANGED_KEY,
                operation_class=keys.TAKES_LABEL,
            )(keys.update_key),
            delete("/projects/{project_id:str}/keys/{key_id:str}", responses=_CHANGE_ERRORS)(
                keys.revoke_key
            ),
            post(
                "/projects/{project_id:str}/keys/{key_id:str}/rotate",
                responses=_NEW_KEY,
                operation_class=keys.TAKES_ROTATION,
            )(keys.rotate_key),
            get("/projects/{project_id:str}/releases", responses=_ERRORS)(releases.list_releases),
            get("/projects/{project_id:str}/releases/{version:str}", responses=_ERRORS)(
                releases.get_release
            ),
            get("/projects/{project_id:str}/outcomes", responses=_ERRORS)(projects.list_outcomes),
            get("/projects/{project_id:str}/ingest-settings", responses=_ERRORS)(
                ingest_settings.get_ingest_settings
            ),
            patch(
                "/projects/{project_id:str}/ingest-settings",
                responses=_ERRORS,
                operation_class=ingest_settings.TakesIngestSettings,
            )(ingest_settings.update_ingest_settings),
            get("/projects/{project_id:str}/grouping/rules", responses=_ERRORS)(
                grouping.get_grouping_rules
            ),
            put(
                "/projects/{project_id:str}/grouping/rules",
                responses=_ERRORS,
                operation_class=grouping.TAKES_RULES,
            )(grouping.replace_grouping_rules),
            post(
                "/projects/{project_id:str}/grouping/preview",
                responses=_ERRORS,
                status_code=200,
                operation_class=grouping.TAKES_CANDIDATE,
            )(grouping.preview_grouping),
            get("/projects/{project_id:str}/issues", responses=_ERRORS, dependencies=_ISSUES)(
                issue_lists.list_issues
            ),
            get("/organizations/{org_id:str}/issues", responses=_ERRORS, dependencies=_ISSUES)(
                issue_lists.list_organization_issues
            ),
            get("/projects/{project_id:str}/events", responses=_ERRORS, dependencies=_EVENTS)(
                issue_lists.list_project_events
            ),
            get("/organizations/{org_id:str}/events", responses=_ERRORS, dependencies=_EVENTS)(
                issue_lists.list_organization_events
            ),
            get(
                "/projects/{project_id:str}/statistics/volume",
                responses=_ERRORS,
                dependencies=_CHART,
            )(statistics.get_project_volume),
            get(
                "/organizations/{org_id:str}/statistics/volume",
                responses=_ERRORS,
                dependencies=_CHART,
            )(statistics.get_organization_volume),
            get("/projects/{project_id:str}/statistics/top-issues", responses=_ERRORS)(
                statistics.get_top_issues
            ),
            get("/issues/{issue_id:str}/timeline", responses=_ERRORS, dependencies=_CHART)(
                statistics.get_issue_timeline
            ),
            get("/projects/{project_id:str}/search/keys", responses=_ERRORS)(
                search_completion.list_search_keys
            ),
            get("/projects/{project_id:str}/search/values", responses=_ERRORS)(
                search_completion.list_search_values
            ),
            get("/projects/{project_id:str}/events/{event_id:str}", responses=_EVENT)(
                events.get_project_event
            ),
            get("/projects/{project_id:str}/events/{event_id:str}/attachments", responses=_ERRORS)(
                companions.list_attachments
            ),
            get(
                "/projects/{project_id:str}/events/{event_id:str}/attachments/{attachment_id:str}",
                responses=_ERRORS,
            )(companions.download_attachment),
            get("/projects/{project_id:str}/events/{event_id:str}/feedback", responses=_ERRORS)(
                companions.list_feedback
            ),
            _about_person("find")(persons.find_person_data),
            _about_person("export")(persons.export_person_data),
            _about_person("erase")(persons.erase_person_data),
            get("/projects/{project_id:str}/privacy-actions", responses=_ERRORS)(
                persons.list_privacy_actions
            ),
            get("/issues/{issue_id:str}", responses=_ISSUE)(issues.get_issue),
            delete("/issues/{issue_id:str}", responses=_CHANGE_ERRORS)(issues.delete_issue),
            patch(
                "/issues/{issue_id:str}",
                responses=_CHANGED_ISSUE,
                operation_class=issues.TAKES_CHANGE,
            )(issues.update_issue),
            _decide("resolve", operation_class=issues.TAKES_RESOLUTION)(issues.resolve_issue),
            _decide("unresolve")(issues.unresolve_issue),
            _decide("archive", operation_class=issues.TAKES_ARCHIVE)(issues.archive_issue),
            _decide("discard")(issues.discard_issue),
            patch(
                "/projects/{project_id:str}/issues",
                responses=_ERRORS,
                operation_class=issue_bulk.TAKES_BULK,
            )(issue_bulk.update_issues),
            patch(
                "/organizations/{org_id:str}/issues",
                responses=_ERRORS,
                operation_class=issue_bulk.TAKES_BULK,
            )(issue_bulk.update_organization_issues),
            post("/issue-actions/{action_id:str}/undo", responses=_CHANGE_ERRORS, status_code=200)(
                issue_bulk.undo_issue_action
            ),
            get("/issues/{issue_id:str}/tags", responses=_ERRORS)(tags.list_issue_tags),
            get("/issues/{issue_id:str}/tags/{key:str}", responses=_ERRORS)(tags.get_issue_tag),
            get("/projects/{project_id:str}/tags", responses=_ERRORS)(tags.list_project_tags),
            get("/projects/{project_id:str}/tags/{key:str}", responses=_ERRORS)(
                tags.get_project_tag
            ),
            get("/issues/{issue_id:str}/activity", responses=_ERRORS)(
                issue_activity.list_issue_activity
            ),
            get("/issues/{issue_id:str}/comments", responses=_ERRORS)(
                issue_activity.list_issue_comments
            ),
            post(
                "/issues/{issue_id:str}/comments",
                responses=_ERRORS,
                operation_class=issue_activity.TAKES_COMMENT,
            )(issue_activity.create_issue_comment),
            patch(
                "/issues/{issue_id:str}/comments/{comment_id:str}",
                responses=_ERRORS,
                operation_class=issue_activity.TAKES_COMMENT,
            )(issue_activity.update_issue_comment),
            delete("/issues/{issue_id:str}/comments/{comment_id:str}", responses=_ERRORS)(
                issue_activity.delete_issue_comment
            ),
            post(
                "/issues/{issue_id:str}/merge",
                responses=_CHANGE_ERRORS,
                status_code=200,
                operation_class=issue_changes.TAKES_ISSUES,
            )(issue_changes.merge_issue),
            post(
                "/issues/{issue_id:str}/unmerge",
                responses=_CHANGE_ERRORS,
                status_code=200,
                operation_class=issue_changes.TAKES_ISSUES,
            )(issue_changes.unmerge_issue),
            post(
                "/issues/{issue_id:str}/split",
                responses=_CHANGE_ERRORS,
                status_code=200,
                operation_class=issue_changes.TAKES_SPLITTING,
            )(issue_changes.split_issue),
            get("/issues/{issue_id:str}/changes", responses=_ERRORS)(
                issue_changes.list_issue_changes
            ),
            post(
                "/issues/{issue_id:str}/changes/{change_id:str}/undo",
                responses=_CHANGE_ERRORS,
                status_code=200,
            )(issue_changes.undo_issue_change),
            get("/issues/{issue_id:str}/fingerprints", responses=_ERRORS)(
                issue_changes.list_issue_fingerprints
            ),
            get("/issues/{issue_id:str}/similar", responses=_ERRORS)(
                similar_issues.list_similar_issues
            ),
            get("/issues/{issue_id:str}/compare/{other_id:str}", responses=_ERRORS)(
                explanations.compare_issue
            ),
            get("/issues/{issue_id:str}/explanation", responses=_ERRORS)(
                explanations.explain_grouping
            ),
            get("/issues/{issue_id:str}/events/{event_id:str}/explanation", responses=_ERRORS)(
                explanations.explain_event_grouping
            ),
            get("/issues/{issue_id:str}/events", responses=_ERRORS)(events.list_events),
            get("/issues/{issue_id:str}/events/{event_id:str}", responses=_EVENT)(
                events.get_issue_event
            ),
        ],
    )


def _decide(verb: str, **options: Any) -> post:
    return post(
        f"/issues/{{issue_id:str}}/{verb}", responses=_CHANGED_ISSUE, status_code=200, **options
    )


def _about_person(verb: str) -> post:
    return post(
        f"/projects/{{project_id:str}}/persons/{verb}",
        responses=_ERRORS,
        status_code=200,
        operation_class=persons.TakesPerson,
    )


def sockets_router() -> Router:
    """Every address of a WebSocket."""
    return Router(
        path="/ws",
        include_in_schema=False,
        route_handlers=[
            websocket("/projects/{project_id:str}")(live.watch_project),
            websocket("/organizations/{org_id:str}")(live.watch_organization),
            websocket("/events")(event_socket.send_events),
        ],
    )
