"""Fingerprints that Mesher sets itself."""

from __future__ import annotations

import pytest


def thrown(value: str, kind: str = "Error", function: str = "pay") -> list[dict]:
    frame = {"abs_path": "https://a/b.js", "function": function, "in_app": True}
    return [{"type": kind, "value": value, "stacktrace": {"frames": [frame]}}]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("ChunkLoadError", "gone"),
        ("Error", "Loading chunk 17 failed.\n(error: https://a/17.js)"),
        ("Error", "Loading CSS chunk cart failed."),
        ("TypeError", "Failed to fetch dynamically imported module: https://a/cart-1a2b.js"),
        ("TypeError", "error loading dynamically imported module: https://a/cart-1a2b.js"),
        ("TypeError", "Importing a module script failed."),
    ],
)
def test_a_file_that_a_deployment_took_away_is_one_issue_wherever_it_is_missed(
    grouped, parts, kind, value
):
    grouping = grouped(platform="javascript", exception=thrown(value, kind))
    assert grouping.explanation.variant == "built-in"
    assert parts(grouping) == ["chunkloaderror"]


@pytest.mark.parametrize(
    "value",
    [
        "Hydration failed because the initial UI does not match what was rendered on the server.",
        "There was an error while hydrating.",
        "Text content does not match server-rendered HTML.",
        "Minified React error #418; visit https://react.dev/errors/418",
    ],
)
def test_a_page_that_was_rendered_differently_is_one_issue_for_each_page(grouped, parts, value):
    grouping = grouped(platform="javascript", transaction="/cart", exception=thrown(value))
    assert parts(grouping) == ["hydrationerror", "/cart"]
    nowhere = grouped(platform="javascript", exception=thrown(value))
    assert parts(nowhere) == ["hydrationerror", "<no-transaction>"]


@pytest.mark.parametrize(
    ("platform", "value"),
    [
        ("javascript", "Minified React error #31"),
        ("javascript", "a chunk of bread"),
        ("python", "Loading chunk 17 failed."),
    ],
)
def test_other_errors_group_by_their_calls(grouped, platform, value):
    assert grouped(platform=platform, exception=thrown(value)).explanation.variant == "app"


def test_a_fingerprint_of_the_client_comes_first(grouped, parts):
    chunk = thrown("Loading chunk 17 failed.")
    grouping = grouped(platform="javascript", fingerprint=["mine"], exception=chunk)
    assert parts(grouping) == ["mine"]
