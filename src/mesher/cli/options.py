"""Options that several commands share; each names the variable that it overrides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder for everything that Mesher keeps: MESHER_DATA_DIR, else /var/lib/mesher for "
        "root and ~/.local/share/mesher for others.",
    ),
]
Host = Annotated[
    str | None,
    typer.Option(
        metavar="HOST",
        help="Address to listen on, 0.0.0.0 for all: MESHER_HOST, else 127.0.0.1.",
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        metavar="PORT", help="Port to listen on, 0 for any free one: MESHER_PORT, else 8000."
    ),
]
