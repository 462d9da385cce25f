"""Making, changing and deleting projects, with the record of it."""

from __future__ import annotations

from mesher.accounts.keys import create_key
from mesher.accounts.slugs import candidate_slugs, check_slug
from mesher.errors import Conflict, NotFound
from mesher.ids import OrgId
from mesher.storage import project_changes
from mesher.storage.audit_log import Author, Target, differences, record_change_by
from mesher.storage.database import WriteConnection
from mesher.storage.projects import MAX_PROJECTS
from mesher.types import Project, RetentionSettings


async def create_project(
    conn: WriteConnection,
    author: Author,
    org_id: OrgId,
    *,
    name: str,
    slug: str | None,
    platform: str | None,
) -> Project:
    """
    Make a project with its first key.

    Args:
        conn: the caller commits.
        author: for the record.
        org_id: of an (accessible) organisation.
        name: in any script.
        slug: as chosen; ``None``: made of the name.
        platform: as people call it, ``python``; ``None``: not known.

    Raises:
        ProtocolError: the slug is none.
        Conflict: the slug is taken, or the organisation has as many projects as it may.
    """
    if await project_changes.count_projects(conn, org_id) >= MAX_PROJECTS:
        raise Conflict(f"an organization has at most {MAX_PROJECTS} projects")
    project = await _insert(conn, org_id, name, slug, platform)
    await record_project_change(
        conn, author, project, "project.created", slug=project.slug, platform=platform
    )
    await create_key(conn, author, project, label="default")
    return project


async def change_project(
    conn: WriteConnection, author: Author, project: Project, **changes: str | None
) -> Project:
    """
    Call an (accessible) project differently.

    Args:
        conn: the caller commits.
        author: for the record.
        project: which.
        changes: ``name``, ``slug`` and ``platform``; what is not given stays.

    Raises:
        ProtocolError: the slug is none.
        Conflict: the slug is taken.
        NotFound: it was deleted meanwhile.
    """
    before = await project_changes.lock_project(conn, project)
    if before is None:
        raise NotFound("there is no such project")
    old = _names(before)
    slug = changes.get("slug")
    if slug is not None and slug != before.slug:
        check_slug(slug)
    new = old | changes
    after = await project_changes.update_project(
        conn, before, name=new["name"] or before.name, slug=new["slug"], platform=new["platform"]
    )
    different = differences(old, _names(after))
    if different:
        await record_project_change(conn, author, after, "project.changed", **different)
    return after


async def change_retention(
    conn: WriteConnection,
    author: Author,
    project: Project,
    *,
    retention_days: int | None,
    sample_rate: float | None,
) -> RetentionSettings:
    """Keep an (accessible) project's events longer or shorter; ``None`` leaves something as it is."""
    before = await project_changes.read_retention(conn, project, to_change=True)
    await project_changes.write_retention(
        conn,
        project,
        retention_days=before.retention_days if retention_days is None else retention_days,
        sample_rate=before.sample_rate if sample_rate is None else sample_rate,
    )
    after = await project_changes.read_retention(conn, project)
    different = differences(_retention(before), _retention(after))
    if different:
        await record_project_change(conn, author, project, "project.retention_changed", **different)
    return after


async def delete_project(conn: WriteConnection, author: Author, project: Project) -> None:
    """Let an (accessible) project be no more, and its keys with it, at once; a job removes its data."""
    await project_changes.delete_project(conn, project)
    await record_project_change(conn, author, project, "project.deleted", slug=project.slug)


async def _insert(
    conn: WriteConnection, org_id: OrgId, name: str, slug: str | None, platform: str | None
) -> Project:
    for candidate in candidate_slugs(name, slug, otherwise="project"):
        made = await project_changes.insert_project_if_free(
            conn, org_id=org_id, name=name, slug=candidate, platform=platform
        )
        if made is not None:
            return made
    raise Conflict(f"the slug {slug or name!r} is taken", hint="choose another")


def _names(project: Project) -> dict[str, str | None]:
    return {"name": project.name, "slug": project.slug, "platform": project.platform}


def _retention(settings: RetentionSettings) -> dict[str, float]:
    return {"retention_days": settings.retention_days, "sample_rate": settings.sample_rate}


async def record_project_change(
    conn: WriteConnection, author: Author, project: Project, action: str, **details: object
) -> None:
    """Write down what was changed of an (accessible) project."""
    await record_change_by(
        conn,
        author,
        org_id=OrgId(project.org_id),
        action=action,
        target=Target(kind="project", id=str(project.id), name=project.name),
        details=details,
    )
