"""The OpenAPI document is good enough for a stock generator: what it makes is compiled, and works."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx

from acceptance.mesher_process import MesherProcess

REPOSITORY = Path(__file__).parents[2]
GENERATOR = REPOSITORY / "node_modules" / ".bin" / "swagger-typescript-api"
GENERATOR_SECONDS = 120


def test_a_generated_client_lists_makes_and_is_told_errors(
    mesher: MesherProcess,
    run_program: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes(httpx.get(f"{mesher.ready['url']}/api/v1/openapi.json").content)
    command = [GENERATOR, "generate", "--path", document, "--output", tmp_path, "--name", "client"]
    generated = subprocess.run(
        [*command, "--js"],
        capture_output=True,
        text=True,
        timeout=GENERATOR_SECONDS,
        check=False,
        env=os.environ | {"NO_COLOR": "1"},
    )
    assert generated.returncode == 0, generated.stdout + generated.stderr
    client = tmp_path / "client.mjs"  # as a module, wherever it lies
    (tmp_path / "client.js").rename(client)

    run = run_program(
        "generated_client.mjs",
        CLIENT=str(client),
        BASE_URL=mesher.ready["url"],
        TOKEN=mesher.ready["api_token"],
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "project": mesher.ready["project_id"],
        "made": "generated",
        "keys": ["default", "generated"],
        "missing": [404, "not_found"],
    }
