"""A tenant with rules, and evaluation with a clock of the test's own."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailbox_server import Mailbox, running_mailbox
from mesher.alerting.channels import Channels
from mesher.alerting.delivery import Deliverer
from mesher.alerting.loop import evaluate
from mesher.mail import Mailer
from mesher.storage.connection import connect
from receiver import Receiver, running_receiver
from serving import URL, Client, client  # noqa: F401 - a fixture
from tenants import Tenant, store_events
from waiting import wait_until

HERE = ipaddress.ip_network("127.0.0.0/8")


class Watch:
    """A project that is watched: its rules, its events, its alerts, and the time."""

    def __init__(self, client: Client, tenant: Tenant, database_url: str) -> None:  # noqa: F811
        self._client = client
        self._database_url = database_url
        self.tenant = tenant
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.channels = Channels(mailer=None, box=client.resources.secret_box, url=URL, allowed=[])

    def request(self, method: str, path: str, *, scope: str = "admin", **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.tenant.tokens[scope]}"}
        answer = self._client.request(method, f"/api/v1{path}", headers=headers, **options)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def rule(self, condition_type: str, **rule: Any) -> dict[str, Any]:
        """Make a rule; what is not of the rule itself is of its condition."""
        own = {"actions", "cooldown_minutes", "digest_minutes", "quiet_hours", "muted_until"}
        condition = {name: one for name, one in rule.items() if name not in own}
        body = {name: one for name, one in rule.items() if name in own}
        body |= {
            "name": condition_type,
            "condition": {"condition_type": condition_type, **condition},
        }
        made: dict[str, Any] = self.request(
            "POST", f"/projects/{self.tenant.project.id}/alert-rules", json=body
        )
        return made

    def store(self, *payloads: dict[str, Any], ago: timedelta = timedelta(0)) -> None:
        """Have events received, so long ago."""
        store_events(self._database_url, self.tenant.project, *payloads, begin=self.now - ago)

    def pass_time(self, **time: float) -> None:
        self.now += timedelta(**time)

    def look(self, *, measure: bool = True) -> None:
        """Evaluate all rules."""
        self._client.call(
            lambda: evaluate(self._client.resources.engine, self.now, measure=measure)
        )

    def look_from(self, nodes: int) -> None:
        """Evaluate all rules on several nodes at once."""

        async def run() -> None:
            engine = self._client.resources.engine
            await asyncio.gather(*(evaluate(engine, self.now, measure=True) for _ in range(nodes)))

        self._client.call(run)

    def deliver(self) -> int:
        """Send what is due; how many messages."""

        async def run() -> int:
            deliverer = self._deliverer()
            try:
                begun = await deliverer.begin_due()
                await deliverer.finish_begun()
                return begun
            finally:
                deliverer.close()

        return int(self._client.call(run))

    def deliver_until(self, happened: Callable[[], object]) -> None:
        """Begin to send what is due, and go away once something has happened."""

        async def run() -> None:
            deliverer = self._deliverer()
            await deliverer.begin_due()
            await asyncio.to_thread(wait_until, happened)
            deliverer.close()

        self._client.call(run)

    def _deliverer(self) -> Deliverer:
        return Deliverer(self._client.resources.engine, self.channels, clock=lambda: self.now)

    def alerts(self) -> list[dict[str, Any]]:
        """All alerts, the latest first."""
        found: list[dict[str, Any]] = self.request(
            "GET", f"/projects/{self.tenant.project.id}/alerts"
        )["items"]
        return found

    def all_alerts(self) -> list[dict[str, Any]]:
        """The alerts of a long time, the latest first."""
        path = f"/projects/{self.tenant.project.id}/alerts?limit=100"
        found: list[dict[str, Any]] = self.request("GET", path)["items"]
        return found

    def resolve(self, title: str) -> None:
        """Resolve the issue with a title, at the time of the test."""
        path = f"/projects/{self.tenant.project.id}/issues?limit=100"
        listed = self.request("GET", path)["items"]
        [issue] = [one["id"] for one in listed if one["title"] == title]
        self.request("POST", f"/issues/{issue}/resolve")
        with connect(self._database_url, application_name="test") as conn:
            conn.execute(
                "UPDATE issues SET status_changed_at = %s WHERE id = %s", (self.now, issue)
            )

    def messages(self) -> list[str]:
        return [alert["message"] for alert in self.alerts()]

    def statuses(self) -> list[str]:
        return [alert["status"] for alert in self.alerts()]

    def issue_id(self) -> str:
        """The latest issue."""
        listed = self.request("GET", f"/projects/{self.tenant.project.id}/issues")
        return str(listed["items"][0]["id"])

    def deliveries(self) -> list[dict[str, Any]]:
        """Those of the latest alert."""
        alert = self.alerts()[0]["id"]
        found: list[dict[str, Any]] = self.request("GET", f"/alerts/{alert}/deliveries")["items"]
        return found


@pytest.fixture
def watch(client: Client, database_url: str) -> Watch:  # noqa: F811 - the fixture
    return Watch(client, client.make_tenant("ada"), database_url)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as found:
        yield found


@pytest.fixture
def mailbox(watch: Watch) -> Iterator[Mailbox]:
    """A mail server that messages are sent by."""
    with running_mailbox() as found:
        watch.channels = Channels(
            mailer=Mailer(found.url, "mesher@example.com"),
            box=watch.channels.box,
            url=URL,
            allowed=[HERE],
        )
        yield found


@pytest.fixture
def allowed_here(watch: Watch) -> None:
    """Lets messages go to this machine."""
    watch.channels = Channels(mailer=None, box=watch.channels.box, url=URL, allowed=[HERE])
