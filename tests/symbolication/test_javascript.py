"""Events of built JavaScript tell of the source that people wrote."""

from __future__ import annotations

import base64
import copy
import json
import subprocess
import uuid

import pytest

from artifacts import File, bundle
from builds import REPOSITORY, Build
from mesher.grouping.fingerprint import group
from mesher.protocol.event import Frame, Stacktrace
from mesher.symbolication import problems, source_maps
from mesher.symbolication.event import may_be_built, symbolicate
from mesher.symbolication.outcome import Awaited
from mesher.symbolication.queries import Answer, Source
from mesher.symbolication.resolver import Resolver
from shelves import MemoryShelf

PROJECT = uuid.UUID(int=7)
RELEASE = "shop@1.4.2"


def mapped(event, *blobs, release=""):
    """The event after its frames are mapped with these uploads, and the outcome."""
    shelf = MemoryShelf()
    for blob in blobs:
        shelf.upload(blob, release=release)
    outcome = symbolicate(event, PROJECT, Resolver(shelf).answer)
    return event, outcome


def frames(event):
    return event.exception[-1].stacktrace.frames


def own(event):
    """The frames of the program itself."""
    return [f for f in frames(event) if f.data and "sourcemap" in f.data]


def without_debug_ids(payload):
    return {**payload, "debug_meta": None}


def notes(event):
    return [error.type for error in event.errors if error.type in problems.KINDS]


def test_a_minified_build_shows_file_function_line_and_context(
    minified, minified_event, normalized
):
    event, outcome = mapped(normalized(minified_event), minified.bundle())

    crash = frames(event)[-1]
    assert (crash.function, crash.lineno, crash.colno) == ("priceOf", 9, 11)
    assert crash.filename.endswith("/shop/prices.ts")
    assert crash.abs_path.endswith("/tests/symbolication/shop/prices.ts")
    assert crash.module.endswith("symbolication/shop/prices")
    assert crash.context_line == "    throw new RangeError(`no price for ${name}`);"
    assert crash.pre_context[-1] == "  if (article === undefined) {"
    assert crash.post_context[:3] == ["  }", "  return article.cents;", "}"]
    assert crash.in_app is True
    assert crash.data["sourcemap"] == "~/app.js.map"
    assert [f.function for f in own(event)] == [
        "Object.?",  # the code of the module itself, as the SDK calls it
        "buyAll",
        "checkOut",
        "Cart.total",
        "<anonymous>",
        "priceOf",
    ]
    assert outcome.mapped == 6
    assert event.errors == []


def test_debug_and_minified_builds_of_one_source_are_one_issue(
    minified, minified_event, debugging, debugging_event, normalized
):
    first, _ = mapped(normalized(minified_event), minified.bundle())
    second, _ = mapped(normalized(debugging_event), debugging.bundle())
    assert group(normalized(minified_event)).fingerprint != group(first).fingerprint
    assert group(first) == group(second)
    assert "priceOf" in group(first).culprit


def test_what_the_sdk_sent_stays_as_the_raw_stack_trace(minified, minified_event, normalized):
    before = normalized(minified_event)
    event, _ = mapped(normalized(minified_event), minified.bundle())
    assert event.exception[0].raw_stacktrace == before.exception[0].stacktrace


def test_mapping_a_mapped_event_again_begins_with_the_raw_stack_trace(
    minified, minified_event, normalized
):
    once, _ = mapped(normalized(minified_event), minified.bundle())
    expected = copy.deepcopy(once)
    again, _ = mapped(once, minified.bundle())
    assert again == expected


def test_without_debug_ids_a_file_is_found_by_release_and_url(minified, minified_event, normalized):
    payload = without_debug_ids(minified_event)
    prefix = f"~{minified.path.parent}/"
    event, _ = mapped(normalized(payload), minified.bundle(prefix=prefix), release=RELEASE)
    assert frames(event)[-1].function == "priceOf"

    event, outcome = mapped(normalized(payload), minified.bundle(prefix=prefix), release="1.5")
    assert outcome.mapped == 0
    assert outcome.awaited == {Awaited("release", RELEASE)}


