"""Which paths and methods there are: nothing is ever redirected, and nothing is answered in silence."""

from __future__ import annotations

import httpx

from acceptance.contract.table import EVENT, ID, KEY, NUMBER, Row, at, envelope, row, table

BODY = envelope(("event", EVENT), event_id=ID)

PATHS = [
    *[
        row(f"{path}: 200, nothing is redirected", "POST", path, 200, {"id": ID}, content=BODY)
        for path in (
            f"/api/{NUMBER}/envelope?sentry_key={KEY}",
            f"/api//{NUMBER}///envelope//?sentry_key={KEY}",
            f"/a/path/in/front/api/{NUMBER}/envelope/?sentry_key={KEY}",
        )
    ],
    *[
        row(
            f"{method} of an envelope: 405",
            method,
            at("envelope"),
            405,
            answer_headers={"allow": "POST"},
        )
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE")
    ],
    row("GET of a minidump: 405", "GET", at("minidump"), 405, answer_headers={"allow": "POST"}),
    *[
        row(f"/{path}/ is not offered: 404", method, at(path), 404)
        for method, path in [
            ("POST", f"unreal/{KEY}"),
            ("POST", "upload"),
            ("PATCH", f"upload/{ID}"),
            ("HEAD", f"upload/{ID}"),
            ("GET", "replays"),
        ]
    ],
]


@table(PATHS)
def test_path(client: httpx.Client, row: Row) -> None:
    row.check(client)


def test_a_loader_script_is_not_offered(client: httpx.Client) -> None:
    assert client.get(f"/js-sdk-loader/{KEY}.min.js").status_code == 404


def test_relays_names_of_the_health_checks_are_answered(client: httpx.Client) -> None:
    for name in ("live", "ready"):
        assert client.get(f"/api/relay/healthcheck/{name}/").status_code == 200
