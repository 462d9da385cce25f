"""Logging in by an identity provider, as a browser does: there and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from sqlalchemy import text

from identity_provider import IdentityProvider, running_provider
from mesher.accounts.oidc_provider import OidcProvider
from mesher.accounts.oidc_rules import read_rules
from mesher.accounts.sessions import SESSION_COOKIE
from mesher.resources import Oidc
from mesher.storage.database import reading, writing
from mesher.web.oidc import CALLBACK_PATH, FLOW_COOKIE
from serving import URL, Client, serve
from tenants import Tenant


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with running_provider() as running:
        yield running


def _oidc(issuer: str, *, domains: str = "", groups: str = "*=ada:member") -> Oidc:
    return Oidc(
        provider=OidcProvider(
            issuer=issuer,
            client_id="mesher",
            client_secret="secret",
            redirect_uri=URL + CALLBACK_PATH,
        ),
        rules=read_rules(domains, groups),
    )


class Site:
    """Mesher with one organisation, ``ada``, and a provider."""

    def __init__(self, client: Client, provider: IdentityProvider) -> None:
        self.client = client
        self.provider = provider
        self.ada: Tenant = client.make_tenant("ada")

    def log_in(self, subject: str, **claims: Any) -> httpx.Response:
        """The answer to coming back from the provider."""
        self.provider.know(
            subject, **{"email": f"{subject}@example.com", "email_verified": True, **claims}
        )
        return self.come_back(self.provider.log_in(self.begin(), subject))

    def begin(self, next_path: str = "/projects") -> str:
        sent = self.client.get("/login/oidc", params={"next": next_path})
        assert sent.status_code == 303, sent.text
        return sent.headers["location"]

    def come_back(self, location: str) -> httpx.Response:
        assert location.startswith(URL)
        return self.client.get(location.removeprefix(URL))

    def leave(self) -> None:
        self.client.cookies = httpx.Cookies()

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        async def run() -> list[tuple[Any, ...]]:
            async with reading(self.client.resources.engine) as conn:
                return [tuple(row) for row in await conn.execute(text(statement), values)]

        return self.client.call(run)

    def execute(self, statement: str) -> None:
        async def run() -> None:
            async with writing(self.client.resources.engine) as conn:
                await conn.execute(text(statement))

        self.client.call(run)

    def roles(self, email: str) -> list[str]:
        return [
            role
            for (role,) in self.rows(
                "SELECT role FROM org_memberships JOIN users ON users.id = user_id WHERE email = :email",
                email=email,
            )
        ]


@pytest.fixture
def opened(database_url: str, tmp_path: Path, provider: IdentityProvider) -> Iterator[Any]:
    """Makes a site whose rules are given."""
    with ExitStack() as stack:

        def run(issuer: str = "", **rules: str) -> Site:
            oidc = _oidc(issuer or provider.url, **rules)
            return Site(stack.enter_context(serve(database_url, tmp_path, oidc=oidc)), provider)

        yield run


def test_somebody_new_is_let_in_and_led_to_where_they_wanted(opened: Any) -> None:
    site = opened()
    answer = site.log_in("new")
    assert (answer.status_code, answer.headers["location"]) == (303, "/projects")
    assert "ada&#39;s shop" in site.client.get("/projects").text
    assert site.roles("new@example.com") == ["member"]
    assert site.rows("SELECT action, actor_name FROM audit_log") == [
        ("member.joined", "new@example.com")
    ]


def test_the_log_in_page_offers_it(opened: Any) -> None:
    assert "/login/oidc?next=/" in opened().client.get("/login").text


def test_where_no_provider_is_set_up_nothing_is_offered(client: Client) -> None:
    assert "/login/oidc" not in client.get("/login").text
    assert client.get("/login/oidc").status_code == 404


def test_who_is_known_by_a_verified_email_is_the_same_user_and_keeps_their_role(
    opened: Any,
) -> None:
    site = opened()
    assert site.log_in("somebody", email="ADA@example.com").status_code == 303
    assert site.rows("SELECT count(*) FROM users") == [(1,)]
    assert site.roles("ada@example.com") == ["owner"]


def test_an_identity_stays_the_same_user_when_its_email_changes(opened: Any) -> None:
    site = opened()
    site.log_in("eve")
    site.leave()
    assert site.log_in("eve", email="eve.married@example.com").status_code == 303
    assert site.rows("SELECT email FROM users WHERE email LIKE 'eve%'") == [("eve@example.com",)]


def test_an_email_that_was_not_verified_opens_nobodys_account(opened: Any) -> None:
    site = opened()
    for verified in (False, "true", None):
        answer = site.log_in("thief", email="ada@example.com", email_verified=verified)
        assert answer.status_code == 403
        assert "has not verified ada@example.com" in answer.text
        assert SESSION_COOKIE not in site.client.cookies


def test_a_domain_that_is_not_listed_is_refused_also_when_it_came_in_before(opened: Any) -> None:
    site = opened(domains="example.com")
    assert site.log_in("far", email="far@elsewhere.example").status_code == 403
    assert site.log_in("near").status_code == 303
    site.leave()
    assert site.log_in("near", email="near@elsewhere.example").status_code == 403


def test_groups_give_roles_and_take_them_back(opened: Any) -> None:
    site = opened(groups="leads=ada:admin,devs=ada:member")
    email = "gus@example.com"
    for groups, roles in (
        (["devs"], ["member"]),
        (["devs", "leads"], ["admin"]),
        (["devs"], ["member"]),
    ):
        assert site.log_in("gus", groups=groups).status_code == 303
        assert site.roles(email) == roles
        site.leave()
    refused = site.log_in("gus", groups=["guests"])
    assert refused.status_code == 403
    assert "member of no organization" in refused.text
    assert site.roles(email) == []


@pytest.mark.parametrize(("groups", "tokens_left"), [(["devs"], 1), (["guests"], 0)])
def test_who_loses_a_role_by_a_group_loses_what_came_with_it(
    opened: Any, groups: list[str], tokens_left: int
) -> None:
    site = opened(groups="leads=ada:admin,devs=ada:member")
    site.log_in("gus", groups=["leads"])
    gus = "(SELECT id FROM users WHERE email = 'gus@example.com')"
    site.execute(f"""
        INSERT INTO invitations (org_id, role, token_hash, invited_by, expires_at)
        SELECT id, 'admin', 'secret', {gus}, now() + interval '1 day' FROM organizations WHERE slug = 'ada'
    """)
    site.execute(f"""
        INSERT INTO api_tokens (user_id, org_id, name, token_hash)
        SELECT {gus}, id, 'mine', 'hidden' FROM organizations WHERE slug = 'ada'
    """)
    site.leave()
    site.log_in("gus", groups=groups)
    assert site.rows("SELECT id FROM invitations WHERE token_hash = 'secret'") == []
    kept = site.rows("SELECT id FROM api_tokens WHERE token_hash = 'hidden' AND revoked_at IS NULL")
    assert len(kept) == tokens_left


def test_what_people_gave_no_group_takes(opened: Any) -> None:
    site = opened(groups="leads=ada:admin")
    site.execute("UPDATE org_memberships SET role = 'member'")
    assert site.log_in("ada", groups=[]).status_code == 303
    assert site.roles("ada@example.com") == ["member"]


def test_nobody_is_logged_in_by_an_answer_that_their_browser_did_not_ask_for(opened: Any) -> None:
    site = opened()
    site.provider.know("mallory", email="mallory@example.com", email_verified=True)
    location = site.provider.log_in(site.begin(), "mallory")
    site.leave()  # the victim's browser
    for prepare in (lambda: None, site.begin):
        prepare()
        answer = site.come_back(location)
        assert answer.status_code == 401
        assert SESSION_COOKIE not in site.client.cookies


def test_an_answer_serves_once(opened: Any) -> None:
    site = opened()
    site.provider.know("twice", email="twice@example.com", email_verified=True)
    location = site.provider.log_in(site.begin(), "twice")
    cookies = site.client.cookies
    assert site.come_back(location).status_code == 303
    site.client.cookies = cookies
    assert site.come_back(location).status_code == 401


def test_an_identity_that_was_given_for_another_log_in_does_not_fit(opened: Any) -> None:
    site = opened()
    site.provider.know("mix", email="mix@example.com", email_verified=True)
    begun = site.begin()
    query = {name: values[0] for name, values in parse_qs(urlsplit(begun).query).items()}
    assert query["code_challenge_method"] == "S256"
    others = urlencode({**query, "nonce": "of another"})
    answer = site.come_back(site.provider.log_in(f"{begun.partition('?')[0]}?{others}", "mix"))
    assert answer.status_code == 401
    assert "cannot be trusted" in answer.text


def test_who_says_no_at_the_provider_is_told_so(opened: Any) -> None:
    site = opened()
    state = parse_qs(urlsplit(site.begin()).query)["state"][0]
    answer = site.client.get(CALLBACK_PATH, params={"error": "access_denied", "state": state})
    assert answer.status_code == 401
    assert "did not let you in" in answer.text


def test_it_leads_nowhere_else(opened: Any) -> None:
    site = opened()
    site.provider.know("open", email="open@example.com", email_verified=True)
    answer = site.come_back(site.provider.log_in(site.begin("//evil.example/"), "open"))
    assert answer.headers["location"] == "/"


def test_a_session_from_before_does_not_live_on(opened: Any) -> None:
    site = opened()
    site.log_in("fix")
    [(before,)] = site.rows("SELECT token FROM sessions")
    site.log_in("fix")
    [(after,)] = site.rows("SELECT token FROM sessions")
    assert before != after


def test_a_provider_that_cannot_be_reached_is_named_with_what_to_check(opened: Any) -> None:
    answer = opened("http://127.0.0.1:1").client.get("/login/oidc")
    assert answer.status_code == 503
    assert "MESHER_OIDC_ISSUER" in answer.text


def test_the_way_back_is_kept_from_scripts_and_plain_http(opened: Any) -> None:
    cookie = opened().client.get("/login/oidc").headers["set-cookie"].lower()
    assert FLOW_COOKIE in cookie
    for part in ("httponly", "secure", "samesite=lax", "path=/login/oidc", "max-age=600"):
        assert part in cookie