def browser_payload(payload, url):
    """The same stack trace as a browser would have it that loaded the file from a URL."""
    payload = json.loads(json.dumps(without_debug_ids(payload)))
    payload["platform"] = "javascript"
    payload.pop("contexts", None)
    for frame in payload["exception"]["values"][0]["stacktrace"]["frames"]:
        if frame.get("filename", "").endswith("/app.js"):
            frame["filename"] = frame["abs_path"] = url
            frame.pop("module", None)
    return payload


@pytest.mark.parametrize(
    ("served", "prefix"),
    [
        ("https://shop.example/static/app.js", "~/static/"),
        ("https://shop.example/static/app.js?v=3#top", "~/static/"),
        ("https://shop.example/static/app.js", "https://shop.example/static/"),
        ("app:///static/app.js", "app:///static/"),
        ("app:///static/app.js", "~/static/"),
    ],
)
def test_a_file_of_a_release_is_found_under_each_url_it_may_have_been_uploaded_with(
    minified, minified_event, normalized, served, prefix
):
    event = normalized(browser_payload(minified_event, served))
    event, _ = mapped(event, minified.bundle(prefix=prefix), release=RELEASE)
    assert frames(event)[-1].function == "priceOf"
    assert event.errors == []


def test_a_mapped_frame_of_a_browser_keeps_the_host_that_its_file_came_from(
    minified, minified_event, normalized
):
    event = normalized(browser_payload(minified_event, "https://shop.example/a/b/c/app.js"))
    event, _ = mapped(event, minified.bundle(prefix="~/a/b/c/"), release=RELEASE)
    assert frames(event)[-1].abs_path.startswith("https://shop.example/")
    assert frames(event)[-1].abs_path.endswith("/shop/prices.ts")


def test_where_a_build_is_served_does_not_change_its_issue(minified, minified_event, normalized):
    fingerprints = set()
    for url in ("https://shop.example/static/app.js", "https://cdn.example/v2/deep/er/app.js"):
        prefix = "~/" + url.split("/", 3)[3].removesuffix("app.js")
        event = normalized(browser_payload(minified_event, url))
        mapped(event, minified.bundle(prefix=prefix), release=RELEASE)
        fingerprints.add(group(event).fingerprint)
    assert len(fingerprints) == 1


@pytest.mark.parametrize("inline", [True, False], ids=["inline", "comment"])
def test_a_map_is_found_by_the_comment_at_the_end_of_its_file(
    minified, minified_event, normalized, inline
):
    data = minified.map_path.read_bytes()
    url = "maps/app.map"
    if inline:
        url = f"data:application/json;charset=utf-8;base64,{base64.b64encode(data).decode()}"
    built = minified.path.read_bytes() + f"\n//# sourceMappingURL={url}\n//# debugId=x".encode()
    files = [File("minified_source", "~/js/app.js", built)]
    if not inline:
        files.append(File("source_map", "~/js/maps/app.map", data))
    event = normalized(browser_payload(minified_event, "https://shop.example/js/app.js"))

    event, _ = mapped(event, bundle(*files), release=RELEASE)

    assert frames(event)[-1].function == "priceOf"


def test_a_map_without_its_minified_file_still_tells_lines_and_names(
    minified, minified_event, normalized
):
    files = [File("source_map", "~/js/app.js.map", minified.map_path.read_bytes())]
    event = normalized(browser_payload(minified_event, "https://shop.example/js/app.js"))
    event, _ = mapped(event, bundle(*files), release=RELEASE)
    crash = frames(event)[-1]
    assert (crash.lineno, crash.context_line.strip()) == (
        9,
        "throw new RangeError(`no price for ${name}`);",
    )


def test_context_comes_from_uploaded_sources_where_the_map_has_none(
    minified, minified_event, normalized
):
    map_ = json.loads(minified.map_path.read_bytes())
    contents = dict(zip(map_["sources"], map_.pop("sourcesContent"), strict=True))
    id_ = {"debug-id": str(minified.debug_id)}
    blob = bundle(
        File("minified_source", "~/js/app.js", minified.path.read_bytes(), id_),
        File("source_map", "~/js/app.js.map", json.dumps(map_).encode(), id_),
    )
    event, _ = mapped(normalized(minified_event), blob)
    assert frames(event)[-1].context_line is None
    assert notes(event)[0] == problems.MISSING_CONTENT

    name, content = next((n, c) for n, c in contents.items() if n.endswith("prices.ts"))
    folder = name.rpartition("../")[2]
    source = bundle(File("source", f"~/{folder}", content.encode()))
    event, _ = mapped(normalized(minified_event), blob, source, release=RELEASE)
    crash = frames(event)[-1]
    assert crash.context_line.strip() == "throw new RangeError(`no price for ${name}`);"
    assert crash.post_context[0] == "  }"


