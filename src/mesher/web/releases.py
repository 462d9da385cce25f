"""Releases: their list, one of them, and two compared."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from litestar import Response
from litestar.params import FromPath, FromQuery

from mesher.accounts.access import (
    accessible_organization,
    accessible_project,
    accessible_release,
)
from mesher.accounts.actor import Actor
from mesher.search.asked import asked_query
from mesher.storage.alert_deliveries import titles_of
from mesher.storage.database import ReadConnection
from mesher.storage.deploys import list_deploys
from mesher.storage.issue_search import find_issue_ids
from mesher.storage.pages import MAX_PAGE_ROWS
from mesher.storage.release_commits import list_commits
from mesher.storage.release_issues import count_artifacts, count_release_turns
from mesher.storage.releases import Release, list_releases
from mesher.storage.window import Window
from mesher.types import Project
from mesher.web.render import render
from mesher.web.session import WebRequest, reading_as

RELEASES_PER_PAGE: Final = 20
# Of each of two that are compared; what is looked at in events of the last weeks.
MAX_COMPARED: Final = 1000
COMPARED_TIME: Final = timedelta(days=30)
TITLES_SHOWN: Final = 20


async def show_releases(
    request: WebRequest, project_id: FromPath[str], cursor: FromQuery[str | None] = None
) -> Response[str]:
    """The releases of a project, the newest first."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        organization = await accessible_organization(conn, actor, str(project.org_id))
        found = await list_releases(
            conn, organization, project_id=project.id, limit=RELEASES_PER_PAGE, cursor=cursor
        )
        now = datetime.now(UTC)
        windows = _windows(found.items, now if cursor is None else None)
        turns = await count_release_turns(conn, project, windows)
    return render(
        "releases.html", actor=actor, project=project, releases=found, turns=turns, now=now
    )


async def show_release(
    request: WebRequest,
    project_id: FromPath[str],
    version: FromPath[str],
    against: FromQuery[str] = "",
) -> Response[str]:
    """One release; with ``against``, what it and another have not in common."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        organization = await accessible_organization(conn, actor, str(project.org_id))
        release = await accessible_release(conn, actor, organization, version, project)
        now = datetime.now(UTC)
        others = await list_releases(
            conn, organization, project_id=project.id, limit=MAX_PAGE_ROWS, cursor=None
        )
        windows = _windows(others.items, now)
        own = {version: windows.get(version, Window(release.created_at, now))}
        artifacts, lacks_artifacts = await count_artifacts(conn, project, version)
        values: dict[str, Any] = {
            "release": release,
            "turns": (await count_release_turns(conn, project, own))[version],
            "commits": await list_commits(conn, release, after=-1, limit=MAX_PAGE_ROWS),
            "deploys": await list_deploys(conn, release),
            "artifacts": artifacts,
            "lacks_artifacts": lacks_artifacts,
            "others": [one.version for one in others.items if one.version != version],
            "against": against,
            "comparison": None,
        }
        if against:
            await accessible_release(conn, actor, organization, against, project)
            values["comparison"] = await _compare(conn, actor, project, (version, against), now)
    return render("release.html", actor=actor, project=project, now=now, **values)


async def _compare(
    conn: ReadConnection, actor: Actor, project: Project, versions: Sequence[str], now: datetime
) -> list[tuple[str, list[tuple[uuid.UUID, str]], int]]:
    """For each of two releases the issues that it has and the other has not, and how many."""
    window = Window(now - COMPARED_TIME, now)
    found = [
        set(
            await find_issue_ids(
                conn,
                [project],
                asked_query("", release=one),
                window,
                viewer=actor.viewer.user_id,
                limit=MAX_COMPARED,
            )
        )
        for one in versions
    ]
    compared = []
    for place, version in enumerate(versions):
        alone = sorted(found[place] - found[1 - place])
        titles = await titles_of(conn, alone[:TITLES_SHOWN])
        named = [(one, titles[one][0]) for one in alone[:TITLES_SHOWN] if one in titles]
        compared.append((version, named, len(alone)))
    return compared


def _windows(releases: Sequence[Release], until: datetime | None) -> dict[str, Window]:
    """
    From when until when each release was the newest.

    Args:
        releases: the newest first.
        until: when the first of them stopped; ``None`` = it is not known, so that it is left out.
    """
    windows = {}
    for release in releases:
        if until is not None:
            windows[release.version] = Window(release.created_at, until)
        until = release.created_at
    return windows
