"""``mesher token``: API tokens, for people and for build pipelines."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
import typer

from mesher.cli.database import chosen_database
from mesher.cli.options import DataDir
from mesher.cli.tenants import OrganizationName, organization_called, writing_to
from mesher.errors import NotFound
from mesher.ids import OrgId
from mesher.settings import load_settings

app = typer.Typer(help="Make API tokens.", no_args_is_help=True)

# As in ``types``, which is not loaded for help.
Scope = Literal["ci", "read", "write", "admin"]


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    scope: Scope
    organization: str | None
    project: str | None
    url: str


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for; you will know it again by this.")],
    *,
    scope: Annotated[
        Scope,
        typer.Option(
            metavar="SCOPE",
            help="ci (releases, source maps and debug files, for sentry-cli and bundler plugins), "
            "read, write or admin.",
        ),
    ] = "ci",
    organization: OrganizationName = None,
    project: Annotated[
        str | None, typer.Option(metavar="SLUG", help="For this project alone; else for all.")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where the pipeline reaches Mesher; a token of scope ci carries it: MESHER_URL, "
            "else http://HOST:PORT.",
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """
    Make a token of an organisation's owner and print it. It is kept as a hash: this is the only
    time that it is shown.
    """
    settings = load_settings(os.environ, data_dir=data_dir, url=url)
    wanted = _Wanted(
        name=name,
        scope=scope,
        organization=organization,
        project=project,
        url=settings.public_url,
    )
    typer.echo(asyncio.run(_create(chosen_database(settings), wanted)))


async def _create(database_url: str, wanted: _Wanted) -> str:
    from mesher.accounts.issue_tokens import issue_token  # noqa: PLC0415 - see the package
    from mesher.storage import organizations, projects  # noqa: PLC0415 - see the package
    from mesher.storage.viewer import Viewer  # noqa: PLC0415 - see the package

    async with writing_to(database_url) as conn:
        organization = await organization_called(conn, wanted.organization)
        org_id = OrgId(organization.id)
        owner = await organizations.find_owner(conn, org_id)
        if owner is None:
            raise NotFound(f"organisation {organization.slug} has no owner")
        project = None
        if wanted.project is not None:
            viewer = Viewer(user_id=owner, org_id=org_id)
            project = await projects.find_project(conn, viewer, wanted.project)
            if project is None:
                raise NotFound(f"{organization.slug} has no project {wanted.project!r}")
        _, token = await issue_token(
            conn,
            organization,
            user_id=owner,
            project=project,
            name=wanted.name,
            scope=wanted.scope,
            url=wanted.url,
            now=datetime.now(UTC),
        )
        return token
