"""The pages of monitors."""

from __future__ import annotations

from datetime import UTC, datetime

from mesher.protocol.check_in import CheckIn
from mesher.storage.check_ins import NewCheckIn, store_check_ins
from mesher.storage.connection import connect
from serving import Client
from tenants import Tenant

MONITORS = "/projects/ada-shop/alerts/monitors"


def test_without_a_monitor_the_page_says_how_one_checks_in(browser: Client, tenant: Tenant) -> None:
    page = browser.get(MONITORS).text
    number, key = tenant.project.number, tenant.public_key
    assert f"https://mesher.example/api/{number}/cron/nightly-backup/{key}/?status=ok" in page


def test_monitors_are_listed_with_their_state_and_runs(
    browser: Client, tenant: Tenant, database_url: str
) -> None:
    config = {"schedule": {"type": "crontab", "value": "0 * * * *"}}
    report = CheckIn("backup", "error", None, "production", 3.25, "", config)
    new = NewCheckIn(
        project_id=tenant.project.id,
        received_at_us=int(datetime.now(UTC).timestamp() * 1e6),
        report=report,
    )
    with connect(database_url, application_name="test") as conn:
        list(store_check_ins(conn, [new]))
    page = browser.get(MONITORS).text
    assert f'href="{MONITORS}/backup"' in page
    assert '<span class="tag bad">failed</span>' in page
    page = browser.get(f"{MONITORS}/backup").text
    assert "3.2 s" in page
    assert browser.get(f"{MONITORS}/another").status_code == 404


def test_monitors_of_another_tenant_are_not_there(browser: Client) -> None:
    browser.make_tenant("eve")
    assert browser.get("/projects/eve-shop/alerts/monitors").status_code == 404
    assert browser.get("/projects/eve-shop/alerts/monitors/backup").status_code == 404
