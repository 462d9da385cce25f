"""``mesher up``: everything that Mesher needs, from one command."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from mesher.cli.listening import reserve_port
from mesher.cli.options import DataDir, Host, Port
from mesher.cli.step import run_step
from mesher.cli.welcome import (
    Login,
    compose_ready,
    remove_ready_file,
    show_ready,
    write_ready_file,
)
from mesher.data_directory import claim_data_dir
from mesher.embedded_postgres import STOP_SECONDS, STOP_SIGNAL, EmbeddedPostgres
from mesher.settings import Settings, load_settings
from mesher.supervisor import ROLES, Child, Supervisor, python_children


def up(
    ctx: typer.Context,
    *,
    data_dir: DataDir = None,
    host: Host = None,
    port: Port = None,
    ready_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write URL, DSN, login and token there as JSON, once served."
        ),
    ] = None,
) -> None:
    """
    Run all of Mesher here, with its own PostgreSQL unless MESHER_DATABASE_URL names one.

    The first start makes a project, and prints a login and a DSN. MESHER_URL is the address that
    they name, where it is not http://HOST:PORT.
    """
    settings = load_settings(os.environ, data_dir=data_dir, host=host, port=port)
    if ready_file is not None:
        remove_ready_file(ready_file)
    claim = claim_data_dir(settings.data_dir, alone=True)
    settings, reservation = reserve_port(settings)
    with reservation, _database(settings) as (settings, postgres):
        begin, gate = os.pipe()
        stages = python_children(settings, ROLES, keep_open=[claim], begin=begin)
        ready = compose_ready(settings, _prepare(ctx, settings, stages[0], gate))

        def announce() -> None:
            show_ready(ready, settings.data_dir)
            if ready_file is not None:
                write_ready_file(ready_file, ready)

        supervisor = Supervisor(
            [*stages, postgres],
            health=(settings.host, settings.port),
            on_ready=announce,
        )
        clean = supervisor.run()
    raise typer.Exit(0 if clean else 1)


def _prepare(
    ctx: typer.Context, settings: Settings, web: Sequence[Child], gate: int
) -> Login | None:
    """Migrate and find the first login, while the web processes import what they are made of."""
    for child in web:
        child.start_if_due(time.monotonic())
    try:
        return msgspec.json.decode(run_step(ctx, "prepare", settings), type=Login | None)
    except BaseException:
        for child in web:
            child.kill()
        raise
    finally:
        os.close(gate)


@contextmanager
def _database(settings: Settings) -> Iterator[tuple[Settings, list[Child]]]:
    """The settings with a database that answers, and the child that runs it if it is ours."""
    if settings.database_url:
        yield settings, []
        return
    postgres = EmbeddedPostgres(settings.data_dir)
    process = postgres.start()
    child = Child(
        name="postgres",
        launch=postgres.launch,
        stop_signal=STOP_SIGNAL,
        grace_seconds=STOP_SECONDS,
        process=process,
    )
    try:
        yield msgspec.structs.replace(settings, database_url=postgres.database_url), [child]
    finally:
        postgres.stop()
