"""
The only way from what a request says to a tenant's data.

A request's credentials become an ``Actor``, and an id from a request becomes a thing only through
the ``accessible_...`` functions. What an actor may not see and what does not exist are answered
alike. Storage functions further down take a ``Project`` or an ``Issue`` instead of an id: the type
says that it has been here.

Two things bound what somebody may do, and the smaller one counts: the scope of the token, and the
person's role in the organisation now. Every member reads and works on issues; what shapes the
organisation and its projects needs an admin, and what could take it from its people an owner.
"""

from __future__ import annotations

import re
import uuid
from typing import TypeVar

from mesher.accounts.actor import Actor, require_whole_organization
from mesher.errors import Forbidden, NotFound, ProtocolError
from mesher.ids import OrgId, parse_uuid
from mesher.storage import (
    alert_rules,
    alerts,
    events,
    issue_actions,
    issue_activity,
    issue_history,
    issues,
    organizations,
    projects,
    releases,
)
from mesher.storage.database import ReadConnection
from mesher.storage.issue_actions import Action
from mesher.storage.issue_activity import ActivityEntry
from mesher.storage.memberships import Member, find_member, find_member_by_email, find_role
from mesher.storage.releases import Release
from mesher.types import ROLES, Alert, AlertRule, Event, Issue, Organization, Project, Role

T = TypeVar("T")

# A number, as that of a project in DSNs; more digits than PostgreSQL's bigint holds are none.
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


async def accessible_project(
    conn: ReadConnection, actor: Actor, reference: str, *, needs: Role = "member"
) -> Project:
    """
    The project with this uuid or slug.

    Args:
        conn: where to read.
        actor: who asks.
        reference: as the request has it.
        needs: the least role in its organisation for what is about to be done.

    Raises:
        NotFound: there is none, or it is not the actor's.
        Forbidden: the actor's role is not enough.
    """
    project = await projects.find_project(conn, actor.viewer, reference)
    if project is None:
        raise NotFound("there is no such project")
    await _require_role(conn, actor, OrgId(project.org_id), needs)
    return project


async def accessible_organization(
    conn: ReadConnection, actor: Actor, reference: str, *, needs: Role = "member"
) -> Organization:
    """
    The organisation with this uuid or slug.

    Args:
        conn: where to read.
        actor: who asks; credentials for one of its projects never have more than the role member.
        reference: as the request has it.
        needs: the least role in it for what is about to be done.

    Raises:
        NotFound: there is none, or it is not the actor's.
        Forbidden: the actor's role is not enough.
    """
    organization = await organizations.find_organization(conn, actor.viewer, reference)
    if organization is None:
        raise NotFound("there is no such organization")
    if needs != "member":
        require_whole_organization(actor)
    await _require_role(conn, actor, OrgId(organization.id), needs)
    return organization


async def has_role(
    conn: ReadConnection, actor: Actor, organization: Organization, needs: Role
) -> bool:
    """Whether an actor has at least a role in the whole of an (accessible) organisation."""
    role = await find_role(conn, actor.viewer.user_id, OrgId(organization.id))
    return actor.viewer.project_id is None and _suffices(role, needs)


def _suffices(role: Role | None, needs: Role) -> bool:
    return role is not None and ROLES.index(role) <= ROLES.index(needs)


async def _require_role(conn: ReadConnection, actor: Actor, org_id: OrgId, needs: Role) -> None:
    if needs == "member":  # as everybody is who sees it
        return
    role = await find_role(conn, actor.viewer.user_id, org_id)
    if not _suffices(role, needs):
        raise Forbidden(
            f"this needs the role {needs} in the organization; yours is {role or 'none'}",
            hint="ask an owner of the organization",
        )


async def project_of_organization(
    conn: ReadConnection, actor: Actor, organization: Organization, reference: str
) -> Project:
    """
    The project of an (accessible) organisation with this uuid, slug or number.

    Raises:
        NotFound: the organisation has none, or it is not the actor's.
    """
    project = await projects.find_project(conn, actor.viewer, reference)
    if project is None and _NUMBER.fullmatch(reference):
        project = await projects.find_project_by_number(conn, actor.viewer, int(reference))
    if project is None or project.org_id != organization.id:
        raise NotFound("there is no such project")
    return project


async def projects_of_organization(
    conn: ReadConnection, actor: Actor, organization: Organization
) -> list[Project]:
    """The projects of an (accessible) organisation that the actor sees, oldest first."""
    return await projects.list_projects_of_organization(conn, actor.viewer, OrgId(organization.id))


def releases_seen(actor: Actor, project: Project | None) -> uuid.UUID | None:
    """
    Of which project an actor sees the releases; ``None`` = of every one of the organisation.

    Args:
        actor: who asks; credentials for one project see its releases alone.
        project: the (accessible) project that is asked about, if any.
    """
    return project.id if project else actor.viewer.project_id


async def accessible_release(
    conn: ReadConnection,
    actor: Actor,
    organization: Organization,
    version: str,
    project: Project | None = None,
) -> Release:
    """
    The release of an (accessible) organisation with this version.

    Raises:
        NotFound: there is none, or none of the project, or it is not the actor's.
    """
    release = await releases.find_release(
        conn, organization, version, project_id=releases_seen(actor, project)
    )
    return _known(release, "release")


