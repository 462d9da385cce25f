"""Both majors of sentry-cli, unmodified, with nothing but a token and a project."""

from __future__ import annotations

import subprocess
import uuid
from pathlib import Path

import pytest

from acceptance.mesher_process import Api, MesherProcess, wait_for
from acceptance.storefront import Storefront, wait_for_source

each_client = pytest.mark.parametrize("client", ["sentry-cli-2", "sentry-cli-3"])


@pytest.fixture(scope="module")
def token(mesher: MesherProcess) -> str:
    """As an operator makes one for a pipeline."""
    made = mesher.run("token", "create", "pipeline", "--url", mesher.ready["url"])
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@pytest.fixture
def storefront(tmp_path: Path, mesher: MesherProcess, token: str) -> Storefront:
    return Storefront(tmp_path, mesher, token)


@pytest.fixture
def git_repository(tmp_path: Path) -> Path:
    """Two commits; the later one adds a file."""
    repository = tmp_path / "shop"
    repository.mkdir()
    git = ["git", "-C", str(repository), "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run(
        [*git, "remote", "add", "origin", "https://git.example/ada/shop.git"], check=True
    )
    for name in ("README.md", "checkout.ts"):
        # Of its own: another test's same commit, of the same second, would be known already.
        (repository / name).write_text(str(tmp_path), "utf-8")
        subprocess.run([*git, "add", name], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", f"Add {name}"], check=True)
    return repository


@each_client
def test_the_token_alone_says_where_mesher_is_and_what_it_is_good_for(
    client: str, storefront: Storefront, mesher: MesherProcess
) -> None:
    told = storefront.sentry_cli(client, "info")

    assert mesher.ready["url"] in told
    assert "project:releases" in told
    assert "event:read" not in told


@each_client
def test_a_release_is_made_given_its_commits_deployed_and_finalised(
    client: str, storefront: Storefront, api: Api, git_repository: Path
) -> None:
    release = f"{client}@1.0.0"
    storefront.sentry_cli(client, "releases", "new", release)
    storefront.sentry_cli(
        client, "releases", "set-commits", release, "--auto", "--ignore-missing", cwd=git_repository
    )
    storefront.sentry_cli(client, "deploys", "new", "--release", release, "--env", "production")
    assert api.release(release)["release"]["released_at"] is None
    storefront.sentry_cli(client, "releases", "finalize", release)

    found = api.release(release)
    assert found["release"]["released_at"] is not None
    newest, first = found["commits"]
    assert (newest["message"].strip(), newest["author_email"]) == (
        "Add checkout.ts",
        "ada@example.com",
    )
    assert newest["patch_set"] == [{"path": "checkout.ts", "type": "A"}]
    assert first["message"].strip() == "Add README.md"
    assert [deploy["environment"] for deploy in found["deploys"]] == ["production"]


@each_client
def test_the_next_release_begins_behind_the_commits_of_the_one_before(
    client: str, storefront: Storefront, api: Api, git_repository: Path
) -> None:
    for number in (1, 2):
        release = f"{client}-next@{number}"
        storefront.sentry_cli(client, "releases", "new", release)
        storefront.sentry_cli(
            client,
            "releases",
            "set-commits",
            release,
            "--local",
            "--ignore-missing",
            cwd=git_repository,
        )
        (git_repository / f"{number}.ts").write_text("text", "utf-8")
        git = ["git", "-C", str(git_repository), "-c", "user.name=Ada", "-c", "user.email=a@b.c"]
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", f"Work {number}"], check=True)

    commits = api.release(f"{client}-next@2")["commits"]
    assert [commit["message"].strip() for commit in commits] == ["Work 1"]


@each_client
def test_releases_are_listed_archived_restored_and_deleted(
    client: str, storefront: Storefront, api: Api
) -> None:
    release = f"{client}-short-lived@1"
    storefront.sentry_cli(client, "releases", "new", release)
    assert release in storefront.sentry_cli(client, "releases", "list")

    storefront.sentry_cli(client, "releases", "archive", release)
    assert api.release(release)["release"]["status"] == "archived"
    storefront.sentry_cli(client, "releases", "restore", release)
    assert api.release(release)["release"]["status"] == "open"

    storefront.sentry_cli(client, "releases", "delete", release)
    assert release not in storefront.sentry_cli(client, "releases", "list")


@each_client
def test_an_event_of_a_minified_bundle_shows_its_source_by_debug_id(
    client: str, storefront: Storefront, api: Api
) -> None:
    storefront.build()
    storefront.sentry_cli(client, "sourcemaps", "inject", "dist")
    told = storefront.sentry_cli(client, "sourcemaps", "upload", "--wait", "dist")
    assert "File processing complete" in told

    event = wait_for_source(api, storefront.run(f"{client}-unknown@1"))

    [image] = event["debug_meta"]["images"]
    assert image["code_file"] == str(storefront.bundle)


@each_client
def test_an_event_of_a_minified_bundle_shows_its_source_by_release_and_path(
    client: str, storefront: Storefront, api: Api
) -> None:
    storefront.build()
    release = f"{client}-by-release@1"
    where = f"~{storefront.bundle.parent}"
    storefront.sentry_cli(
        client, "sourcemaps", "upload", "--release", release, "--url-prefix", where, "dist"
    )

    event = wait_for_source(api, storefront.run(release))

    assert event["release"] == release
    assert not event.get("debug_meta")


@each_client
def test_what_is_uploaded_again_is_not_sent_again(client: str, storefront: Storefront) -> None:
    storefront.build()
    storefront.sentry_cli(client, "sourcemaps", "inject", "dist")
    upload = ("--log-level=debug", "sourcemaps", "upload", "--wait", "dist")
    first = storefront.sentry_cli(client, *upload)
    again = storefront.sentry_cli(client, *upload)

    assert "POST /api/0/organizations/my-team/chunk-upload/" in first
    assert "POST /api/0/organizations/my-team/chunk-upload/" not in again


@each_client
def test_a_proguard_mapping_is_kept_under_its_id(
    client: str, storefront: Storefront, tmp_path: Path, mesher: MesherProcess
) -> None:
    mapping_id = str(uuid.uuid4())
    (tmp_path / "mapping.txt").write_text("shop.Basket -> a:\n    1:1:void total():5:5 -> b\n")

    storefront.sentry_cli(client, "upload-proguard", "--uuid", mapping_id, "mapping.txt")

    kept = wait_for(
        "the mapping",
        lambda: mesher.query(
            "SELECT format, features FROM debug_files WHERE debug_id = %s", mapping_id
        ),
    )
    assert kept == [("proguard", ["mapping"])]


@each_client
def test_a_pipeline_token_opens_no_issue(client: str, storefront: Storefront) -> None:
    with pytest.raises(AssertionError, match="scope read"):
        storefront.sentry_cli(client, "issues", "list")
