"""Sentry's bundler plugins, unmodified: the one with sentry-cli 2, and the one that replaced it."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.mesher_process import Api, MesherProcess
from acceptance.storefront import Storefront, wait_for_source

# The former brings sentry-cli 2; the latter a command line of another make, in JavaScript.
PLUGINS = ["@sentry/esbuild-plugin", "@sentry/bundler-plugins/esbuild"]


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_build_makes_a_release_and_uploads_what_shows_the_source_of_its_events(
    plugin: str, tmp_path: Path, mesher: MesherProcess, api: Api
) -> None:
    made = mesher.run("token", "create", plugin, "--url", mesher.ready["url"])
    storefront = Storefront(tmp_path, mesher, made.stdout.strip())
    release = f"storefront@{PLUGINS.index(plugin)}"

    storefront.build_with_plugin(plugin, release)
    event = wait_for_source(api, storefront.run(release))

    assert event["release"] == release
    assert len(event["debug_meta"]["images"]) == 1
    found = api.release(release)
    assert found["release"]["released_at"] is not None
    assert [deploy["environment"] for deploy in found["deploys"]] == ["production"]