async def member_of_organization(
    conn: ReadConnection, actor: Actor, org_id: OrgId, reference: str, *, field: str
) -> Member:
    """
    The member of an (accessible) organisation with this id or e-mail, or ``me``.

    Args:
        conn: where to read.
        actor: who ``me`` is.
        org_id: of the organisation.
        reference: as the request has it.
        field: of the body, which names them.

    Raises:
        ProtocolError: nobody in the organisation is called so; who is elsewhere is not told.
    """
    user_id = actor.viewer.user_id if reference == "me" else parse_uuid(reference)
    if user_id is not None:
        member = await find_member(conn, org_id, user_id)
    else:
        member = await find_member_by_email(conn, org_id, reference)
    if member is None:
        raise ProtocolError(
            "this is no member of the organization",
            hint="name somebody by the id or e-mail that the list of members tells, or me",
            field=field,
        )
    return member


async def accessible_action(conn: ReadConnection, actor: Actor, action_id: str) -> Action:
    """
    The change of many issues with this id.

    Raises:
        NotFound: there is none (any more), or it is not the actor's.
    """
    parsed = parse_uuid(action_id)
    action = await issue_actions.find_action(conn, actor.viewer, parsed) if parsed else None
    return _known(action, "change of issues")


async def accessible_issue(conn: ReadConnection, actor: Actor, issue_id: str) -> Issue:
    """
    The issue with this id.

    Raises:
        NotFound: there is none, or it is not the actor's; of one that was merged, the hint says
            where it is now.
    """
    parsed = parse_uuid(issue_id)
    issue = await issues.find_issue(conn, actor.viewer, parsed) if parsed else None
    if issue is None:
        merged = await _merged_into(conn, actor, issue_id)
        raise NotFound(
            "there is no such issue", hint=f"it was merged into issue {merged}" if merged else ""
        )
    return issue


async def comment_of_issue(conn: ReadConnection, issue: Issue, comment_id: str) -> ActivityEntry:
    """
    The comment with this id.

    Raises:
        NotFound: the (accessible) issue has none.
    """
    comment = None
    if _NUMBER.fullmatch(comment_id):
        comment = await issue_activity.find_comment(conn, issue, int(comment_id))
    return _known(comment, "comment")


async def issue_merged_into(conn: ReadConnection, actor: Actor, issue_id: str) -> Issue:
    """
    The issue that one that is no more was merged into.

    Raises:
        NotFound: it was not merged, or is not the actor's.
    """
    merged = await _merged_into(conn, actor, issue_id)
    if merged is None:
        raise NotFound("there is no such issue")
    return await accessible_issue(conn, actor, str(merged))


async def _merged_into(conn: ReadConnection, actor: Actor, issue_id: str) -> uuid.UUID | None:
    parsed = parse_uuid(issue_id)
    return await issue_history.find_merged_into(conn, actor.viewer, parsed) if parsed else None


async def issue_of_event(conn: ReadConnection, actor: Actor, event: Event) -> Issue:
    """
    The issue that an (accessible) event belongs to.

    Raises:
        NotFound: it was deleted meanwhile.
    """
    try:
        return await accessible_issue(conn, actor, str(event.issue_id))
    except NotFound:  # its issue was merged, and the event is still to be moved
        return await issue_merged_into(conn, actor, str(event.issue_id))


async def event_of_project(conn: ReadConnection, project: Project, event_id: str) -> Event:
    """
    The event with this id, in any form that clients send ids in.

    Raises:
        NotFound: the (accessible) project has none.
    """
    parsed = parse_uuid(event_id)
    return _known(await events.find_event(conn, project, parsed) if parsed else None, "event")


async def event_of_issue(conn: ReadConnection, issue: Issue, event_id: str) -> Event:
    """
    The event with this id, or the ``latest`` or ``oldest``.

    Raises:
        NotFound: the (accessible) issue has none.
    """
    match event_id:
        case "latest":
            event = await events.find_latest_event(conn, issue)
        case "oldest":
            event = await events.find_oldest_event(conn, issue)
        case _:
            parsed = parse_uuid(event_id)
            event = await events.find_event(conn, issue, parsed) if parsed else None
    if event is None or event.issue_id != issue.id:
        raise NotFound("there is no such event")
    return event


async def rule_of_project(conn: ReadConnection, project: Project, rule_id: str) -> AlertRule:
    """
    The alert rule with this id.

    Raises:
        NotFound: the (accessible) project has none.
    """
    parsed = parse_uuid(rule_id)
    rule = await alert_rules.find_rule(conn, project, parsed) if parsed else None
    return _known(rule, "alert rule")


async def accessible_alert(conn: ReadConnection, actor: Actor, alert_id: str) -> Alert:
    """
    The alert with this id.

    Raises:
        NotFound: there is none, or it is not the actor's.
    """
    parsed = parse_uuid(alert_id)
    return _known(await alerts.find_alert(conn, actor.viewer, parsed) if parsed else None, "alert")


def _known(thing: T | None, what: str) -> T:
    if thing is None:
        raise NotFound(f"there is no such {what}")
    return thing
