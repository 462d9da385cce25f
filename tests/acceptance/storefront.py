"""A small TypeScript program, bundled and minified, and Sentry's own clients that upload its map."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from acceptance.mesher_process import Api, MesherProcess, wait_for

REPOSITORY = Path(__file__).parents[2]
NODE_MODULES = REPOSITORY / "node_modules"
SOURCES = Path(__file__).parent / "programs" / "storefront"
# A laden machine is slow; none of the programs takes longer than some seconds.
PROGRAM_SECONDS = 120


class Storefront:
    """The program in a folder of its own, and the settings that its pipeline has."""

    def __init__(self, folder: Path, mesher: MesherProcess, token: str) -> None:
        """Nothing is built yet. ``token`` is the only thing that the clients are told of Mesher."""
        self._mesher = mesher
        self._folder = folder
        self._environ = {
            **{name: text for name, text in os.environ.items() if not name.startswith("SENTRY_")},
            "SENTRY_AUTH_TOKEN": token,
            "SENTRY_PROJECT": "my-project",
            "NODE_PATH": str(NODE_MODULES),
        }

    @property
    def bundle(self) -> Path:
        """The minified program."""
        return self._folder / "dist" / "app.js"

    def build(self) -> None:
        """Bundle and minify it, without any plugin."""
        self._run(
            NODE_MODULES / ".bin" / "esbuild",
            SOURCES / "main.ts",
            "--bundle",
            "--minify",
            "--sourcemap",
            "--platform=node",
            "--external:@sentry/node",
            f"--banner:js=// {self._folder}",  # no two tests upload the same
            f"--outfile={self.bundle}",
            "--log-level=error",
        )

    def build_with_plugin(self, plugin: str, release: str) -> None:
        """Bundle it with a plugin, which makes the release and uploads the map."""
        # The plugins, unlike sentry-cli, are told the organisation and the address.
        self._run(
            "node",
            SOURCES / "build.mjs",
            PLUGIN=plugin,
            ENTRY=str(SOURCES / "main.ts"),
            OUTFILE=str(self.bundle),
            RELEASE=release,
            SENTRY_ORG="my-team",
            SENTRY_URL=self._mesher.ready["url"],
        )

    def sentry_cli(self, client: str, *arguments: object, cwd: Path | None = None) -> str:
        """What a command of the client of this name prints; it must succeed."""
        return self._run("node", NODE_MODULES / client / "bin" / "sentry-cli", *arguments, cwd=cwd)

    def run(self, release: str) -> str:
        """Run the minified program, which fails; the id of the event that it sends."""
        printed = self._run("node", self.bundle, RELEASE=release, DSN=self._mesher.ready["dsn"])
        return printed.strip()

    def _run(self, *command: object, cwd: Path | None = None, **variables: str) -> str:
        done = subprocess.run(
            [str(part) for part in command],
            env={**self._environ, **variables},
            cwd=cwd or self._folder,
            capture_output=True,
            text=True,
            timeout=PROGRAM_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


def wait_for_source(api: Api, event_id: str) -> dict[str, Any]:
    """
    An event of the program, once the call that failed is told in terms of its source: at once, or,
    where a digest process has not heard of the project's first upload yet, when the job comes round.
    """

    def look() -> dict[str, Any] | None:
        event = api.wait_for_event(event_id)
        return event if _crash(event)["function"] == "sumOfPrices" else None

    event = wait_for("the source of the event", look, seconds=PROGRAM_SECONDS)
    crash = _crash(event)
    assert crash["filename"].endswith("checkout.ts")
    assert crash["lineno"] == 12
    assert crash["context_line"].startswith("    throw new RangeError(`the basket of")
    assert crash["pre_context"][-1] == "  if (basket.articles === undefined) {"
    return event


def _crash(event: dict[str, Any]) -> dict[str, Any]:
    frame: dict[str, Any] = event["exception"][-1]["stacktrace"]["frames"][-1]
    return frame