@pytest.mark.parametrize("release", [RELEASE, None])
def test_an_event_whose_map_nobody_uploaded_says_what_to_do_and_is_awaited(
    minified, minified_event, normalized, release
):
    event = normalized({**minified_event, "release": release})
    event, outcome = mapped(event, minified.bundle(with_map=False))

    assert outcome.mapped == 0
    assert event.exception[0].raw_stacktrace is None
    (error,) = event.errors
    assert error.type == "js_missing_source"
    assert error.name == str(minified.path)
    assert "sentry-cli sourcemaps upload" in error.value
    assert outcome.awaited == {Awaited("debug_id", str(minified.debug_id))}


def test_a_project_without_uploads_is_told_the_same(minified_event, normalized):
    event = normalized(minified_event)
    outcome = symbolicate(event, PROJECT, None)
    assert notes(event) == ["js_missing_source"]
    assert len(outcome.awaited) == 1


def test_a_fetched_file_without_debug_id_says_to_inject_one(minified_event, normalized):
    event = normalized(browser_payload(minified_event, "https://shop.example/js/app.js"))
    symbolicate(event, PROJECT, None)
    assert notes(event) == ["js_no_debug_id"]
    assert "sentry-cli sourcemaps inject" in event.errors[0].value


def test_source_that_node_runs_as_it_is_needs_no_note(minified_event, normalized):
    event = normalized(without_debug_ids(minified_event))
    symbolicate(event, PROJECT, None)
    assert event.errors == []


def test_a_map_of_another_build_is_told_by_the_place_that_it_does_not_know(
    minified, minified_event, normalized
):
    other = {"version": 3, "sources": ["a.ts"], "names": [], "mappings": "AAAA"}
    id_ = {"debug-id": str(minified.debug_id)}
    empty = {**other, "sources": [], "mappings": ""}
    blob = bundle(
        File("minified_source", "~/app.js", b"", id_),
        File("source_map", "~/app.js.map", json.dumps(empty).encode(), id_),
    )
    event, outcome = mapped(normalized(minified_event), blob)
    assert notes(event) == ["js_invalid_sourcemap_location"]
    assert outcome.awaited == set()


@pytest.mark.parametrize("data", [b"", b"nothing", b'{"version": 3}', b"\xff\xfe"])
def test_a_map_that_cannot_be_read_is_told(minified, minified_event, normalized, data):
    id_ = {"debug-id": str(minified.debug_id)}
    blob = bundle(
        File("minified_source", "~/app.js", b"", id_),
        File("source_map", "~/app.js.map", data, id_),
    )
    event, _ = mapped(normalized(minified_event), blob)
    assert set(notes(event)) <= {"js_invalid_sourcemap", "js_invalid_sourcemap_location"}
    assert notes(event)


def test_a_map_that_is_too_large_to_be_read_is_told(
    minified, minified_event, normalized, monkeypatch
):
    monkeypatch.setattr(source_maps, "MAX_RESOLVED_BYTES", 100)
    event, _ = mapped(normalized(minified_event), minified.bundle())
    assert notes(event) == ["symbolication_too_large"]


def test_an_indexed_map_of_several_sections_is_read(minified, minified_event, normalized):
    map_ = json.loads(minified.map_path.read_bytes())
    indexed = {
        "version": 3,
        "sections": [{"offset": {"line": 0, "column": 0}, "map": map_}],
    }
    id_ = {"debug-id": str(minified.debug_id)}
    blob = bundle(
        File("minified_source", "~/app.js", minified.path.read_bytes(), id_),
        File("source_map", "~/app.js.map", json.dumps(indexed).encode(), id_),
    )
    event, _ = mapped(normalized(minified_event), blob)
    assert frames(event)[-1].function == "priceOf"


