"""What the acceptance tests run: a real Mesher, real programs with an SDK, a real browser."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from acceptance.issue_pages import open_issues
from acceptance.mesher_process import Api, MesherProcess

PROGRAMS = Path(__file__).parent / "programs"
REPOSITORY = Path(__file__).parents[2]
PROGRAM_SECONDS = 60

# scripts/require.sh looks for the same names.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_FLAGS = [
    "--no-sandbox",  # Chromium refuses its sandbox when run as root, as in CI
    "--disable-background-networking",  # nothing is asked of the browser maker's servers
    "--disable-component-update",
    "--disable-sync",
]


def _find_program(*names: str) -> str:
    found = next((path for path in map(shutil.which, names) if path), None)
    assert found is not None, f"{names[0]} is not there; run: make setup"
    return found


@pytest.fixture
def stopped_mesher(tmp_path: Path) -> Iterator[MesherProcess]:
    """A Mesher with an empty data directory that the test starts itself."""
    with MesherProcess(tmp_path) as mesher:
        yield mesher


@pytest.fixture(scope="session")
def mesher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MesherProcess]:
    """A running Mesher that all tests share; each test makes issues of its own."""
    with MesherProcess(tmp_path_factory.mktemp("mesher")) as process:
        process.start()
        yield process
        assert process.stop() == 0, process.log()


@pytest.fixture(scope="session")
def api(mesher: MesherProcess) -> Iterator[Api]:
    """The shared Mesher's API, as the owner of the first project."""
    with contextlib.closing(Api(mesher.ready)) as api:
        yield api


@pytest.fixture
def run_program(mesher: MesherProcess) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs one of the programs with the shared Mesher's DSN; the SDK sends before it ends."""

    def run(name: str, **variables: str) -> subprocess.CompletedProcess[str]:
        interpreter = sys.executable if name.endswith(".py") else _find_program("node")
        command = [interpreter, str(PROGRAMS / name)]
        environ = {**os.environ, "DSN": mesher.ready["dsn"], **variables}
        return subprocess.run(
            command,
            cwd=PROGRAMS,  # SDKs take what lies below the working directory for the user's own code
            env=environ,
            capture_output=True,
            text=True,
            timeout=PROGRAM_SECONDS,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """
    Headless Chromium of this system.

    Not shared by all modules: while it is open an event loop runs in this thread, and tests that
    start their own would fail.
    """
    with pytest.MonkeyPatch.context() as environ:
        # The Node.js that Playwright brings needs a library that small systems lack.
        environ.setenv("PLAYWRIGHT_NODEJS_PATH", _find_program("node"))
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=_find_program(*BROWSERS), args=BROWSER_FLAGS
            )
            yield chromium
            chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty tab with its own cookies."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


class _ShopHandler(SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        if path.startswith("/node_modules/"):
            return str(REPOSITORY / path.lstrip("/"))
        return super().translate_path(path)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Keep quiet: requests for assets are no news."""


@pytest.fixture(scope="module")
def shop_url() -> Iterator[str]:
    """A web site of another origin than Mesher's, with a page that fails when its button is clicked."""
    handler = functools.partial(_ShopHandler, directory=PROGRAMS / "shop")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser complains about; nothing, at the end of each test."""
    lines: list[str] = []
    page.on("console", lambda one: one.type == "error" and lines.append(one.text))
    page.on("pageerror", lambda error: lines.append(str(error)))
    yield lines
    assert lines == []


@pytest.fixture
def issues(mesher: MesherProcess, page: Page, complaints: list[str]) -> Page:
    """A tab with the list of issues, of the owner."""
    return open_issues(page, mesher)
