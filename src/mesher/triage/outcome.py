"""What became of issues about which something was decided."""

from __future__ import annotations

import uuid
from typing import Literal

import msgspec

from mesher.storage.issue_actions import ChangedIssue
from mesher.storage.issue_states import IssueState

Reason = Literal["not_found", "same_already", "no_release", "changed_since"]


class NotChanged(msgspec.Struct, frozen=True, kw_only=True):
    """An issue that was left as it was."""

    id: uuid.UUID
    reason: Reason


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of issues that were to be changed."""

    changed: list[ChangedIssue]
    not_changed: list[NotChanged]


def changed_issue(before: IssueState, after: IssueState) -> ChangedIssue:
    """A change as it is kept: all that the issue had, and what was decided."""
    return ChangedIssue(
        before=before,
        status=after.status,
        status_changed_at=after.status_changed_at,
        assigned_to=after.assigned_to,
    )
