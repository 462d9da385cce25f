"""What holds for every operation of the API: names of requests, limits, conditions, doing once."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from mesher import app as app_module
from mesher.api.call_limits import CALLS, MAX_CALLERS, WINDOW_SECONDS, CallLimits
from mesher.api.idempotency import MAX_KEY_CHARACTERS
from mesher.storage.connection import connect
from mesher.storage.database import reading, writing
from mesher.storage.short_lived import IDEMPOTENCY_HOURS, forget
from serving import Client
from tenants import Tenant


@pytest.fixture
def path(tenant: Tenant) -> str:
    return f"/projects/{tenant.project.id}/keys"


def once(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def labels(call: Any, path: str) -> list[str]:
    return [key["label"] for key in call("GET", path).json()["items"]]


def test_every_answer_names_its_request(call: Any, client: Client) -> None:
    named = call("GET", "/me").headers["x-request-id"]
    assert len(named) == 32
    assert client.get("/login").headers["x-request-id"] != named
    kept = call("GET", "/me", headers_more={"x-request-id": "proxy-17:a"})
    assert kept.headers["x-request-id"] == "proxy-17:a"


@pytest.mark.parametrize("forged", ["a b", "x" * 129, 'a"}{"level":"info'])
def test_a_name_that_could_forge_a_log_is_not_taken(call: Any, forged: str) -> None:
    answer = call("GET", "/me", headers_more={"x-request-id": forged})
    assert answer.headers["x-request-id"] != forged


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/openapi.json", "/login", "/api/v1/none"])
def test_head_answers_as_get_does_without_a_body(client: Client, tenant: Tenant, path: str) -> None:
    headers = {"authorization": f"Bearer {tenant.tokens['read']}"}
    whole, head = (client.request(method, path, headers=headers) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (whole.status_code, b"")
    for name in ("content-type", "content-length", "etag"):
        assert head.headers.get(name) == whole.headers.get(name)


def test_what_a_client_has_already_is_not_sent_again(call: Any, path: str) -> None:
    first = call("GET", path)
    tag = first.headers["etag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        again = call("GET", path, headers_more={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    call("POST", path, scope="admin", json={"label": "more"})
    changed = call("GET", path, headers_more={"if-none-match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def test_an_error_has_no_tag(call: Any) -> None:
    answer = call("GET", "/projects/none", headers_more={"if-none-match": "*"})
    assert answer.status_code == 404
    assert "etag" not in answer.headers


def test_the_calls_that_are_left_are_told(call: Any) -> None:
    first, second = call("GET", "/me"), call("GET", "/me")
    assert first.headers["ratelimit-policy"] == f'"default";q={CALLS};w={WINDOW_SECONDS}'
    assert first.headers["ratelimit"].startswith(f'"default";r={CALLS - 1};t=')
    assert second.headers["ratelimit"].startswith(f'"default";r={CALLS - 2};t=')


def test_whoever_asks_too_often_is_told_to_wait_and_others_are_not(
    client: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        app_module, "CallLimits", partial(CallLimits, calls=2, calls_of_address=100)
    )
    limited = Client(client.portal, client.resources)

    def ask(scope: str) -> Any:
        headers = {"authorization": f"Bearer {tenant.tokens[scope]}"}  # type: ignore[index]
        return limited.get("/api/v1/me", headers=headers)

    assert [ask("read").status_code for _ in range(3)] == [200, 200, 429]
    refused = ask("read")
    assert refused.json()["code"] == "rate_limited"
    assert 1 <= int(refused.headers["retry-after"]) <= WINDOW_SECONDS
    assert ask("write").status_code == 200
    assert limited.get("/login").status_code == 200


def test_a_window_ends_and_callers_are_forgotten() -> None:
    limits = CallLimits(calls=1, calls_of_address=10**9)
    count = partial(limits.count, "192.0.2.7")
    assert count(b"a", 0.0) == (0, WINDOW_SECONDS)
    assert count(b"a", 10.0) == (-1, WINDOW_SECONDS - 10)
    assert count(b"a", 10.0 + WINDOW_SECONDS) == (0, WINDOW_SECONDS)
    for number in range(MAX_CALLERS):
        count(b"%d" % number, 80.0)
    assert count(b"a", 81.0) == (0, WINDOW_SECONDS)


def test_made_up_tokens_do_not_help_an_address() -> None:
    limits = CallLimits(calls=1, calls_of_address=3)
    left = [limits.count("192.0.2.7", b"token %d" % number, 0.0)[0] for number in range(5)]
    assert left == [0, 0, 0, -1, -1]
    assert limits.count("192.0.2.8", b"token 5", 0.0)[0] == 0


def test_a_request_with_a_key_is_done_once_and_answered_as_often_as_it_is_sent(
    call: Any, path: str
) -> None:
    send = partial(call, "POST", path, scope="admin", json={"label": "x"}, headers_more=once("k"))
    first, second = send(), send()
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert labels(call, path) == ["default", "x"]
    third = call("POST", path, scope="admin", json={"label": "x"}, headers_more=once("other"))
    assert third.json()["id"] != first.json()["id"]


def test_requests_with_one_key_at_the_same_time_are_done_once(
    client: Client, call: Any, path: str, tenant: Tenant
) -> None:
    headers = {"authorization": f"Bearer {tenant.tokens['admin']}"} | once("at once")

    async def all_at_once() -> list[Any]:
        send = partial(client.request_here, "POST", f"/api/v1{path}", headers=headers)
        return await asyncio.gather(*(send(json={"label": "x"}) for _ in range(5)))

    answers = client.call(all_at_once)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert labels(call, path) == ["default", "x"]


@pytest.mark.parametrize("change", ["body", "address"])
def test_a_key_of_another_request_is_refused(
    call: Any, path: str, tenant: Tenant, change: str
) -> None:
    call("POST", path, scope="admin", json={"label": "x"}, headers_more=once("k"))
    refused = call(
        "POST",
        path if change == "body" else f"/organizations/{tenant.org_id}/projects",
        scope="admin",
        json={"label": "y"} if change == "body" else {"label": "x"},
        headers_more=once("k"),
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert labels(call, path) == ["default", "x"]


def test_keys_are_of_the_token_that_sent_them(call: Any, client: Client, tenant: Tenant) -> None:
    other = client.make_tenant("bob")
    call("POST", "/organizations", scope="admin", json={"name": "one"}, headers_more=once("k"))
    headers = {"authorization": f"Bearer {other.tokens['admin']}"} | once("k")
    made = client.post("/api/v1/organizations", headers=headers, json={"name": "two"})
    assert made.json()["name"] == "two"


def test_a_request_that_failed_may_be_tried_again_with_its_key(call: Any, path: str) -> None:
    body = {"label": ""}
    assert call("POST", path, scope="admin", json=body, headers_more=once("k")).status_code == 400
    body = {"label": "x"}
    assert call("POST", path, scope="admin", json=body, headers_more=once("k")).status_code == 201


def test_an_answer_is_not_told_to_a_token_that_was_revoked(
    client: Client, call: Any, path: str
) -> None:
    send = partial(call, "POST", path, scope="admin", json={"label": "x"}, headers_more=once("k"))
    assert send().status_code == 201

    async def revoke() -> None:
        async with writing(client.resources.engine) as conn:
            await conn.execute(text("UPDATE api_tokens SET revoked_at = now()"))

    client.call(revoke)
    assert send().status_code == 401


def test_what_was_answered_lies_sealed_in_the_database(
    client: Client, call: Any, tenant: Tenant
) -> None:
    body = {"name": "secret", "scope": "read"}
    made = call(
        "POST",
        f"/organizations/{tenant.org_id}/tokens",
        scope="admin",
        json=body,
        headers_more=once("k"),
    )

    async def kept() -> bytes:
        async with reading(client.resources.engine) as conn:
            row = (await conn.execute(text("SELECT answer FROM idempotency_keys"))).one()
        return bytes(row.answer)

    sealed = client.call(kept)
    assert made.json()["token"].encode() not in sealed
    assert b"secret" not in sealed


def test_of_a_request_that_broke_off_nobody_pretends_to_know(
    client: Client, call: Any, path: str
) -> None:
    send = partial(call, "POST", path, scope="admin", json={"label": "x"}, headers_more=once("k"))
    assert send().status_code == 201

    async def forget_answer() -> None:
        async with writing(client.resources.engine) as conn:
            await conn.execute(text("UPDATE idempotency_keys SET status = NULL, answer = NULL"))

    client.call(forget_answer)
    again = send()
    assert again.status_code == 409
    assert again.headers["retry-after"] == "1"
    assert labels(call, path) == ["default", "x"]


def test_a_key_is_forgotten_after_a_day(
    client: Client, call: Any, path: str, database_url: str
) -> None:
    send = partial(call, "POST", path, scope="admin", json={"label": "x"}, headers_more=once("k"))
    first = send()

    async def age() -> None:
        async with writing(client.resources.engine) as conn:
            await conn.execute(
                text("UPDATE idempotency_keys SET at = at - make_interval(hours => :hours)"),
                {"hours": IDEMPOTENCY_HOURS + 1},
            )

    client.call(age)
    second = send()
    assert second.json()["id"] != first.json()["id"]
    client.call(age)
    with connect(database_url, application_name="test") as conn:
        assert forget(conn) == 1


@pytest.mark.parametrize("key", ["", "x" * (MAX_KEY_CHARACTERS + 1), "\x7f"])
def test_a_key_that_does_not_fit_is_refused(call: Any, path: str, key: str) -> None:
    refused = call("POST", path, scope="admin", json={"label": "x"}, headers_more=once(key))
    assert (refused.status_code, refused.json()["field"]) == (400, "Idempotency-Key")
    assert labels(call, path) == ["default"]


def test_a_body_that_is_too_large_is_refused_with_a_key_as_without(call: Any, path: str) -> None:
    body = {"label": "x" * 300_000}
    for headers in ({}, once("k")):
        answer = call("POST", path, scope="admin", json=body, headers_more=headers)
        assert answer.status_code == 413
