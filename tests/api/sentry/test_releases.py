"""Releases as sentry-cli makes, changes and lists them."""

from __future__ import annotations

import re

import pytest

from api.sentry.asking import Ask
from mesher.api.sentry import releases
from serving import Client
from tenants import Tenant, make_token

ORG = "/organizations/ada/releases/"
PROJECT = "/projects/ada/ada-shop/releases/"
BODY = {"version": "shop@1.0", "projects": ["ada-shop"]}
COMMIT = {
    "id": "a" * 40,
    "repository": "ada/shop",
    "message": "Fix the basket",
    "author_name": "Ada",
    "author_email": "ada@example.com",
    "timestamp": "2026-11-20T12:00:00+01:00",
    "patch_set": [{"path": "basket.ts", "type": "M"}],
}


@pytest.mark.parametrize("path", [ORG, PROJECT])
def test_a_release_is_made_once_and_found_by_either_path(ask: Ask, path: str) -> None:
    made = ask("POST", path, json=BODY)
    assert made.status_code == 201
    assert made.json()["projects"] == [{"slug": "ada-shop", "name": "ada's shop"}]
    assert ask("POST", path, json=BODY).status_code == 208

    for other in (ORG, PROJECT):
        found = ask("GET", f"{other}shop%401.0/")
        assert found.status_code == 200
        assert found.headers["content-type"] == "application/json"
        assert found.json()["version"] == "shop@1.0"


def test_a_change_makes_the_release_first_where_it_is_not_there(ask: Ask) -> None:
    changed = ask(
        "PUT",
        f"{ORG}shop@2.0/",
        json={"projects": ["ada-shop"], "dateReleased": "2026-11-20T12:00:00Z"},
    )
    assert changed.status_code == 200
    assert changed.json()["dateReleased"] == "2026-11-20T12:00:00Z"


def test_what_a_change_does_not_name_stays(ask: Ask) -> None:
    ask("POST", ORG, json={**BODY, "url": "https://example.com/1", "ref": "main"})
    changed = ask("PUT", f"{ORG}shop@1.0/", json={"status": "archived"}).json()
    assert (changed["url"], changed["ref"], changed["status"]) == (
        "https://example.com/1",
        "main",
        "archived",
    )


