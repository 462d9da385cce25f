"""How names of files in stack traces, uploads and maps belong together."""

from __future__ import annotations

import pytest

from mesher.symbolication.frames import cut_path, snip
from mesher.symbolication.javascript import _folded
from mesher.symbolication.paths import (
    join,
    source_filename,
    source_module,
    source_url,
    url_candidates,
)


def test_a_url_is_looked_for_with_and_without_its_query_and_host():
    assert url_candidates("https://shop/a.js?v=1#x") == [
        "https://shop/a.js?v=1",
        "https://shop/a.js",
        "~/a.js?v=1",
        "~/a.js",
    ]
    assert url_candidates("/srv/a.js") == ["/srv/a.js", "~/srv/a.js"]
    assert url_candidates("app:///a.js") == ["app:///a.js", "~/a.js"]
    assert url_candidates("C:\\srv\\a.js") == ["C:\\srv\\a.js", "~/srv/a.js"]


@pytest.mark.parametrize(
    ("base", "reference", "joined"),
    [
        ("https://shop/js/a.js", "a.js.map", "https://shop/js/a.js.map"),
        ("https://shop/js/a.js?v=1", "../maps/a.map", "https://shop/maps/a.map"),
        ("https://shop/js/a.js", "/maps/a.map", "https://shop/maps/a.map"),
        ("https://shop/js/a.js", "https://cdn/a.map", "https://cdn/a.map"),
        ("https://shop/js/a.js", "webpack:///./src/a.ts", "webpack:///./src/a.ts"),
        ("~/js/a.js", "../../../src/a.ts", "~/src/a.ts"),
        ("~/a.js", "./src/a.ts", "~/src/a.ts"),
        ("app:///js/a.js", "a.js.map", "app:///js/a.js.map"),
        ("/srv/dist/a.js", "../src/a.ts", "/srv/src/a.ts"),
        ("dist/a.js", "../src/a.ts", "src/a.ts"),
        ("C:\\srv\\dist\\a.js", "..\\src\\a.ts", "C:/srv/dist/..\\src\\a.ts"),
        ("C:\\srv\\dist\\a.js", "../src/a.ts", "C:/srv/src/a.ts"),
        ("", "a.ts", "a.ts"),
    ],
)
def test_a_reference_is_joined_with_the_url_of_its_file(base, reference, joined):
    assert join(base, reference) == joined


@pytest.mark.parametrize(
    ("built", "name", "url"),
    [
        ("https://shop/js/a.js", "../src/a.ts", "https://shop/src/a.ts"),
        ("/srv/dist/a.js", "../src/a.ts", "/srv/src/a.ts"),
        ("https://shop/js/a.js", "/home/ci/src/a.ts", "/home/ci/src/a.ts"),
        ("https://shop/js/a.js", "webpack://shop/./src/a.ts", "webpack://shop/./src/a.ts"),
    ],
)
def test_a_source_is_where_its_build_says(built, name, url):
    assert source_url("~/js/a.js.map", name, built=built) == url


def test_a_map_of_a_known_host_keeps_it():
    built = "https://shop/js/a.js"
    assert source_url("https://cdn/a.map", "src/a.ts", built=built) == "https://cdn/src/a.ts"


@pytest.mark.parametrize(
    ("name", "filename", "module"),
    [
        ("../src/cart.ts", "../src/cart.ts", "src/cart"),
        ("./cart.tsx", "./cart.tsx", "cart"),
        ("webpack:///./src/a.ts", "./src/a.ts", "src/a"),
        ("webpack://shop/./src/a.ts", "./src/a.ts", "src/a"),
        ("webpack://shop/src/a.vue?4f3a", "src/a.vue?4f3a", "src/a"),
        ("turbopack:///[project]/src/a.ts", "[project]/src/a.ts", "[project]/src/a"),
        ("webpack:///./~/lodash/map.js", "~/lodash/map.js", "~/lodash/map"),
        ("../node_modules/lodash/map.js", "../node_modules/lodash/map.js", "lodash/map"),
        ("dist/1.2.3/a.mjs", "dist/1.2.3/a.mjs", "a"),
        ("https://shop/src/a.ts", "https://shop/src/a.ts", "src/a"),
        ("/home/ci/src/a.ts", "/home/ci/src/a.ts", ""),
        ("C:\\src\\a.ts", "C:\\src\\a.ts", ""),
    ],
)
def test_a_source_goes_by_its_place_in_the_project(name, filename, module):
    assert source_filename(name) == filename
    assert source_module(name) == module


def test_a_long_path_keeps_its_end():
    assert cut_path("src/a.ts") == "src/a.ts"
    cut = cut_path("x/" * 300 + "a.ts")
    assert len(cut) == 256
    assert cut.endswith("x/a.ts")


def test_a_long_line_is_shown_around_its_column():
    line = "".join(f"{number:04}" for number in range(100))
    assert snip("short", 3) == "short"
    assert snip(line, 0) == f"{line[:140]} {{snip}}"
    assert snip(line, 200) == f"{{snip}} {line[130:270]} {{snip}}"
    assert snip(line, 400) == f"{{snip}} {line[260:]}"


def test_parts_of_a_name_that_repeat_are_folded():
    assert _folded("a.a.a.f") == "{a#3}.f"
    assert _folded("Cart.total") == "Cart.total"
    assert _folded("a.ab.b") == "a.ab.b"