def test_the_scopes_of_a_metro_map_name_functions_without_the_minified_file(normalized):
    # One token a line; the scopes of the source: before 2:0 the file itself, then handlePress.
    map_ = {
        "version": 3,
        "sources": ["/app/screens/Cart.tsx"],
        "sourcesContent": ["import x;\nexport function handlePress() {\n  throw x;\n}\n"],
        "names": [],
        "mappings": "AAAA;AACA;AACE",
        "x_facebook_sources": [[{"names": ["<global>", "handlePress"], "mappings": "AAA;ACC"}]],
    }
    id_ = {"debug-id": "85314830-023f-4cf1-a267-535f4e37bb17"}
    blob = bundle(File("source_map", "~/main.jsbundle.map", json.dumps(map_).encode(), id_))
    payload = {
        "platform": "javascript",
        "exception": {
            "values": [
                {
                    "type": "Error",
                    "stacktrace": {
                        "frames": [
                            {
                                "abs_path": "app:///main.jsbundle",
                                "function": "p",
                                "lineno": 3,
                                "colno": 1,
                                "in_app": True,
                            }
                        ]
                    },
                }
            ]
        },
        "debug_meta": {
            "images": [
                {
                    "type": "sourcemap",
                    "code_file": "app:///main.jsbundle",
                    "debug_id": id_["debug-id"],
                }
            ]
        },
    }
    event, _ = mapped(normalized(payload), blob)
    (crash,) = frames(event)
    assert (crash.function, crash.lineno, crash.context_line) == ("handlePress", 3, "  throw x;")
    assert crash.abs_path == "/app/screens/Cart.tsx"


def test_frames_of_runtimes_and_without_lines_are_left_alone(minified, normalized, minified_event):
    event = normalized(minified_event)
    before = [f for f in frames(event) if not (f.abs_path or "").endswith("app.js")]
    event, _ = mapped(event, minified.bundle())
    assert [f for f in frames(event) if not (f.data and "sourcemap" in f.data)] == before


def test_an_event_that_has_no_stack_trace_or_another_platform_is_not_looked_at(normalized):
    assert not may_be_built(normalized({"platform": "node", "message": "hello"}))
    trace = {"frames": [{"filename": "a.py", "lineno": 1}]}
    assert not may_be_built(normalized({"platform": "python", "stacktrace": trace}))
    assert may_be_built(normalized({"platform": "node", "stacktrace": trace}))


def test_stack_traces_of_threads_and_of_the_event_are_mapped_too(
    minified, minified_event, normalized
):
    exception = minified_event["exception"]["values"][0]
    payload = {
        **minified_event,
        "exception": None,
        "stacktrace": exception["stacktrace"],
        "threads": {"values": [{"id": 1, "stacktrace": exception["stacktrace"]}]},
    }
    event, _ = mapped(normalized(payload), minified.bundle())
    for holder in (event, event.threads[0]):
        assert holder.stacktrace.frames[-1].function == "priceOf"
        assert holder.raw_stacktrace.frames[-1].function != "priceOf"


@pytest.mark.parametrize(
    ("scope", "callers_text", "shown"),
    [
        ("Cart.total", "sum", "Cart.total"),
        ("<anonymous>", "onSubmit", "onSubmit"),
        ("__webpack_modules__", "require", "require"),
        ("Cart.<anonymous>", None, "Cart.<anonymous>"),
        (None, "onSubmit", "e"),  # the code of a module, which nobody calls by a name
    ],
)
def test_a_function_goes_by_its_own_name_or_by_what_its_caller_calls(
    normalized, scope, callers_text, shown
):
    def ask(query):
        caller = Source(path="src/form.ts", line=2, function="setUp", name=callers_text)
        called = Source(path="src/form.ts", line=9, function=scope, context_line="x")
        return Answer(results=[[caller], [called]], found="~/a.js.map")

    event = normalized({"platform": "node", "message": "x"})
    event.release = RELEASE
    event.stacktrace = Stacktrace(
        frames=[
            Frame(abs_path="/srv/a.js", lineno=1, colno=21, function="t"),
            Frame(abs_path="/srv/a.js", lineno=1, colno=14, function="e"),
        ]
    )
    symbolicate(event, PROJECT, ask)
    assert [f.function for f in event.stacktrace.frames] == ["setUp", shown]