def test_projects_are_named_by_slug_or_number(ask: Ask, tenant: Tenant) -> None:
    for version, reference in (("a", tenant.project.number), ("b", str(tenant.project.number))):
        made = ask("POST", ORG, json={"version": version, "projects": [reference]})
        assert made.json()["projects"][0]["slug"] == "ada-shop"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON"),
        (b'{"projects": ["ada-shop"]}', "no version"),
        (b'{"version": "a"}', "no project"),
        (b'{"version": "a/b", "projects": ["ada-shop"]}', "slashes"),
        (b'{"version": "..", "projects": ["ada-shop"]}', "no dot"),
        (b'{"version": "%s", "projects": ["ada-shop"]}' % (b"x" * 201), "does not fit"),
        (b'{"version": "a", "projects": ["ada-shop"], "status": "lost"}', "does not fit"),
        (b'{"version": "a", "projects": ["ada-shop"], "dateReleased": "soon"}', "does not fit"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_the_reason(
    ask: Ask, body: bytes, said: str
) -> None:
    refused = ask("POST", ORG, content=body)
    assert refused.status_code == 400
    assert said in refused.json()["detail"]


def test_commits_are_kept_and_the_newest_is_told(ask: Ask) -> None:
    older = {"id": "b" * 40, "message": "A NUL \0 in a message"}
    ask("POST", ORG, json=BODY)
    changed = ask("PUT", f"{ORG}shop@1.0/", json={"commits": [COMMIT, older]}).json()
    assert (changed["lastCommit"], changed["commitCount"]) == ({"id": "a" * 40}, 2)

    listed = ask("GET", f"{ORG}shop@1.0/commits/").json()
    assert [commit["id"] for commit in listed] == ["a" * 40, "b" * 40]
    assert listed[0]["patch_set"] == [{"path": "basket.ts", "type": "M"}]
    assert listed[0]["timestamp"] == "2026-11-20T11:00:00Z"
    assert listed[1]["message"] == "A NUL \N{REPLACEMENT CHARACTER} in a message"


def test_commits_that_are_set_again_replace_those_before(ask: Ask) -> None:
    ask("POST", ORG, json={**BODY, "commits": [COMMIT, {"id": "b"}]})
    ask("PUT", f"{ORG}shop@1.0/", json={"commits": [{"id": "c"}]})
    listed = ask("GET", f"{ORG}shop@1.0/commits/").json()
    assert [commit["id"] for commit in listed] == ["c"]


def test_the_release_before_with_commits_is_told(ask: Ask) -> None:
    for version, commits in (("1", [COMMIT]), ("2", []), ("3", [])):
        ask("POST", ORG, json={"version": version, "projects": ["ada-shop"], "commits": commits})

    assert ask("GET", f"{ORG}1/previous-with-commits/").json() == {}
    previous = ask("GET", f"{ORG}3/previous-with-commits/").json()
    assert (previous["version"], previous["lastCommit"]) == ("1", {"id": "a" * 40})


def test_the_list_is_continued_by_a_link_header(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "PAGE_ROWS", 2)
    for number in range(5):
        ask("POST", ORG, json={"version": str(number), "projects": ["ada-shop"]})

    seen: list[str] = []
    cursor, more = "", "true"
    while more == "true":
        page = ask("GET", f"{ORG}?cursor={cursor}")
        seen += [release["version"] for release in page.json()]
        [(more, cursor)] = re.findall(
            r'rel="next"; results="(\w+)"; cursor="([^"]*)"', page.headers["link"]
        )
    assert seen == ["4", "3", "2", "1", "0"]


def test_a_release_is_deleted_for_all_or_for_one_project(ask: Ask) -> None:
    for path in (ORG, PROJECT):
        ask("POST", ORG, json=BODY)
        deleted = ask("DELETE", f"{path}shop@1.0/")
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert ask("GET", f"{ORG}shop@1.0/").status_code == 404


def test_deploys_are_written_down_and_listed_latest_first(ask: Ask) -> None:
    ask("POST", ORG, json=BODY)
    for environment in ("staging", "production"):
        made = ask("POST", f"{ORG}shop@1.0/deploys/", json={"environment": environment})
        assert made.status_code == 201
    listed = ask("GET", f"{ORG}shop@1.0/deploys/").json()
    assert [deploy["environment"] for deploy in listed] == ["production", "staging"]
    assert ask("POST", f"{ORG}no@1.0/deploys/", json={"environment": "a"}).status_code == 404


def test_a_token_for_one_project_sees_its_releases_alone(
    client: Client, ask: Ask, tenant: Tenant
) -> None:
    async def narrow() -> str:
        return await make_token(
            client.resources.engine,
            tenant.user_id,
            tenant.org_id,
            scope="ci",
            project=tenant.project,
        )

    token = client.call(narrow)
    ask("POST", ORG, json=BODY)
    other = client.make_tenant("eve")
    assert [one["version"] for one in ask("GET", ORG, token=token).json()] == ["shop@1.0"]
    refused = ask("POST", ORG, token=token, json={"version": "x", "projects": [other.project.slug]})
    assert refused.status_code == 404


def test_who_may_only_read_makes_no_release(ask: Ask, tenant: Tenant) -> None:
    assert ask("GET", ORG, token=tenant.tokens["read"]).status_code == 200
    refused = ask("POST", ORG, token=tenant.tokens["read"], json=BODY)
    assert refused.status_code == 403
    assert "scope ci" in refused.json()["detail"]


def test_a_wrong_token_is_refused_in_the_form_that_clients_print(ask: Ask) -> None:
    refused = ask("GET", ORG, token="sntrys_e30=_no")
    assert refused.status_code == 401
    assert set(refused.json()) == {"detail"}
