from __future__ import annotations

import ipaddress
import time
from pathlib import Path

import pytest

from mesher.accounts.passwords import FAILURES_PER_ACCOUNT
from serving import Client, serve
from tenants import PASSWORD, Tenant


def test_a_page_leads_to_the_log_in_and_the_log_in_leads_back(
    client: Client, tenant: Tenant
) -> None:
    wanted = "/projects/ada-shop/issues?status=resolved&query=a%20b"
    sent_away = client.get(wanted)
    assert sent_away.status_code == 303
    form = client.get(sent_away.headers["location"])
    assert 'value="/projects/ada-shop/issues?status=resolved&amp;query=a%20b"' in form.text
    back = client.post("/login", data={"email": tenant.email, "password": PASSWORD, "next": wanted})
    assert (back.status_code, back.headers["location"]) == (303, wanted)
    assert client.get(wanted).status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "javascript:alert(1)",
        "/\t/x",
    ],
)
def test_the_log_in_leads_nowhere_else(client: Client, tenant: Tenant, elsewhere: str) -> None:
    answer = client.post(
        "/login", data={"email": tenant.email, "password": PASSWORD, "next": elsewhere}
    )
    assert answer.headers["location"] == "/"
    assert "evil" not in client.get("/login", params={"next": elsewhere}).text


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_plain_http(
    client: Client, tenant: Tenant
) -> None:
    answer = client.post("/login", data={"email": tenant.email, "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" in cookie
    assert f"max-age={7 * 24 * 3600}" in cookie
    assert "path=/" in cookie


def test_a_wrong_password_shows_the_form_again_without_it(client: Client, tenant: Tenant) -> None:
    answer = client.post("/login", data={"email": tenant.email, "password": "wrong-one"})
    assert answer.status_code == 401
    assert "The e-mail or the password is wrong." in answer.text
    assert tenant.email in answer.text
    assert "wrong-one" not in answer.text
    assert "set-cookie" not in answer.headers


def test_guessing_is_stopped(client: Client, tenant: Tenant) -> None:
    for _ in range(FAILURES_PER_ACCOUNT):
        client.resources.login_throttle.begin(tenant.email, "192.0.2.99", now=time.time())
    answer = client.post("/login", data={"email": tenant.email, "password": PASSWORD})
    assert answer.status_code == 429
    assert "Too many failed log-ins" in answer.text


def test_logging_out_ends_the_session_everywhere(browser: Client) -> None:
    stolen = browser.cookies["mesher_session"]
    assert browser.get("/projects").status_code == 200
    left = browser.post("/logout")
    assert (left.status_code, left.headers["location"]) == (303, "/login")
    assert browser.get("/projects").status_code == 303
    answer = browser.get("/projects", headers={"cookie": f"mesher_session={stolen}"})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},  # a sister domain is not us
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://mesher.example", "sec-fetch-site": "cross-site"},
    ],
)
@pytest.mark.parametrize("path", ["/login", "/logout", "/issues/x/status", "/issues/x/delete"])
def test_a_form_from_another_site_is_refused(
    browser: Client, tenant: Tenant, headers: dict[str, str], path: str
) -> None:
    form = {"email": tenant.email, "password": PASSWORD, "status": "resolved"}
    answer = browser.post(path, data=form, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "same-origin"}, {"origin": "https://mesher.example"}, {}],
)
def test_a_form_of_our_own_is_taken(
    client: Client, tenant: Tenant, headers: dict[str, str]
) -> None:
    form = {"email": tenant.email, "password": PASSWORD}
    assert client.post("/login", data=form, headers=headers).status_code == 303


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"\xff\xfe%00%"),
        ("application/x-www-form-urlencoded", b""),
        ("application/json", b"{"),
        ("text/plain", b"x"),
        ("multipart/form-data; boundary=x", b"--x"),
    ],
)
def test_a_form_that_is_no_form_is_refused(client: Client, content_type: str, body: bytes) -> None:
    answer = client.post("/login", content=body, headers={"content-type": content_type})
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    ("forwarded", "counted"),
    [
        ("", "192.0.2.7"),
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),  # the first is what the client made up
        ("203.0.113.9, 192.0.2.8", "203.0.113.9"),  # through two proxies of ours
        ("192.0.2.9, 192.0.2.8", "192.0.2.9"),
        ("unknown", "unknown"),
    ],
)
def test_behind_a_trusted_proxy_the_address_it_saw_is_counted(
    database_url: str, tmp_path: Path, forwarded: str, counted: str
) -> None:
    with serve(database_url, tmp_path, [ipaddress.ip_network("192.0.2.0/24")]) as client:
        client.post(
            "/login",
            data={"email": "x@example.com", "password": "x"},
            headers={"x-forwarded-for": forwarded} if forwarded else {},
        )
        assert ("address", counted) in client.resources.login_throttle._times


def test_an_address_that_anyone_can_write_is_not_believed(client: Client) -> None:
    client.post(
        "/login",
        data={"email": "x@example.com", "password": "x"},
        headers={"x-forwarded-for": "203.0.113.9"},
    )
    assert ("address", "192.0.2.7") in client.resources.login_throttle._times


def test_a_client_that_leaves_within_its_form_is_no_failure_of_ours(client: Client) -> None:
    messages = [
        {"type": "http.request", "body": b"email=", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[dict[str, object]] = []

    async def leave() -> None:
        async def receive() -> dict[str, object]:
            return messages.pop(0)

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        headers = [(b"content-type", b"application/x-www-form-urlencoded"), (b"host", b"x")]
        await client.app(_scope("POST", "/login", headers), receive, send)

    client.call(leave)
    assert sent[0]["status"] == 400


def _scope(method: str, path: str, headers: list[tuple[bytes, bytes]]) -> dict[str, object]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": headers,
        "client": ("192.0.2.7", 1),
        "server": ("mesher.example", 80),
    }
