"""A small TypeScript program, built as teams build theirs: for debugging, minified, with source maps."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import Any, NamedTuple

from artifacts import File, bundle

REPOSITORY = Path(__file__).parents[1]
SHOP = Path(__file__).parent / "symbolication" / "shop"
_TOOLS = REPOSITORY / "node_modules" / ".bin"
# What ``sentry-cli sourcemaps inject`` puts at the begin of a file: SDKs find the id by the stack.
_SNIPPET = (
    "(function(){{var g=globalThis,s=new Error().stack;g._sentryDebugIds=g._sentryDebugIds||{{}};"
    'g._sentryDebugIds[s]="{debug_id}"}})();'
)


class Build(NamedTuple):
    """One build."""

    path: Path
    debug_id: uuid.UUID | None

    @property
    def map_path(self) -> Path:
        return self.path.with_name(self.path.name + ".map")

    def event(self, **variables: str) -> dict[str, Any]:
        """What the SDK would send when the program runs."""
        event = self.path.with_suffix(".json")
        self.run(EVENT=str(event), **variables)
        return json.loads(event.read_text("utf-8"))

    def run(self, **variables: str) -> None:
        """Run the program; it sends to DSN before it ends."""
        subprocess.run(
            ["node", self.path],
            cwd=self.path.parent,
            env={**os.environ, **variables},
            check=True,
            capture_output=True,
            timeout=60,
        )

    def bundle(self, *, prefix: str = "~/", with_map: bool = True) -> bytes:
        """What ``sentry-cli sourcemaps upload`` makes of it."""
        headers = {"debug-id": str(self.debug_id)} if self.debug_id else {}
        name = self.path.name
        files = [
            File(
                "minified_source",
                prefix + name,
                self.path.read_bytes(),
                {**headers, "sourcemap": f"{name}.map"},
            )
        ]
        if with_map:
            map_ = self.map_path.read_bytes()
            files.append(File("source_map", f"{prefix}{name}.map", map_, headers))
        return bundle(*files)


def build(
    folder: Path,
    name: str = "app.js",
    *,
    minify: bool = True,
    debug_id: uuid.UUID | None = None,
    sources: Path = SHOP,
    options: tuple[str, ...] = (),
) -> Build:
    """
    Build the program with esbuild.

    Args:
        folder: where the build goes; Node.js finds the SDK from there.
        name: of the built file.
        debug_id: that is injected.
        sources: of the program.
        options: more for esbuild.
    """
    modules = folder / "node_modules"
    if not modules.exists():
        folder.mkdir(parents=True, exist_ok=True)
        modules.symlink_to(REPOSITORY / "node_modules")
    made = folder / name
    command = [
        str(_TOOLS / "esbuild"),
        str(sources / "main.ts"),
        "--bundle",
        "--platform=node",
        "--external:@sentry/node",
        "--sourcemap=external",
        "--log-level=error",
        f"--outfile={made}",
        *options,
    ]
    if minify:
        command.append("--minify")
    if debug_id:
        command.append(f"--banner:js={_SNIPPET.format(debug_id=debug_id)}")
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return Build(made, debug_id)
