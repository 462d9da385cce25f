"""A program that was built, its real SDK, and its source maps: what people see is their source."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from acceptance.mesher_process import Api, MesherProcess, wait_for
from builds import Build, build
from mesher.storage.connection import connect
from uploads import upload_for

TITLE = "RangeError: no price for ladder"


@pytest.fixture(scope="module")
def own_mesher(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A Mesher of its own: its issues have the titles of one program alone."""
    with MesherProcess(tmp_path_factory.mktemp("mesher")) as process:
        process.start()
        yield process
        assert process.stop() == 0, process.log()


@pytest.fixture(scope="module")
def own_api(own_mesher: MesherProcess) -> Any:
    api = Api(own_mesher.ready)
    yield api
    api.close()


def upload(mesher: MesherProcess, build: Build) -> None:
    """What an upload with sentry-cli leads to, which has tests of its own."""
    ((org_id, project_id),) = mesher.query("SELECT org_id, id FROM projects")
    with connect(mesher.ready["database_url"], application_name="test") as conn:
        upload_for(conn, org_id, [project_id], build.bundle())


def crash(event: dict[str, Any]) -> dict[str, Any]:
    return event["exception"][-1]["stacktrace"]["frames"][-1]


def test_events_of_built_programs_show_their_source_whenever_the_map_comes(
    own_mesher: MesherProcess, own_api: Api, tmp_path: Path
) -> None:
    dsn = own_mesher.ready["dsn"]
    minified = build(tmp_path / "dist", "app.js", debug_id=uuid.uuid4())
    debugging = build(tmp_path / "dist", "debug.js", minify=False, debug_id=uuid.uuid4())

    # The map is not there yet: the event says so, and what to do.
    minified.run(DSN=dsn)
    issue = own_api.wait_for_issue(TITLE)
    event = own_api.latest_event(issue)
    assert crash(event)["function"] != "priceOf"
    assert [error["type"] for error in event["errors"]] == ["js_missing_source"]
    assert "sentry-cli sourcemaps upload" in event["errors"][0]["value"]

    # It comes, and the event is mapped by itself.
    upload(own_mesher, minified)
    upload(own_mesher, debugging)
    event = wait_for(
        "the mapped event",
        lambda: (
            found if crash(found := own_api.latest_event(issue))["function"] == "priceOf" else None
        ),
        seconds=180,
    )
    assert crash(event)["context_line"] == "    throw new RangeError(`no price for ${name}`);"
    assert crash(event)["lineno"] == 9
    assert crash(event)["filename"].endswith("shop/prices.ts")
    assert event["exception"][-1]["raw_stacktrace"]["frames"][-1]["lineno"] == 2
    assert event.get("errors", []) == []

    # Of what comes now, debug and minified builds are the same issue.
    minified.run(DSN=dsn)
    debugging.run(DSN=dsn)
    own_api.wait_for_events(issue, 3)
    assert [(i["id"], i["culprit"]) for i in own_api.issues()] == [
        (issue["id"], own_api.wait_for_issue(TITLE)["culprit"])
    ]
    assert own_api.issues()[0]["culprit"].startswith("priceOf(")
