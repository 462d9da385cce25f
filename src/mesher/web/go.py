"""Where one can go: every page that one has, to choose from by its name."""

from __future__ import annotations

from typing import Final

from litestar import Response

from mesher.storage.installation import operates
from mesher.storage.memberships import list_memberships
from mesher.storage.pages import MAX_PAGE_ROWS
from mesher.storage.projects import list_projects
from mesher.web.render import project_path, render
from mesher.web.session import WebRequest, reading_as

_OF_PROJECT: Final = (
    ("Issues", "issues"),
    ("Dashboard", "dashboard"),
    ("Live", "live"),
    ("Releases", "releases"),
    ("Alerts", "alerts"),
    ("Alert rules", "alerts/rules"),
    ("Monitors", "alerts/monitors"),
    ("Settings", "settings"),
    ("Set up an SDK", "setup"),
)
_OF_ORGANIZATION: Final = (
    ("Issues", "issues"),
    ("Dashboard", "dashboard"),
    ("Live", "live"),
    ("Settings and people", "settings"),
)
_OTHERS: Final = (
    ("Projects", "/projects"),
    ("Account", "/account"),
    ("Reference of the API", "/api/reference"),
)


async def show_destinations(request: WebRequest) -> Response[str]:
    """All pages that one has."""
    async with reading_as(request) as (conn, actor):
        projects = await list_projects(conn, actor.viewer, limit=MAX_PAGE_ROWS, cursor=None)
        memberships = await list_memberships(conn, actor.viewer)
        is_operator = await operates(conn, actor.viewer.user_id)
    destinations = [
        (project.name, label, f"{project_path(project)}/{section}")
        for project in projects.items
        for label, section in _OF_PROJECT
    ]
    destinations += [
        (one.name, label, f"/organizations/{one.slug}/{section}")
        for one in memberships
        for label, section in _OF_ORGANIZATION
    ]
    destinations += [("", label, path) for label, path in _OTHERS]
    if is_operator:
        destinations.append(("", "Health of this Mesher", "/operating"))
    return render("go.html", actor=actor, destinations=destinations)
