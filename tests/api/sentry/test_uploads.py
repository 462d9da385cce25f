"""Chunks and what is made of them, as a client of either major goes about it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from api.sentry.asking import CHUNK_UPLOAD, Ask, RunJobs, Upload, sha1
from artifacts import File, bundle
from mesher.api.sentry import uploads
from mesher.storage import upload_chunks
from mesher.storage.connection import connect
from serving import Client
from tenants import Tenant

ASSEMBLE = "/organizations/ada/artifactbundle/assemble/"
DEBUG_ID = str(uuid.UUID(int=7))
BUNDLE = bundle(
    File("minified_source", "~/app.js", b"a()", {"debug-id": DEBUG_ID}),
    File("source_map", "~/app.js.map", b"{}", {"debug-id": DEBUG_ID}),
)
HALVES = BUNDLE[:100], BUNDLE[100:]
BODY: dict[str, Any] = {
    "checksum": sha1(BUNDLE),
    "chunks": [sha1(half) for half in HALVES],
    "projects": ["ada-shop"],
}


def _kept(database_url: str) -> list[tuple[Any, ...]]:
    with connect(database_url, application_name="test") as conn:
        return conn.execute(
            "SELECT type, url, release, dist FROM artifacts ORDER BY type, release"
        ).fetchall()


def test_a_client_is_told_how_to_cut_files_and_where_to_send_them(ask: Ask) -> None:
    told = ask("GET", CHUNK_UPLOAD, headers={"user-agent": "sentry-cli/2.58.6"}).json()
    assert told["url"] == "organizations/ada/chunk-upload/"
    assert told["chunkSize"] == 8 * 1024**2
    assert told["hashAlgorithm"] == "sha1"
    assert {"artifact_bundles", "artifact_bundles_v2", "debug_files"} <= set(told["accept"])


def test_a_client_that_takes_no_relative_address_is_told_the_whole(ask: Ask) -> None:
    told = ask("GET", CHUNK_UPLOAD, headers={"user-agent": "sentry-cli/0.49.0 (linux-x64)"}).json()
    assert told["url"] == "https://mesher.example/api/0/organizations/ada/chunk-upload/"


def test_a_bundle_goes_from_not_found_over_created_to_ok(
    ask: Ask, upload: Upload, run_jobs: RunJobs, database_url: str
) -> None:
    asked = ask("POST", ASSEMBLE, json=BODY).json()
    assert asked == {"state": "not_found", "missingChunks": BODY["chunks"], "detail": None}

    assert upload(HALVES[0]).json() == []
    asked = ask("POST", ASSEMBLE, json=BODY).json()
    assert (asked["state"], asked["missingChunks"]) == ("not_found", [sha1(HALVES[1])])

    upload(HALVES[1])
    for _ in range(2):  # asking again does not begin again
        asked = ask("POST", ASSEMBLE, json=BODY).json()
        assert (asked["state"], asked["missingChunks"]) == ("created", [])
    assert run_jobs() == 1

    assert ask("POST", ASSEMBLE, json=BODY).json()["state"] == "ok"
    assert _kept(database_url) == [
        ("minified_source", "~/app.js", "", ""),
        ("source_map", "~/app.js.map", "", ""),
    ]


def test_the_same_bundle_is_kept_for_each_release_it_is_uploaded_for(
    ask: Ask, upload: Upload, run_jobs: RunJobs, database_url: str
) -> None:
    upload(*HALVES)
    for release in ("1.0", "2.0"):
        asked = ask("POST", ASSEMBLE, json={**BODY, "version": release, "dist": "7"}).json()
        assert asked["state"] == "created"
        run_jobs()
    assert [row[2:] for row in _kept(database_url)] == [("1.0", "7"), ("2.0", "7")] * 2


def test_a_bundle_of_the_old_flow_belongs_to_its_release(
    ask: Ask, upload: Upload, run_jobs: RunJobs, database_url: str
) -> None:
    ask(
        "POST",
        "/organizations/ada/releases/",
        json={"version": "shop@1", "projects": ["ada-shop"]},
    )
    upload(*HALVES)
    path = "/organizations/ada/releases/shop@1/assemble/"
    body = {"checksum": BODY["checksum"], "chunks": BODY["chunks"]}
    assert ask("POST", path, json=body).json()["state"] == "created"
    run_jobs()
    assert ask("POST", path, json=body).json()["state"] == "ok"
    assert {row[2] for row in _kept(database_url)} == {"shop@1"}


@pytest.mark.parametrize(
    ("checksum", "said"),
    [(sha1(b"no bundle"), "bundle"), (sha1(b"another"), "have the SHA-1")],
)
def test_what_cannot_be_put_together_is_an_error_with_the_reason_and_can_be_tried_again(
    ask: Ask,
    upload: Upload,
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
    checksum: str,
    said: str,
) -> None:
    body = {"checksum": checksum, "chunks": [sha1(b"no bundle")], "projects": ["ada-shop"]}
    upload(b"no bundle")
    ask("POST", ASSEMBLE, json=body)
    run_jobs()

    asked = ask("POST", ASSEMBLE, json=body).json()
    assert asked["state"] == "error"
    assert said in asked["detail"]
    monkeypatch.setattr(uploads, "ERROR_SECONDS", -1)
    assert ask("POST", ASSEMBLE, json=body).json()["state"] == "created"


def test_an_assembly_whose_process_is_gone_is_begun_anew(
    ask: Ask, upload: Upload, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(*HALVES)
    ask("POST", ASSEMBLE, json=BODY)
    monkeypatch.setattr(uploads, "STALLED_SECONDS", -1)
    ask("POST", ASSEMBLE, json=BODY)
    assert run_jobs() == 2
    assert ask("POST", ASSEMBLE, json=BODY).json()["state"] == "ok"


def test_used_chunks_expire_soon_unless_they_are_asked_for_again(
    ask: Ask, upload: Upload, run_jobs: RunJobs, database_url: str
) -> None:
    def hours_left() -> list[float]:
        with connect(database_url, application_name="test") as conn:
            rows = conn.execute(
                "SELECT extract(epoch FROM expires_at - now()) / 3600 FROM upload_chunks"
            )
            return [float(row[0]) for row in rows]

    upload(*HALVES)
    assert min(hours_left()) > 23
    ask("POST", ASSEMBLE, json=BODY)
    run_jobs()
    assert max(hours_left()) < 1
    ask("POST", ASSEMBLE, json={**BODY, "version": "2.0"})
    assert min(hours_left()) > 23


def test_a_chunk_that_is_not_what_its_name_says_is_refused(ask: Ask) -> None:
    refused = ask("POST", CHUNK_UPLOAD, files=[("file", ("0" * 40, b"data"))])
    assert refused.status_code == 400
    assert "SHA-1" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ([("other", ("0" * 40, b"data"))], 400),
        ([("file", ("../../etc/passwd", b"data"))], 400),
        ([("file_gzip", (sha1(b"data"), b"data"))], 400),
        ([("file", (sha1(b""), b""))] * 65, 413),
        ([("file", (sha1(b"x" * 9_000_000), b"x" * 9_000_000))], 413),
    ],
)
def test_a_form_that_is_none_of_chunks_is_refused(ask: Ask, files: list[Any], status: int) -> None:
    assert ask("POST", CHUNK_UPLOAD, files=files).status_code == status


def test_a_body_above_the_limit_is_refused_unread(ask: Ask) -> None:
    refused = ask(
        "POST",
        CHUNK_UPLOAD,
        content=b"",
        headers={
            "content-length": str(33 * 1024**2),
            "content-type": "multipart/form-data; boundary=x",
        },
    )
    assert refused.status_code == 413


def test_an_organisation_cannot_fill_the_disk_with_chunks(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_chunks, "MAX_ORG_BYTES", 10)
    assert upload(b"1234567890").status_code == 200
    assert upload(b"one more").status_code == 413
    assert upload(b"1234567890").status_code == 200  # it is there


def test_nobody_can_put_together_a_file_of_which_only_another_organisation_has_the_chunks(
    ask: Ask, upload: Upload, client: Client
) -> None:
    upload(*HALVES)
    eve = client.make_tenant("eve")
    asked = ask(
        "POST",
        "/organizations/eve/artifactbundle/assemble/",
        token=eve.tokens["write"],
        json={**BODY, "projects": ["eve-shop"]},
    )
    assert asked.json()["missingChunks"] == BODY["chunks"]


def test_a_bundle_is_not_put_into_another_organisations_project(
    ask: Ask, upload: Upload, client: Client
) -> None:
    client.make_tenant("eve")
    upload(*HALVES)
    refused = ask("POST", ASSEMBLE, json={**BODY, "projects": ["eve-shop"]})
    assert refused.status_code == 404


def test_who_may_only_read_uploads_nothing(ask: Ask, upload: Upload, tenant: Tenant) -> None:
    read = tenant.tokens["read"]
    assert upload(b"a", token=read).status_code == 403
    assert ask("POST", ASSEMBLE, token=read, json=BODY).status_code == 403
