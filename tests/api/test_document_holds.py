"""
The OpenAPI document is true: made-up requests get no answer that it does not describe, and no 500.

Schemathesis makes the requests, over a socket, as an admin, once with the ids of things that are there and once
with any. ``make api-fuzz MINUTES=10`` goes on for longer.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
import uvicorn

from callers import make_world
from mesher import app as app_module
from mesher.api.call_limits import CallLimits
from serving import Client

# In a run of the tests each operation gets some requests, which are always the same.
EXAMPLES = 6
SEED = "1"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
# Streams go on, and events are answered on a way of their own, which has its own tests and fuzzer.
LEFT_OUT = r"/live$|^/api/v1/events"


@contextmanager
def on_a_socket(client: Client) -> Iterator[str]:
    """The address of the application."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(client.app, lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        with suppress_signals(server):
            ended = client.portal.start_task_soon(partial(server.serve, sockets=[listening]))
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            finally:
                server.should_exit = True
                ended.result()


@contextmanager
def suppress_signals(server: uvicorn.Server) -> Iterator[None]:
    """The server's own handlers would need the main thread."""
    server.capture_signals = suppress  # type: ignore[method-assign]
    yield


@pytest.fixture
def unlimited(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(
        app_module, "CallLimits", partial(CallLimits, calls=10**9, calls_of_address=10**9)
    )
    return Client(client.portal, client.resources)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("ids", ["known", "any"])
def test_no_answer_is_other_than_the_document_says(
    unlimited: Client, database_url: str, tmp_path: Path, ids: str
) -> None:
    world = make_world(unlimited, database_url, "world")
    token = next(one.token for one in world.callers if one.name == "owner, token")
    settings = tmp_path / "schemathesis.toml"
    lines = [f'"path.{name}" = "{value}"\n' for name, value in world.things.items()]
    settings.write_text("[parameters]\n" + "".join(lines) if ids == "known" else "")
    command = [
        *(str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(settings), "run"),
        *("--checks", ",".join(CHECKS), "--exclude-path-regex", LEFT_OUT),
        *("--header", f"Authorization: Bearer {token}"),
        *(
            "--phases",
            "examples,fuzzing",
            "--warnings",
            "off",
            "--suppress-health-check",
            "all",
        ),
    ]
    if ids == "known":  # they stay known
        command += ["--exclude-method", "DELETE"]
    if seconds := os.environ.get("API_FUZZ_SECONDS"):
        command += ["--max-time", seconds, "--max-examples", "1000"]
        command[command.index("examples,fuzzing")] = "examples,coverage,fuzzing"
    else:
        command += [
            "--seed",
            SEED,
            "--max-examples",
            str(EXAMPLES),
            "--generation-database",
            "none",
        ]
    with on_a_socket(unlimited) as address:
        run = subprocess.run(
            [*command, f"{address}/api/v1/openapi.json"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stdout + run.stderr
