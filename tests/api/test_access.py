"""
Who may use which route: what is declared, what docs/access.md says, and what the application does.

The routes are those of the running application, so one that is added later fails here until it is
declared. WRITE_ACCESS_TABLE=1 writes the document anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest

from callers import Caller, comment_of, make_world, search_of, token_of
from mesher.accounts.needs import Need
from mesher.api.permissions import API_NEEDS
from mesher.api.sentry.permissions import SENTRY_NEEDS
from mesher.app import OPERATING_NEEDS
from mesher.web.permissions import PAGE_NEEDS
from serving import Client, all_routes

DOCUMENT = Path(__file__).parents[2] / "docs" / "access.md"
BEGIN = "<!-- written by make access-table -->\n"
TABLES = {
    "mesher.api.sentry.": ("For Sentry's clients, `/api/0`", SENTRY_NEEDS),
    "mesher.api.": ("The API, `/api/v1`", API_NEEDS),
    "mesher.web.": ("Pages", PAGE_NEEDS),
    "mesher.": ("Operating", OPERATING_NEEDS),
}
FORM = {"status": "resolved", "email": "nobody@example.com", "password": "wrong"}


class Route:
    """One method of one address, and what is declared of it."""

    def __init__(self, method: str, path: str, module: str, name: str) -> None:
        prefix = next(prefix for prefix in TABLES if f"{module}.".startswith(prefix))
        self.heading, needs = TABLES[prefix]
        assert name in needs, f"{method} {path}: say in {module} what {name} needs"
        self.method, self.path, self.name, self.need = method, path, name, needs[name]

    @property
    def names_things(self) -> bool:
        """Whether its address is of a tenant's thing; below ``me`` everything is the caller's own."""
        return "_id}" in self.path and not self.path.startswith(("/api/v1/me/", "/account/"))

    @property
    def destroys(self) -> bool:
        return self.method == "DELETE" or self.name in {
            "submit_deletion",
            "submit_invitation_revocation",
            "submit_logout",
            "submit_member_removal",
            "submit_rule_deletion",
        }


def _routes() -> list[Route]:
    return [
        Route(method, route.path_format, handler.fn.__module__, handler.handler_name)
        for method, route, handler in all_routes()
    ]


def _ask(client: Client, route: Route, caller: Caller, things: dict[str, str]) -> httpx.Response:
    client.cookies = httpx.Cookies(caller.cookies)
    return client.request(
        route.method,
        route.path.format(**things),
        headers={"authorization": f"Bearer {caller.token}"} if caller.token else {},
        data=FORM if route.method == "POST" else None,
    )


def _kind(route: Route, answer: httpx.Response) -> int:
    """The status of a refusal, else 200; where a page refers to the log-in, that is a 401."""
    assert answer.status_code < 500, f"{route.method} {route.path}: {answer.text}"
    if answer.status_code == 303 and answer.headers["location"].startswith("/login"):
        return 200 if route.need.public else 401
    if route.need.public:  # its secret may be unknown
        return 200
    if answer.status_code == 403 and "password is another" in answer.text:
        return 200  # whoever has access is asked for their password besides
    if answer.status_code == 403 and "runs this Mesher" in answer.text:
        return 200  # that is none of the roles of an organisation
    return answer.status_code if answer.status_code in {401, 403, 404, 405} else 200


def test_every_route_answers_every_caller_as_declared(client: Client, database_url: str) -> None:
    names = (f"world{number}" for number in count())
    world = make_world(client, database_url, next(names))
    wrong = []
    for route in _routes():
        for number in range(len(world.callers)):
            caller = world.callers[number]
            things = dict(world.things)
            if "{token_id}" in route.path:
                things["token_id"] = token_of(database_url, caller)
            if "{comment_id}" in route.path:
                things["comment_id"] = comment_of(database_url, caller, things["issue_id"])
            if "{search_id}" in route.path and caller.user_id:
                things["search_id"] = search_of(database_url, caller, things["project_id"])
            answer = _ask(client, route, caller, things)
            expected = caller.expected(route.need, names_things=route.names_things)
            if _kind(route, answer) != expected:
                wrong.append(
                    f"{route.method} {route.path} {caller.name}: {answer.status_code}"
                    f" {answer.text[:100]}, declared {expected}"
                )
            has_credentials = caller.token or caller.cookies is not None
            if route.destroys and has_credentials and answer.status_code < 400:
                world = make_world(client, database_url, next(names))
    assert not wrong, "\n".join(wrong)


def test_nothing_is_declared_of_a_route_that_is_not_there(client: Client) -> None:
    routes = _routes()
    for heading, needs in TABLES.values():
        assert {route.name for route in routes if route.heading == heading} == set(needs)


def test_the_document_says_what_is_declared(client: Client) -> None:
    written = DOCUMENT.read_text()
    before, _, _ = written.partition(BEGIN)
    table = before + BEGIN + "".join(_lines(_routes()))
    if os.environ.get("WRITE_ACCESS_TABLE"):
        DOCUMENT.write_text(table)
        pytest.skip("written")
    assert written == table, "run `make access-table`"


def _lines(routes: list[Route]) -> Iterator[str]:
    for heading in sorted({route.heading for route in routes}):
        yield f"\n## {heading}\n\n| route | token | session | least role | note |\n|---|---|---|---|---|\n"
        for route in sorted(
            (route for route in routes if route.heading == heading),
            key=lambda route: (route.path, route.method),
        ):
            yield f"| `{route.method} {route.path}` | {' | '.join(_cells(route.need))} |\n"


def _cells(need: Need) -> list[str]:
    if need.public:
        return ["none needed", "none needed", "anybody", need.note]
    token = "no" if need.scope is None else need.scope
    if need.whole_organization:
        token += ", of the organisation"
    session = "yes" if need.session else "no"
    is_of_tenant = need.session or need.scope is not None
    return [token, session, need.role if is_of_tenant else "", need.note]
