"""Making API tokens: the one place that decides which form they have and that only a hash is kept."""

from __future__ import annotations

from datetime import datetime

from mesher.accounts.tokens import hash_token, new_api_token, new_build_token
from mesher.ids import OrgId, ProjectId, UserId
from mesher.storage import tokens
from mesher.storage.audit_log import Author, Target, record_change_by
from mesher.storage.database import WriteConnection
from mesher.types import ApiToken, Organization, Project, TokenScope

MAX_NAME_CHARACTERS = 100


async def issue_token(
    conn: WriteConnection,
    organization: Organization,
    *,
    user_id: UserId,
    project: Project | None,
    name: str,
    scope: TokenScope,
    url: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """
    Make a token.

    Args:
        conn: the caller commits.
        organization: that it is for.
        user_id: whose it is: it opens nothing that its owner does not see.
        project: of the organisation, if it is for that one alone.
        name: for people, to know it again.
        scope: one of scope ``ci`` also carries where Mesher is, which sentry-cli reads.
        url: the address by which Mesher is reached.
        now: the server's clock.
        expires_at: from when it opens nothing; ``None``: never.

    Returns:
        What is kept, and the token itself, which is not.
    """
    if scope == "ci":
        token = new_build_token(url=url, organization=organization.slug, now=now)
    else:
        token = new_api_token()
    kept = await tokens.insert_token(
        conn,
        user_id=user_id,
        org_id=OrgId(organization.id),
        project_id=ProjectId(project.id) if project else None,
        name=name,
        token_hash=hash_token(token),
        scope=scope,
        expires_at=expires_at,
    )
    return kept, token


async def record_token(conn: WriteConnection, author: Author, token: ApiToken, action: str) -> None:
    """Write down that a token was made or revoked, without what is secret about it."""
    await record_change_by(
        conn,
        author,
        org_id=OrgId(token.org_id),
        action=action,
        target=Target(kind="token", id=str(token.id), name=token.name),
        details={"scope": token.scope, "owner": str(token.user_id)},
    )
