"""The settings of a project: what it is called, its keys, what it lets in and keeps, how it groups."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from litestar import Response
from litestar.params import FromPath
from litestar.response import Redirect

from mesher.accounts import keys, projects
from mesher.accounts.access import (
    accessible_organization,
    accessible_project,
    has_role,
)
from mesher.accounts.actor import Actor
from mesher.accounts.grouping_rules import change_grouping_rules
from mesher.accounts.ingest_settings import change_ingest_settings
from mesher.accounts.names import clean_name
from mesher.errors import MesherError, NotFound, ProtocolError
from mesher.ids import parse_uuid
from mesher.protocol.auth import format_dsn
from mesher.resources import resources_of
from mesher.storage.api_keys import list_keys
from mesher.storage.database import WriteConnection
from mesher.storage.grouping_settings import read_grouping_rules
from mesher.storage.ingest_settings import read_settings
from mesher.storage.pages import MAX_PAGE_ROWS
from mesher.storage.project_changes import read_retention
from mesher.storage.storage_use import project_use
from mesher.types import Project
from mesher.values.ingest_settings import IngestSettings
from mesher.web.errors import problem_text
from mesher.web.forms import PROBLEMS, fields, lines
from mesher.web.render import render
from mesher.web.session import WebRequest, reading_as, writing_as

MAX_RETENTION_DAYS: Final = 3650
MAX_NAME_CHARACTERS: Final = 200
# How long an old key takes events beside the new one, as people choose it.
OVERLAPS: Final = {"0": "at once", "24": "in a day", "168": "in a week", "720": "in 30 days"}
_SWITCHES: Final = {
    "filter_browser_extensions": "errors of browser extensions",
    "filter_legacy_browsers": "errors of browsers that are too old",
    "filter_web_crawlers": "errors of web crawlers",
    "filter_localhost": "errors from localhost",
    "spike_protection": "what goes far beyond the usual rate",
}
_LISTS: Final = {
    "filter_releases": "Releases that are dropped",
    "filter_messages": "Messages that are dropped",
    "filter_addresses": "Addresses of clients that are dropped",
}
_SCRUBBED: Final = {
    "scrub_keys": "Further sensitive keys",
    "safe_keys": "Keys that are not sensitive",
}
_Act = Callable[[WriteConnection, Actor, Project, dict[str, str]], Awaitable[object]]


async def show_project_settings(request: WebRequest, project_id: FromPath[str]) -> Response[str]:
    """The page; for admins with forms, for others as it is."""
    return await _page(request, project_id)


async def submit_project(
    request: WebRequest, project_id: FromPath[str]
) -> Response[str] | Redirect:
    """What the project is called."""

    async def act(
        conn: WriteConnection, actor: Actor, project: Project, form: dict[str, str]
    ) -> None:
        platform = form.get("platform", "").strip()
        await projects.change_project(
            conn,
            actor.author,
            project,
            name=clean_name(form.get("name", "")),
            slug=form.get("slug") or project.slug,
            platform=clean_name(platform, field="platform") if platform else None,
        )

    return await _change(request, project_id, "project", act)


async def submit_new_key(
    request: WebRequest, project_id: FromPath[str]
) -> Response[str] | Redirect:
    """A further key."""

    async def act(
        conn: WriteConnection, actor: Actor, project: Project, form: dict[str, str]
    ) -> None:
        label = clean_name(form.get("label", ""), field="label")
        await keys.create_key(conn, actor.author, project, label=label)

    return await _change(request, project_id, "keys", act)


async def submit_key_rotation(
    request: WebRequest, project_id: FromPath[str], key_id: FromPath[str]
) -> Response[str] | Redirect:
    """A new key in the place of one."""

    async def act(
        conn: WriteConnection, actor: Actor, project: Project, form: dict[str, str]
    ) -> None:
        hours = form.get("revoke_after_hours", "0")
        if hours not in OVERLAPS:
            raise ProtocolError("nothing was chosen for the old key", hint="choose one of the list")
        parsed = parse_uuid(key_id)
        if parsed is None:
            raise NotFound("there is no such key")
        await keys.rotate_key(
            conn,
            actor.author,
            project,
            parsed,
            revoke_after=timedelta(hours=int(hours)),
            now=datetime.now(UTC),
        )

    return await _change(request, project_id, "keys", act)


async def submit_key_revocation(
    request: WebRequest, project_id: FromPath[str], key_id: FromPath[str]
) -> Response[str] | Redirect:
    """Let a key take events no more."""

    async def act(conn: WriteConnection, actor: Actor, project: Project, _: dict[str, str]) -> None:
        parsed = parse_uuid(key_id)
        if parsed is None:
            raise NotFound("there is no such key")
        await keys.revoke_key(conn, actor.author, project, parsed, now=datetime.now(UTC))

    return await _change(request, project_id, "keys", act)


async def submit_retention(
    request: WebRequest, project_id: FromPath[str]
) -> Response[str] | Redirect:
    """How long events are kept, and which share of them."""

    async def act(
        conn: WriteConnection, actor: Actor, project: Project, form: dict[str, str]
    ) -> None:
        await projects.change_retention(
            conn,
            actor.author,
            project,
            retention_days=int(_number(form, "retention_days", 1, MAX_RETENTION_DAYS)),
            sample_rate=_number(form, "sample_percent", 0, 100) / 100,
        )

    return await _change(request, project_id, "retention", act)


async def submit_limits(request: WebRequest, project_id: FromPath[str]) -> Response[str] | Redirect:
    """What is let in."""

    async def act(
        conn: WriteConnection, actor: Actor, project: Project, form: dict[str, str]
    ) -> None:
        change: dict[str, Any] = {name: name in form for name in _SWITCHES}
        change |= {name: lines(form.get(name, "")) for name in _LISTS}
        for name in ("window_seconds", "project_events_per_window", "key_events_per_window"):
            change[name] = int(_number(form, name, 0, 1_000_000_000))
        await change_ingest_settings(conn, actor.author, project, _valid(change))

    return await _change(request, project_id, "limits", act)


async def submit_scrubbing(
    request: WebRequest, project_id: FromPath[str]
) -> Response[str] | Redirect:
    """What is removed before anything is stored."""

    async def act(
        conn: WriteConnection, actor: Actor, project: Project, form: dict[str, str]
    ) -> None:
        change: dict[str, Any] = {name: lines(form.get(name, "")) for name in _SCRUBBED}
        change |= {"scrub": "scrub" in form, "ip_addresses": form.get("ip_addresses", "")}
        await change_ingest_settings(conn, actor.author, project, _valid(change))

    return await _change(request, project_id, "scrubbing", act)


async def submit_grouping(
    request: WebRequest, project_id: FromPath[str]
) -> Response[str] | Redirect:
    """The rules of grouping."""

    async def act(
        conn: WriteConnection, actor: Actor, project: Project, form: dict[str, str]
    ) -> None:
        rules = form.get("rules", "").replace("\r\n", "\n")
        await change_grouping_rules(conn, actor.author, project, rules)

    return await _change(request, project_id, "grouping", act)


async def submit_project_deletion(
    request: WebRequest, project_id: FromPath[str]
) -> Response[str] | Redirect:
    """Delete a project whose name was typed."""

    async def act(
        conn: WriteConnection, actor: Actor, project: Project, form: dict[str, str]
    ) -> Redirect:
        if form.get("name", "").strip() != project.name:
            raise ProtocolError("that is not the name of this project", hint="nothing was deleted")
        await projects.delete_project(conn, actor.author, project)
        return Redirect("/projects", status_code=303)

    return await _change(request, project_id, "deletion", act)


async def _change(
    request: WebRequest, project_id: str, section: str, act: _Act
) -> Response[str] | Redirect:
    """Do what a form asks, and show the page again; with what was wrong beside the form."""
    form = await fields(request)
    try:
        async with writing_as(request) as (conn, actor):
            project = await accessible_project(conn, actor, project_id, needs="admin")
            elsewhere = await act(conn, actor, project, form)
    except PROBLEMS as error:
        return await _page(request, project_id, problem=(section, error), form=form)
    if isinstance(elsewhere, Redirect):
        return elsewhere
    # By the id: the form may have changed the name in the address.
    path = f"/projects/{project.id}/settings?saved={section}#{section}"
    return Redirect(path, status_code=303)


async def _page(
    request: WebRequest,
    project_id: str,
    *,
    problem: tuple[str, MesherError] | None = None,
    form: dict[str, str] | None = None,
) -> Response[str]:
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        organization = await accessible_organization(conn, actor, str(project.org_id))
        found = await list_keys(conn, project, limit=MAX_PAGE_ROWS, cursor=None)
        values = {
            "organization": organization,
            "may_change": await has_role(conn, actor, organization, "admin"),
            "keys": [(key, _dsn(request, project, key.key_value)) for key in found.items],
            "retention": await read_retention(conn, project),
            "settings": await read_settings(conn, project),
            "rules": await read_grouping_rules(conn, project),
            "use": await project_use(conn, project.id, project.org_id),
        }
    return render(
        "project_settings.html",
        http_status=problem[1].status if problem else 200,
        actor=actor,
        project=project,
        problem={problem[0]: problem_text(problem[1])} if problem else {},
        form=form or {},
        saved=request.query_params.get("saved"),
        overlaps=OVERLAPS,
        switches=_SWITCHES,
        lists=_LISTS,
        scrubbed=_SCRUBBED,
        ip_addresses=("keep", "shorten", "remove"),
        now=datetime.now(UTC),
        **values,
    )


def _dsn(request: WebRequest, project: Project, key: str) -> str:
    return format_dsn(resources_of(request).url, public_key=key, project_number=project.number)


def _number(form: dict[str, str], name: str, least: float, most: float) -> float:
    try:
        number = float(form.get(name, ""))
    except ValueError as error:
        raise ProtocolError(f"{name.replace('_', ' ')} is no number", field=name) from error
    if not least <= number <= most:
        raise ProtocolError(
            f"{name.replace('_', ' ')} has to be from {least:g} to {most:g}", field=name
        )
    return number


def _valid(change: dict[str, Any]) -> dict[str, Any]:
    """
    Raises:
        ProtocolError: a value does not fit the settings.
    """
    try:
        settings = msgspec.convert(change, IngestSettings)
    except msgspec.ValidationError as error:
        raise ProtocolError(str(error)) from error
    return {name: getattr(settings, name) for name in change}
