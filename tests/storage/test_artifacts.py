"""Files that releases upload are kept once, found by debug id and by URL, and read again."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from artifacts import File, bundle
from mesher.errors import MesherError, NotFound, ProtocolError, TooLarge
from mesher.storage import artifacts, debug_files, retention
from mesher.storage.connection import connect
from mesher.storage.retention import apply_retention
from mesher.symbolication import bundle as bundles

DEBUG_ID = uuid.UUID("85314830-023f-4cf1-a267-535f4e37bb17")
MINIFIED = File(
    "minified_source",
    "~/app.js",
    b"throw 1",
    {"Debug-Id": str(DEBUG_ID), "Sourcemap": "app.js.map"},
)
MAP = File("source_map", "~/app.js.map", b"{}", {"debug-id": str(DEBUG_ID)})


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as conn:
        yield conn


@pytest.fixture
def org(conn):
    return new_org(conn, "shop")


def new_org(conn, slug):
    found = conn.execute(
        "INSERT INTO organizations (name, slug) VALUES (%s, %s) RETURNING id", (slug, slug)
    )
    return found.fetchone()[0]


def new_project(conn, org):
    found = conn.execute(
        "INSERT INTO projects (org_id, name) VALUES (%s, 'web') RETURNING id", (org,)
    )
    return found.fetchone()[0]


def keep(conn, org, *projects, blob, release=None, dist=None):
    with conn.transaction():
        artifacts.keep_bundle(
            conn, org_id=org, project_ids=projects, release=release, dist=dist, blob=blob
        )


def count(conn, table):
    return conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_a_file_is_found_by_its_debug_id_and_type_with_its_headers(conn, org):
    project = new_project(conn, org)
    keep(conn, org, project, blob=bundle(MINIFIED, MAP))

    found = artifacts.find_by_debug_id(conn, project, DEBUG_ID, "minified_source")

    assert found.headers["sourcemap"] == "app.js.map"
    assert artifacts.read_file(conn, org, found.sha1) == b"throw 1"
    assert artifacts.find_by_debug_id(conn, project, DEBUG_ID, "source") is None


def test_of_two_uploads_with_one_debug_id_the_newest_wins(conn, org):
    project = new_project(conn, org)
    keep(conn, org, project, blob=bundle(MAP))
    keep(conn, org, project, blob=bundle(MAP._replace(data=b'{"version": 3}')))

    found = artifacts.find_by_debug_id(conn, project, DEBUG_ID, "source_map")
    assert artifacts.read_file(conn, org, found.sha1) == b'{"version": 3}'

    keep(conn, org, project, blob=bundle(MAP))
    found = artifacts.find_by_debug_id(conn, project, DEBUG_ID, "source_map")
    assert artifacts.read_file(conn, org, found.sha1) == b"{}"


def test_the_same_upload_twice_is_one(conn, org):
    project = new_project(conn, org)
    for _ in range(2):
        keep(conn, org, project, blob=bundle(MINIFIED, MAP))
    assert count(conn, "artifacts") == count(conn, "artifact_files") == 2


def test_a_file_is_found_by_release_and_the_best_of_its_urls(conn, org):
    project = new_project(conn, org)
    exact = MINIFIED._replace(url="https://shop/app.js", data=b"exact")
    keep(conn, org, project, release="1.0", blob=bundle(MINIFIED, exact))

    def find(release, *urls, dist=""):
        found = artifacts.find_by_url(
            conn, project, release=release, dist=dist, urls=urls, types=["minified_source"]
        )
        return found and artifacts.read_file(conn, org, found.sha1)

    assert find("1.0", "https://shop/app.js", "~/app.js") == b"exact"
    assert find("1.0", "https://other/app.js", "~/app.js") == b"throw 1"
    assert find("1.0", "~/app.js", dist="42") == b"throw 1"
    assert find("1.1", "~/app.js") is None


def test_a_file_of_the_same_dist_comes_before_one_without(conn, org):
    project = new_project(conn, org)
    keep(conn, org, project, release="1", dist="42", blob=bundle(MINIFIED._replace(data=b"42")))
    keep(conn, org, project, release="1", blob=bundle(MINIFIED))
    found = artifacts.find_by_url(
        conn, project, release="1", dist="42", urls=["~/app.js"], types=["minified_source"]
    )
    assert artifacts.read_file(conn, org, found.sha1) == b"42"


def test_projects_of_one_organisation_share_the_bytes_and_nobody_else_finds_them(conn, org):
    first, second = new_project(conn, org), new_project(conn, org)
    stranger = new_org(conn, "other")
    strangers = new_project(conn, stranger)
    keep(conn, org, first, second, blob=bundle(MAP))

    assert count(conn, "artifact_files") == 1
    assert artifacts.find_by_debug_id(conn, second, DEBUG_ID, "source_map")
    assert artifacts.find_by_debug_id(conn, strangers, DEBUG_ID, "source_map") is None
    sha1 = artifacts.find_by_debug_id(conn, first, DEBUG_ID, "source_map").sha1
    assert artifacts.read_file(conn, stranger, sha1) is None
    assert artifacts.list_projects_with_artifacts(conn) == {first, second}


def test_a_bundle_that_is_bad_half_way_leaves_nothing(conn, org):
    project = new_project(conn, org)
    bad = File("source", "~/\0", b"")
    with pytest.raises(ProtocolError):
        keep(conn, org, project, blob=bundle(MAP, bad))
    assert count(conn, "artifact_files") == 0


def test_using_a_file_is_noted_once_a_day(conn, org):
    project = new_project(conn, org)
    keep(conn, org, project, blob=bundle(MAP))
    conn.execute("UPDATE artifact_files SET last_used_on = '2026-01-01'")
    artifacts.read_file(conn, org, conn.execute("SELECT sha1 FROM artifacts").fetchone()[0])
    assert conn.execute("SELECT last_used_on = CURRENT_DATE FROM artifact_files").fetchone()[0]


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (b"PK", "does not begin with SYSB"),
        (b"SYSB\x02\0\0\0nothing", "damaged"),
        (bundle(MAP, files=[]), "manifest.json cannot be read"),
        (bundle(MAP, files={"x": {"type": "source", "url": "~/x"}}), "no file 'x'"),
        (bundle(MAP._replace(url="~/" + "x" * 2000)), "URL"),
        (bundle(MAP)[:-40], "damaged"),
    ],
)
def test_a_bad_bundle_is_refused_in_words(conn, org, blob, reason):
    with pytest.raises(ProtocolError, match=reason):
        keep(conn, org, new_project(conn, org), blob=blob)


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("MAX_FILE_BYTES", 10),
        ("MAX_UNPACKED_BYTES", 10),
        ("MAX_BUNDLE_FILES", 0),
        ("MAX_MANIFEST_BYTES", 10),
        ("MAX_BUNDLE_BYTES", 10),
    ],
)
def test_a_bundle_over_a_limit_is_refused(conn, org, monkeypatch, limit, value):
    monkeypatch.setattr(bundles, limit, value)
    with pytest.raises(TooLarge):
        keep(conn, org, new_project(conn, org), blob=bundle(MAP._replace(data=b"x" * 11)))


def test_what_mesher_has_no_use_for_is_passed_over(conn, org):
    project = new_project(conn, org)
    keep(conn, org, project, blob=bundle(File("favicon", "~/x", b""), MAP._replace(url="")))
    assert count(conn, "artifacts") == 0


def test_a_native_library_is_kept_with_its_ids(conn, org):
    project = new_project(conn, org)
    blob = Path("/bin/ls").read_bytes()
    kept = debug_files.keep_debug_file(
        conn, project_id=project, name="ls", debug_id=None, blob=blob
    )
    again = debug_files.keep_debug_file(
        conn, project_id=project, name="ls", debug_id=None, blob=blob
    )

    assert (kept.format, kept.size_bytes) == ("elf", len(blob))
    assert kept.debug_id
    assert again.id == kept.id
    assert [file.id for file in debug_files.list_debug_files(conn, project, limit=9)] == [kept.id]
    assert debug_files.find_by_checksums(conn, project, [kept.sha1])[0].id == kept.id


def test_a_proguard_mapping_has_the_id_it_was_uploaded_with_or_that_of_its_text(conn, org):
    project = new_project(conn, org)
    blob = b"# compiler: R8\norg.example.Main -> a.a:\n    1:3:void run():10:12 -> a\n"

    def kept(debug_id):
        return debug_files.keep_debug_file(
            conn, project_id=project, name="mapping.txt", debug_id=debug_id, blob=blob
        )

    assert kept(str(DEBUG_ID).upper()).debug_id == str(DEBUG_ID)
    assert kept(None).debug_id == "1aa20031-9879-5bd4-91a2-3b31b554ee08"
    org_id, found = debug_files.find_debug_file(conn, project, str(DEBUG_ID), feature="mapping")
    assert (org_id, found.format) == (org, "proguard")


@pytest.mark.parametrize(
    ("name", "blob"), [("x", b"\x7fELF nothing"), ("x", b""), ("\0", b"a -> b:\n")]
)
def test_what_is_no_debug_file_is_refused(conn, org, name, blob):
    project = new_project(conn, org)
    with pytest.raises(ProtocolError):
        debug_files.keep_debug_file(conn, project_id=project, name=name, debug_id=None, blob=blob)


def test_a_debug_file_needs_a_project(conn):
    with pytest.raises(NotFound):
        debug_files.keep_debug_file(
            conn, project_id=uuid.uuid4(), name="m", debug_id=None, blob=b"a -> b:\n"
        )


def test_what_a_project_uploaded_goes_with_it(conn, org):
    project = new_project(conn, org)
    keep(conn, org, project, blob=bundle(MAP))
    conn.execute("DELETE FROM projects WHERE id = %s", (project,))
    assert count(conn, "artifacts") == 0
    conn.execute("DELETE FROM organizations WHERE id = %s", (org,))
    assert count(conn, "artifact_files") == 0


def test_errors_are_mesher_errors_for_every_cut_of_a_bundle(conn, org):
    blob = bundle(MINIFIED, MAP)
    project = new_project(conn, org)
    for length in range(0, len(blob), 7):
        with pytest.raises(MesherError):
            keep(conn, org, project, blob=blob[:length])


def test_a_removed_file_cannot_be_read(conn):
    assert artifacts.read_file(conn, uuid.uuid4(), b"") is None
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        artifacts.keep_file(conn, uuid.uuid4(), b"")


def kept_files(conn):
    return {row[0] for row in conn.execute("SELECT url FROM artifacts")}


def retain(conn, *, later=timedelta()):
    return {(r.table, r.rows) for r in apply_retention(conn, datetime.now(UTC) + later)}


def test_files_that_no_project_names_any_more_are_removed_after_a_day(conn, org):
    first, second = new_project(conn, org), new_project(conn, org)
    keep(conn, org, first, second, blob=bundle(MINIFIED))
    keep(conn, org, first, blob=bundle(MAP))
    conn.execute("DELETE FROM projects WHERE id = %s", (first,))
    assert retain(conn) == set()
    assert retain(conn, later=timedelta(days=2)) == {("artifact_files", 1)}
    assert kept_files(conn) == {"~/app.js"}


def test_over_the_limit_of_an_organisation_what_was_not_used_for_longest_goes_first(
    conn, org, monkeypatch
):
    project = new_project(conn, org)
    other = new_org(conn, "other")
    others = new_project(conn, other)
    for number, name in enumerate(["old", "unused", "used"]):
        keep(conn, org, project, blob=bundle(MAP._replace(url=name, data=name.encode())))
        conn.execute(
            "UPDATE artifact_files SET last_used_on = CURRENT_DATE - 9 + %s, stored_bytes = 100"
            " WHERE last_used_on = CURRENT_DATE",
            (number,),
        )
    keep(conn, other, others, blob=bundle(MAP._replace(url="other's")))
    monkeypatch.setattr(retention, "MAX_ARTIFACT_BYTES", 150)

    assert retain(conn) == {("artifact_files", 2)}

    assert kept_files(conn) == {"used", "other's"}


def test_events_do_not_wait_for_ever(conn, org):
    project = new_project(conn, org)
    for days in (10, 20):
        conn.execute(
            "INSERT INTO awaited_artifacts (project_id, kind, name, first_at, last_at)"
            " SELECT %s, 'release', %s, now() - interval '30 days',"
            " now() - make_interval(days => %s)",
            (project, str(days), days),
        )
    assert retain(conn) == {("awaited_artifacts", 1)}
    assert conn.execute("SELECT name FROM awaited_artifacts").fetchall() == [("10",)]
