"""
Whose eyes a statement looks through: the condition that every read from outside starts with.

``accounts.access`` makes a ``Viewer`` of a session or a token; nothing else does.
"""

from __future__ import annotations

import uuid

import msgspec

from mesher.ids import OrgId, ProjectId, UserId


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """A user, narrowed to what the credentials are bound to."""

    user_id: UserId
    org_id: OrgId | None = None  # None: every organisation that the user is a member of
    project_id: ProjectId | None = None  # None: every project of those

    def as_parameters(self) -> dict[str, uuid.UUID | None]:
        """The values that the conditions below refer to."""
        return {
            "viewer_user_id": self.user_id,
            "viewer_org_id": self.org_id,
            "viewer_project_id": self.project_id,
        }


# Whether a viewer sees organisation ``o``: also a viewer of one project sees what it is part of.
SEES_ORGANIZATION = """
        EXISTS (SELECT FROM org_memberships AS m
                WHERE m.user_id = :viewer_user_id AND m.org_id = o.id)
        AND o.id = coalesce(:viewer_org_id, o.id)
"""

# Whether a viewer sees project ``p``; the membership by idx_org_memberships_user, some rows.
SEES_PROJECT = """
        EXISTS (SELECT FROM org_memberships AS m
                WHERE m.user_id = :viewer_user_id AND m.org_id = p.org_id)
        AND p.org_id = coalesce(:viewer_org_id, p.org_id)
        AND p.id = coalesce(:viewer_project_id, p.id)
"""
