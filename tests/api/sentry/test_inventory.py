"""Who asks, and what there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from api.sentry.asking import Ask
from serving import Client
from tenants import Tenant


def test_without_credentials_the_api_says_only_that_it_is_one(client: Client) -> None:
    told = client.get("/api/0/").json()
    assert (told["version"], told["auth"], told["user"]) == ("0", None, None)


def test_a_token_is_told_what_it_is_good_for(ask: Ask, tenant: Tenant) -> None:
    assert ask("GET", "/").json()["auth"] == {"scopes": ["org:ci", "project:releases"]}
    scopes = ask("GET", "/", token=tenant.tokens["read"]).json()["auth"]["scopes"]
    assert "project:releases" not in scopes


def test_a_wrong_token_is_refused(ask: Ask) -> None:
    assert ask("GET", "/", token="nonsense").status_code == 401


def test_organisations_and_projects_are_those_of_the_token(
    ask: Ask, client: Client, tenant: Tenant
) -> None:
    client.make_tenant("eve")
    [organization] = ask("GET", "/organizations/").json()
    assert (organization["slug"], organization["features"]) == ("ada", [])
    [project] = ask("GET", "/organizations/ada/projects/").json()
    assert (project["id"], project["slug"]) == (str(tenant.project.number), "ada-shop")
    assert ask("GET", "/organizations/eve/projects/").status_code == 404


def test_an_organisation_says_where_to_ask_for_what_it_has(ask: Ask) -> None:
    links = ask("GET", "/organizations/ada/").json()["links"]
    assert links["regionUrl"] == "https://mesher.example"


def test_there_are_no_repositories(ask: Ask) -> None:
    assert ask("GET", "/organizations/ada/repos/").json() == []


def test_what_is_not_there_is_told_in_the_same_form(ask: Ask) -> None:
    for method, path in (("GET", "/organizations/ada/unheard-of/"), ("PATCH", "/organizations/")):
        told = ask(method, path)
        assert told.status_code in {404, 405}
        assert set(told.json()) == {"detail"}


def test_issues_are_listed_and_given_a_status_by_those_who_may(
    ask: Ask, tenant: Tenant, store: Callable[..., list[str]]
) -> None:
    [first, _] = store({"message": "the first"}, {"message": "another"})
    path, write = "/projects/ada/ada-shop/issues/", tenant.tokens["write"]
    assert ask("GET", path).status_code == 403  # a pipeline's token

    listed = ask("GET", f"{path}?query=is:unresolved+first", token=write).json()
    assert [issue["title"] for issue in listed] == ["the first"]
    changed = ask("PUT", f"{path}?id={listed[0]['id']}", token=write, json={"status": "resolved"})
    assert changed.json() == {"status": "resolved"}
    assert [
        one["title"] for one in ask("GET", f"{path}?query=is:resolved", token=write).json()
    ] == ["the first"]
    ask("PUT", f"{path}?status=unresolved", token=write, json={"status": "ignored"})
    statuses = {one["title"]: one["status"] for one in ask("GET", path, token=write).json()}
    assert statuses == {"the first": "resolved", "another": "ignored"}
    assert ask("GET", f"{path}?query=is:lost", token=write).status_code == 400
    events = ask("GET", "/projects/ada/ada-shop/events/", token=write).json()
    assert [event["title"] for event in events] == ["another", "the first"]
    assert events[1]["eventID"] == first


def test_issues_are_resolved_in_the_next_release_where_there_is_one_before_it(
    ask: Ask, tenant: Tenant, store: Callable[..., list[str]]
) -> None:
    store({"message": "the first"})
    path, write = "/projects/ada/ada-shop/issues/", tenant.tokens["write"]
    change = {"status": "resolvedInNextRelease"}
    assert ask("PUT", path, token=write, json=change).status_code == 409
    store({"message": "the first", "release": "1.0"})
    assert ask("PUT", path, token=write, json=change).json() == change
    store(
        {"message": "the first", "release": "1.0"}, begin=datetime.now(UTC) + timedelta(minutes=1)
    )
    assert ask("GET", path, token=write).json()[0]["status"] == "resolved"
