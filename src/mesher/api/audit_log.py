"""Who changed what in an organisation."""

from __future__ import annotations

from typing import Annotated

from litestar.params import FromPath, FromQuery, QueryParameter

from mesher.accounts.access import accessible_organization
from mesher.accounts.actor import require_scope
from mesher.api.acting import ApiRequest, reading_as
from mesher.api.projects import PageLimit
from mesher.errors import ProtocolError
from mesher.ids import OrgId, UserId, parse_uuid
from mesher.storage.audit_log import AuditEntry, AuditFilter, list_changes
from mesher.storage.pages import Page

# Longer than any id or action.
MAX_FILTER_CHARACTERS = 200
_Text = Annotated[str | None, QueryParameter(max_length=MAX_FILTER_CHARACTERS)]


async def list_audit_log(
    request: ApiRequest,
    org_id: FromPath[str],
    *,
    actor: Annotated[str | None, QueryParameter(description="The id of who did it.")] = None,
    action: _Text = None,
    target_kind: _Text = None,
    target_id: _Text = None,
    limit: PageLimit = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[AuditEntry]:
    """
    Who changed what in an organisation, the latest first; for admins.

    ``action`` is as in ``member.role_changed``, ``target_kind`` as in ``member``.
    """
    async with reading_as(request) as (conn, reader):
        require_scope(reader, "admin")
        organization = await accessible_organization(conn, reader, org_id, needs="admin")
        only = AuditFilter(
            actor_id=_person(actor) if actor is not None else None,
            action=_without_nul(action),
            target_kind=_without_nul(target_kind),
            target_id=_without_nul(target_id),
        )
        return await list_changes(
            conn, OrgId(organization.id), limit=limit, cursor=cursor, only=only
        )


def _person(actor: str) -> UserId:
    parsed = parse_uuid(actor)
    if parsed is None:
        raise ProtocolError(
            f"{actor[:100]!r} is no id of a person", hint="as in the members' list", field="actor"
        )
    return UserId(parsed)


def _without_nul(text: str | None) -> str | None:
    # PostgreSQL refuses NUL characters, so no entry has one.
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if text is not None else None
