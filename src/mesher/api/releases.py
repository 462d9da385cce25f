"""Releases of a project, for pages and programs of one's own; clients of Sentry's ask ``/api/0``."""

from __future__ import annotations

import msgspec
from litestar.params import FromPath, FromQuery

from mesher.accounts.access import (
    accessible_organization,
    accessible_project,
    accessible_release,
)
from mesher.api.acting import ApiRequest, reading_as
from mesher.api.projects import PageLimit
from mesher.storage import deploys, release_commits, releases
from mesher.storage.deploys import Deploy
from mesher.storage.pages import MAX_PAGE_ROWS, Page
from mesher.storage.release_commits import Commit
from mesher.storage.release_issues import ReleaseIssues, count_release_issues
from mesher.storage.releases import Release


class ReleaseDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A release with what is kept beside it."""

    release: Release
    commits: list[Commit]  # the newest 100, the newest first
    deploys: list[Deploy]  # the latest 100, the latest first
    issues: ReleaseIssues


async def list_releases(
    request: ApiRequest,
    project_id: FromPath[str],
    limit: PageLimit = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Release]:
    """A project's releases, the newest first."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        organization = await accessible_organization(conn, actor, str(project.org_id))
        return await releases.list_releases(
            conn, organization, project_id=project.id, limit=limit, cursor=cursor
        )


async def get_release(
    request: ApiRequest, project_id: FromPath[str], version: FromPath[str]
) -> ReleaseDetail:
    """One release of a project with its commits and deploys."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        organization = await accessible_organization(conn, actor, str(project.org_id))
        release = await accessible_release(conn, actor, organization, version, project)
        return ReleaseDetail(
            release=release,
            commits=await release_commits.list_commits(
                conn, release, after=-1, limit=MAX_PAGE_ROWS
            ),
            deploys=await deploys.list_deploys(conn, release),
            issues=await count_release_issues(conn, project, version),
        )
