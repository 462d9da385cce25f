"""From a new project to its first event: how an SDK is set up, and an event to try it with."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from mesher.accounts.access import accessible_project
from mesher.errors import Conflict
from mesher.ingest.submission import Submission
from mesher.protocol.auth import format_dsn
from mesher.resources import resources_of
from mesher.storage.database import ReadConnection
from mesher.storage.projects import list_active_keys
from mesher.types import Project
from mesher.web.platforms import example_event, find_platform, guess_platform, platforms
from mesher.web.render import project_path, render
from mesher.web.session import WebRequest, reading_as


async def show_setup(
    request: WebRequest, project_id: FromPath[str], platform: FromQuery[str | None] = None
) -> Response[str]:
    """How to point an SDK at a project."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        guide = await setup_guide(request, conn, project, platform)
    return render("setup.html", actor=actor, project=project, waiting=False, **guide)


async def setup_guide(
    request: WebRequest, conn: ReadConnection, project: Project, platform: str | None
) -> dict[str, Any]:
    """
    What the page needs that shows how to set up an SDK.

    Raises:
        ProtocolError: there is no such platform.
    """
    keys = await list_active_keys(conn, project)
    chosen = find_platform(platform) if platform else guess_platform(project.platform)
    values: dict[str, Any] = {"platforms": list(platforms().values()), "chosen": chosen}
    if not keys:
        return {**values, "dsn": None, "code": ""}
    url, key = resources_of(request).url, keys[0].key_value
    dsn = format_dsn(url, public_key=key, project_number=project.number)
    return {**values, "dsn": dsn, "code": chosen.code.format(dsn=dsn, url=url, key=key)}


async def submit_example(request: WebRequest, project_id: FromPath[str]) -> Redirect:
    """Send an example event through the door that SDKs use."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        keys = await list_active_keys(conn, project)
    platform = find_platform(str((await request.form()).get("platform", "")))
    if not keys:
        raise Conflict("the project has no key", hint="make one in its settings")
    await resources_of(request).receiver.receive_store(
        Submission(
            project_number=project.number,
            query_string="",
            headers={"x-sentry-auth": _as_sdk(keys[0].key_value)},
            peer_ip=request.client.host if request.client else "",
            body=msgspec.json.encode(example_event(platform)),
        )
    )
    return Redirect(f"{project_path(project)}/issues", status_code=303)


def _as_sdk(key: str) -> str:
    public_key = key.removeprefix("mshr_")
    return f"Sentry sentry_version=7, sentry_key={public_key}, sentry_client=mesher.example/1.0"
