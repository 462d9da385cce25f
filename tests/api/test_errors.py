"""Whatever is wrong, the answer has one shape and says what to do."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from serving import Client
from tenants import PASSWORD, Tenant


def _shape(answer: httpx.Response) -> tuple[int, str, str]:
    body = answer.json()
    assert set(body) == {"code", "message", "field", "hint"}
    assert body["message"]
    return answer.status_code, body["code"], body["field"]


@pytest.mark.parametrize("path", ["", "/nothing", "/projects/x/nothing", "/issues"])
def test_an_address_that_is_not_there_is_not_found(call: Any, path: str) -> None:
    assert _shape(call("GET", path)) == (404, "not_found", "")


def test_a_method_that_is_not_there_is_not_allowed(call: Any) -> None:
    assert _shape(call("PUT", "/projects")) == (405, "method_not_allowed", "")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("status=open", "status"),
        ("sort=title", "sort"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=WyJsYXN0X3NlZW4iXQ", "cursor"),  # a cursor with its end missing
    ],
)
def test_a_parameter_that_does_not_fit_is_named(
    call: Any, tenant: Tenant, query: str, field: str
) -> None:
    answer = call("GET", f"/projects/{tenant.project.id}/issues?{query}")
    assert _shape(answer) == (400, "invalid_request", field)


@pytest.mark.parametrize("text", ["%00", "%ff", "%25", "_", "\\", "'"])
def test_any_text_may_be_looked_for(call: Any, tenant: Tenant, text: str) -> None:
    assert call("GET", f"/projects/{tenant.project.id}/issues?query={text}").status_code == 200


@pytest.mark.parametrize("reference", ["%00", "%ff", "x" * 5000, "00000000-0000-0000-0000-0"])
@pytest.mark.parametrize("path", ["/projects/{}", "/issues/{}", "/projects/{}/issues"])
def test_what_is_no_id_is_not_found(call: Any, path: str, reference: str) -> None:
    assert _shape(call("GET", path.format(reference))) == (404, "not_found", "")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": "Basic YTpi"},
        {"authorization": "Bearer mshr_api_0"},
        {"cookie": "mesher_session=0"},
    ],
)
def test_without_valid_credentials_the_answer_is_401(
    client: Client, headers: dict[str, str]
) -> None:
    answer = client.get("/api/v1/projects", headers=headers)
    assert _shape(answer) == (401, "unauthorized", "")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_session_reads_and_only_a_token_writes(
    client: Client, tenant: Tenant, store: Any
) -> None:
    """A browser sends its cookie along with the requests of any site; a token it does not."""
    store({"message": "hello"})
    client.post("/login", data={"email": tenant.email, "password": PASSWORD})
    listed = client.get(f"/api/v1/projects/{tenant.project.id}/issues")
    (issue,) = listed.json()["items"]
    refused = client.post(f"/api/v1/issues/{issue['id']}/resolve")
    assert _shape(refused) == (401, "unauthorized", "")


def test_a_request_that_is_too_large_is_refused(call: Any) -> None:
    answer = call("POST", "/issues/x/resolve", content=b"x" * 10**6)
    assert answer.status_code in {404, 413}
