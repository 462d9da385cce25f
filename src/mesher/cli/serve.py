"""``mesher serve``: this node's part of a Mesher that shares a database with others."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Annotated

import structlog
import typer

from mesher.cli.listening import reserve_port
from mesher.cli.options import DataDir, Host, Port
from mesher.cli.step import run_step
from mesher.data_directory import claim_data_dir
from mesher.settings import load_settings
from mesher.supervisor import ROLES, Supervisor, python_children

log = structlog.get_logger(__name__)


def serve(
    ctx: typer.Context,
    *,
    role: Annotated[
        str,
        typer.Option(
            metavar="ROLES",
            help="What this node does, separated by commas: web (receive and pages), digest "
            "(events into the database), jobs (retention, partitions).",
        ),
    ] = ",".join(ROLES),
    data_dir: DataDir = None,
    host: Host = None,
    port: Port = None,
) -> None:
    """
    Run this node against the database of MESHER_DATABASE_URL, which must be migrated already.
    """
    roles = _parse_roles(role)
    settings = load_settings(os.environ, data_dir=data_dir, host=host, port=port)
    run_step(ctx, "check", settings)
    claim = claim_data_dir(settings.data_dir, alone=False)
    with ExitStack() as held:
        health = None
        if "web" in roles:
            settings, reservation = reserve_port(settings)
            held.enter_context(reservation)
            health = settings.host, settings.port
        supervisor = Supervisor(
            python_children(settings, roles, keep_open=[claim]),
            health=health,
            on_ready=lambda: log.info("ready", roles=roles, url=settings.public_url),
        )
        clean = supervisor.run()
    raise typer.Exit(0 if clean else 1)


def _parse_roles(text: str) -> list[str]:
    roles = [role.strip() for role in text.split(",") if role.strip()]
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise typer.BadParameter(
            f"{text!r}: expected one or more of {', '.join(ROLES)}", param_hint="--role"
        )
    return roles
