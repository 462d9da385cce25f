"""All pages: the table of contents."""

from __future__ import annotations

from litestar import Router, get, post
from litestar.di import Provide

from mesher.web import (
    account,
    alert_rules,
    alerts,
    assets,
    bulk,
    dashboard,
    first_run,
    go,
    health,
    invitations,
    issue_changes,
    issue_list,
    issues,
    live,
    login,
    monitors,
    new_projects,
    oidc,
    organization_settings,
    passkeys,
    password_reset,
    project_settings,
    projects,
    releases,
    saved_searches,
    triage,
)
from mesher.web.issue_filters import IssueFilters
from mesher.web.session import refuse_foreign_forms

# What the list of issues takes in its address is declared once.
_ISSUES = {"asked": Provide(IssueFilters, sync_to_thread=False)}
_RANGE = {"asked": Provide(dashboard.DashboardRange, sync_to_thread=False)}
_EVENTS = {"asked": Provide(live.LiveFilters, sync_to_thread=False)}


def pages_router() -> Router:
    """Every page and form by its address."""
    return Router(
        path="/",
        include_in_schema=False,
        guards=[refuse_foreign_forms],
        route_handlers=[
            get("/")(projects.show_start),
            get("/login")(login.show_login),
            post("/login")(login.submit_login),
            get("/login/code")(login.show_code_form),
            post("/login/code")(login.submit_code),
            post("/login/passkey")(passkeys.submit_passkey_login),
            get("/forgotten")(password_reset.show_forgotten),
            post("/forgotten")(password_reset.submit_forgotten),
            get("/reset/{token:str}")(password_reset.show_reset),
            post("/reset/{token:str}")(password_reset.submit_reset),
            get("/account")(account.show_account),
            post("/account/password")(account.submit_password),
            post("/account/second-factor")(account.submit_second_factor),
            post("/account/second-factor/confirm")(account.submit_confirmation),
            post("/account/second-factor/recovery-codes")(account.submit_recovery_codes),
            post("/account/second-factor/remove")(account.submit_factor_removal),
            post("/account/passkeys")(passkeys.submit_passkey),
            post("/account/passkeys/new")(passkeys.submit_new_passkey),
            post("/account/passkeys/{passkey_id:str}/remove")(passkeys.submit_passkey_removal),
            post("/account/sessions/{session_id:str}/end")(account.submit_session_end),
            post("/account/delete")(account.submit_account_deletion),
            get("/login/oidc")(oidc.begin_oidc_login),
            get(oidc.CALLBACK_PATH)(oidc.finish_oidc_login),
            post("/logout")(login.submit_logout),
            get("/invitations/{token:str}")(invitations.show_invitation),
            post("/invitations/{token:str}")(invitations.submit_invitation),
            get("/go")(go.show_destinations),
            get("/operating")(health.show_health),
            get("/projects")(projects.show_projects),
            get("/projects/{project_id:str}/issues", dependencies=_ISSUES)(issue_list.show_issues),
            post("/projects/{project_id:str}/issues/change", dependencies=_ISSUES)(
                bulk.submit_bulk
            ),
            get("/projects/{project_id:str}/dashboard", dependencies=_RANGE)(
                dashboard.show_dashboard
            ),
            get("/projects/{project_id:str}/tags")(dashboard.show_project_tags),
            get("/organizations/{org_id:str}/dashboard", dependencies=_RANGE)(
                dashboard.show_organization_dashboard
            ),
            get("/projects/{project_id:str}/live", dependencies=_EVENTS)(live.show_live),
            get("/organizations/{org_id:str}/live", dependencies=_EVENTS)(
                live.show_organization_live
            ),
            get("/projects/{project_id:str}/releases")(releases.show_releases),
            get("/projects/{project_id:str}/releases/{version:str}")(releases.show_release),
            get("/projects/{project_id:str}/alerts")(alerts.show_alerts),
            get("/projects/{project_id:str}/alerts/monitors")(monitors.show_monitors),
            get("/projects/{project_id:str}/alerts/monitors/{slug:str}")(monitors.show_monitor),
            get("/projects/{project_id:str}/alerts/rules")(alert_rules.show_rules),
            get("/projects/{project_id:str}/alerts/rules/new")(alert_rules.show_new_rule),
            post("/projects/{project_id:str}/alerts/rules/new")(alert_rules.submit_new_rule),
            post("/projects/{project_id:str}/alerts/rules/preview")(alert_rules.submit_preview),
            get("/projects/{project_id:str}/alerts/rules/{rule_id:str}")(alert_rules.show_rule),
            post("/projects/{project_id:str}/alerts/rules/{rule_id:str}")(alert_rules.submit_rule),
            post("/projects/{project_id:str}/alerts/rules/{rule_id:str}/test")(
                alert_rules.submit_rule_test
            ),
            post("/projects/{project_id:str}/alerts/rules/{rule_id:str}/delete")(
                alert_rules.submit_rule_deletion
            ),
            get("/alerts/{alert_id:str}")(alerts.show_alert),
            post("/alerts/{alert_id:str}/acknowledge")(alerts.submit_acknowledgement),
            post("/alerts/{alert_id:str}/resolve")(alerts.submit_alert_resolution),
            post("/alerts/{alert_id:str}/deliver-again")(alerts.submit_delivery),
            get("/projects/{project_id:str}/settings")(project_settings.show_project_settings),
            post("/projects/{project_id:str}/settings")(project_settings.submit_project),
            post("/projects/{project_id:str}/settings/keys")(project_settings.submit_new_key),
            post("/projects/{project_id:str}/settings/keys/{key_id:str}/rotate")(
                project_settings.submit_key_rotation
            ),
            post("/projects/{project_id:str}/settings/keys/{key_id:str}/revoke")(
                project_settings.submit_key_revocation
            ),
            post("/projects/{project_id:str}/settings/retention")(
                project_settings.submit_retention
            ),
            post("/projects/{project_id:str}/settings/limits")(project_settings.submit_limits),
            post("/projects/{project_id:str}/settings/scrubbing")(
                project_settings.submit_scrubbing
            ),
            post("/projects/{project_id:str}/settings/grouping")(project_settings.submit_grouping),
            post("/projects/{project_id:str}/settings/delete")(
                project_settings.submit_project_deletion
            ),
            post("/projects/{project_id:str}/issues/saved", dependencies=_ISSUES)(
                saved_searches.submit_saved_search
            ),
            post("/projects/{project_id:str}/issues/saved/{search_id:str}/remove")(
                saved_searches.submit_saved_search_removal
            ),
            get("/projects/{project_id:str}/setup")(first_run.show_setup),
            post("/projects/{project_id:str}/example")(first_run.submit_example),
            get("/organizations/new")(new_projects.show_new_organization),
            post("/organizations/new")(new_projects.submit_new_organization),
            get("/organizations/{org_id:str}/projects/new")(new_projects.show_new_project),
            post("/organizations/{org_id:str}/projects/new")(new_projects.submit_new_project),
            get("/organizations/{org_id:str}/settings")(
                organization_settings.show_organization_settings
            ),
            post("/organizations/{org_id:str}/settings")(organization_settings.submit_organization),
            get("/organizations/{org_id:str}/settings/changes")(
                organization_settings.show_audit_log
            ),
            post("/organizations/{org_id:str}/settings/members/{member_id:str}")(
                organization_settings.submit_member_role
            ),
            post("/organizations/{org_id:str}/settings/members/{member_id:str}/remove")(
                organization_settings.submit_member_removal
            ),
            post("/organizations/{org_id:str}/settings/invitations")(
                organization_settings.submit_invitation_request
            ),
            post("/organizations/{org_id:str}/settings/invitations/{invitation_id:str}/revoke")(
                organization_settings.submit_invitation_revocation
            ),
            post("/organizations/{org_id:str}/settings/tokens")(
                organization_settings.submit_token_request
            ),
            post("/organizations/{org_id:str}/settings/tokens/{token_id:str}/revoke")(
                organization_settings.submit_token_revocation
            ),
            post("/organizations/{org_id:str}/settings/delete")(
                organization_settings.submit_organization_deletion
            ),
            get("/organizations/{org_id:str}/issues", dependencies=_ISSUES)(
                issue_list.show_organization_issues
            ),
            post("/organizations/{org_id:str}/issues/change", dependencies=_ISSUES)(
                bulk.submit_organization_bulk
            ),
            post("/issue-actions/{action_id:str}/undo")(bulk.submit_bulk_undoing),
            get("/issues/{issue_id:str}")(issues.show_issue),
            post("/issues/{issue_id:str}/status")(issues.submit_status),
            post("/issues/{issue_id:str}/resolution")(triage.submit_resolution),
            post("/issues/{issue_id:str}/archive")(triage.submit_archive),
            post("/issues/{issue_id:str}/assignment")(triage.submit_assignment),
            post("/issues/{issue_id:str}/comments")(triage.submit_comment),
            post("/issues/{issue_id:str}/comments/{comment_id:str}/delete")(
                triage.submit_comment_deletion
            ),
            post("/issues/{issue_id:str}/delete")(issues.submit_deletion),
            get("/issues/{issue_id:str}/tags")(issues.show_issue_tags),
            get("/issues/{issue_id:str}/similar")(issue_changes.show_similar),
            get("/issues/{issue_id:str}/events/{event_id:str}")(issues.show_event),
            get("/issues/{issue_id:str}/events/{event_id:str}/markdown")(
                issues.show_event_as_markdown
            ),
            post("/issues/{issue_id:str}/merge")(issue_changes.submit_merge),
            post("/issues/{issue_id:str}/split")(issue_changes.submit_split),
            post("/issues/{issue_id:str}/changes/{change_id:str}/undo")(
                issue_changes.submit_undoing
            ),
            get("/issues/{issue_id:str}/compare/{other_id:str}")(issue_changes.show_comparison),
            get("/static/{name:str}")(assets.get_asset),
        ],
    )
