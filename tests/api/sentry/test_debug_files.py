"""Debug files and mappings: what is asked for, sent and told back."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from api.sentry.asking import Ask, RunJobs, Upload, sha1

PATH = "/projects/ada/ada-shop/files"
MAPPING = b"shop.Basket -> a:\n    1:1:void total():5:5 -> b\n"
ID = "11111111-2222-4333-8444-555555555555"
OTHER_ID = "11111111-2222-4333-8444-666666666666"
BODY: dict[str, Any] = {sha1(MAPPING): {"name": f"/proguard/{ID}.txt", "chunks": [sha1(MAPPING)]}}


def _archive(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def _assemble(ask: Ask, body: dict[str, Any]) -> dict[str, Any]:
    answer = ask("POST", f"{PATH}/difs/assemble/", json=body)
    assert answer.status_code == 200, answer.text
    [told] = answer.json().values()
    return told


def test_a_mapping_is_kept_under_the_id_in_its_name_and_described(
    ask: Ask, upload: Upload, run_jobs: RunJobs
) -> None:
    assert _assemble(ask, BODY)["missingChunks"] == [sha1(MAPPING)]
    upload(MAPPING)
    assert _assemble(ask, BODY)["state"] == "created"
    run_jobs()

    told = _assemble(ask, BODY)
    assert told["state"] == "ok"
    assert told["dif"]["debugId"] == ID
    assert told["dif"]["symbolType"] == "proguard"
    assert told["dif"]["data"]["features"] == ["mapping"]
    [listed] = ask("GET", f"{PATH}/dsyms/").json()
    assert (listed["debugId"], listed["sha1"]) == (ID, sha1(MAPPING))


def test_the_same_mapping_under_another_id_is_another(
    ask: Ask, upload: Upload, run_jobs: RunJobs
) -> None:
    upload(MAPPING)
    for given in (ID, OTHER_ID):
        body = {sha1(MAPPING): {"name": f"/proguard/{given}.txt", "chunks": [sha1(MAPPING)]}}
        assert _assemble(ask, body)["state"] == "created"
        run_jobs()
        assert _assemble(ask, body)["dif"]["debugId"] == given


def test_mappings_in_an_archive_are_kept_too(ask: Ask, run_jobs: RunJobs) -> None:
    archive = _archive(**{f"proguard/{ID}.txt": MAPPING, f"proguard/{OTHER_ID}.txt": MAPPING})
    sent = ask("POST", f"{PATH}/dsyms/", files=[("file", ("archive.zip", archive))])
    assert [told["debugId"] for told in sent.json()] == [ID, OTHER_ID]
    assert run_jobs() == 2
    assert {one["debugId"] for one in ask("GET", f"{PATH}/dsyms/").json()} == {ID, OTHER_ID}


@pytest.mark.parametrize(
    "archive", [b"no archive", _archive(**{"a.out": b""}), _archive(**{"proguard/../a.txt": b""})]
)
def test_an_archive_of_something_else_is_refused(ask: Ask, archive: bytes) -> None:
    refused = ask("POST", f"{PATH}/dsyms/", files=[("file", ("archive.zip", archive))])
    assert refused.status_code == 400
    assert "archive" in refused.json()["detail"]


def test_unknown_sums_are_told_apart(ask: Ask, upload: Upload, run_jobs: RunJobs) -> None:
    upload(MAPPING)
    _assemble(ask, BODY)
    run_jobs()
    told = ask("GET", f"{PATH}/dsyms/unknown/?checksums={sha1(MAPPING)}&checksums={'0' * 40}")
    assert told.json() == {"missing": ["0" * 40]}
    assert ask("GET", f"{PATH}/dsyms/unknown/?checksums=x").status_code == 400


def test_what_is_no_debug_file_is_an_error(ask: Ask, upload: Upload, run_jobs: RunJobs) -> None:
    body = {sha1(b"text"): {"name": "a.so", "chunks": [sha1(b"text")]}}
    upload(b"text")
    _assemble(ask, body)
    run_jobs()
    told = _assemble(ask, body)
    assert (told["state"], told.get("dif")) == ("error", None)
    assert "debug file" in told["detail"]


def test_reprocessing_need_not_be_asked_for(ask: Ask) -> None:
    assert ask("POST", "/projects/ada/ada-shop/reprocessing/").status_code == 200