def test_a_map_is_read_once_for_many_events(minified, minified_event, normalized):
    shelf = MemoryShelf().upload(minified.bundle())
    resolver = Resolver(shelf)
    for _ in range(3):
        symbolicate(normalized(minified_event), PROJECT, resolver.answer)
    assert shelf.reads == 2  # the built file and its map


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        (
            "data:application/json," + "%7B%22version%22%3A3%2C%22sources%22%3A%5B%22a.ts%22%5D%2C"
            "%22names%22%3A%5B%5D%2C%22mappings%22%3A%22AAAA%22%7D",
            "",
        ),
        ("data:text/plain,x", "js_invalid_sourcemap"),
        ("data:application/json;base64,x", "js_invalid_sourcemap"),
        ("elsewhere.map", "js_missing_source"),
    ],
)
def test_a_reference_to_a_map_is_followed_or_told(normalized, reference, shown):
    built = f"throw 1\n//# sourceMappingURL={reference}\n".encode()
    shelf = MemoryShelf().upload(
        bundle(File("minified_source", "~/srv/a.js", built)), release=RELEASE
    )
    event = event_at(normalized)
    symbolicate(event, PROJECT, Resolver(shelf).answer)
    assert notes(event) == ([shown] if shown else ["js_missing_sources_content"])


def event_at(normalized, **more):
    """An event with one frame at the begin of /srv/a.js."""
    event = normalized({"platform": "node", "message": "x", "release": RELEASE})
    event.stacktrace = Stacktrace(frames=[Frame(abs_path="/srv/a.js", lineno=1, colno=1, **more)])
    return event


PLAIN_MAP = json.dumps({"version": 3, "sources": ["a.ts"], "names": [], "mappings": "AAAA"})


def plain_bundle(*more):
    return bundle(
        File("minified_source", "~/srv/a.js", b"throw 1"),
        File("source_map", "~/srv/a.js.map", PLAIN_MAP.encode()),
        *more,
    )


def test_a_map_that_nothing_refers_to_is_found_by_its_usual_name(normalized):
    event = event_at(normalized)
    event, _ = mapped(event, plain_bundle(), release=RELEASE)
    assert event.stacktrace.frames[0].filename == "a.ts"


def test_an_uploaded_source_that_ends_before_the_line_gives_no_context(normalized):
    event = event_at(normalized)
    event, _ = mapped(event, plain_bundle(File("source", "~/srv/a.ts", b"")), release=RELEASE)
    assert event.stacktrace.frames[0].context_line is None


@pytest.mark.parametrize("removed", ["~/srv/a.js", "~/srv/a.ts"])
def test_a_file_that_is_removed_meanwhile_is_told(normalized, removed):
    shelf = MemoryShelf().upload(plain_bundle(File("source", "~/srv/a.ts", b"x")), release=RELEASE)
    shelf.removed.add(removed)
    event = event_at(normalized)
    symbolicate(event, PROJECT, Resolver(shelf).answer)
    expected = "js_missing_source" if removed.endswith("js") else "js_missing_sources_content"
    assert notes(event) == [expected]


def test_a_map_and_its_file_may_together_be_too_large(normalized, monkeypatch):
    monkeypatch.setattr(source_maps, "MAX_RESOLVED_BYTES", len(PLAIN_MAP) + 3)
    event = event_at(normalized)
    event, _ = mapped(event, plain_bundle(), release=RELEASE)
    assert notes(event) == ["symbolication_too_large"]


def test_an_event_without_debug_ids_and_release_is_not_asked_for(normalized):
    event = event_at(normalized)
    event.release = None

    def ask(query):
        raise AssertionError(query)

    assert symbolicate(event, PROJECT, ask).mapped == 0


def test_minifying_twice_with_terser_and_esbuild_keeps_the_way_back(
    tmp_path, normalized, minified, debugging, debugging_event
):
    """A build of two steps, as with TypeScript first and a minifier last; the maps are joined."""
    built = debugging.path.parent / "twice.js"
    subprocess.run(
        [
            REPOSITORY / "node_modules" / ".bin" / "terser",
            debugging.path,
            "--compress",
            "--mangle",
            "--toplevel",
            "--source-map",
            f"content='{debugging.map_path}',filename='twice.js',url='twice.js.map',includeSources",
            "--output",
            built,
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    twice = Build(built, debugging.debug_id)
    event, _ = mapped(normalized(twice.event(RELEASE=RELEASE)), twice.bundle())
    once, _ = mapped(normalized(debugging_event), debugging.bundle())
    assert frames(event)[-1].context_line == "    throw new RangeError(`no price for ${name}`);"
    assert frames(event)[-1].function == "priceOf"
    assert group(event).fingerprint == group(once).fingerprint
