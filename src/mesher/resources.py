"""
All that lives as long as a web process: the database pool, the project keys, the journal and the
receive step over them, and the count of failed log-ins.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar.connection import ASGIConnection
from sqlalchemy.ext.asyncio import AsyncEngine

from mesher.accounts.client_address import Network
from mesher.accounts.oidc_flow import IdentityProvider
from mesher.accounts.oidc_rules import OidcRules
from mesher.accounts.passwords import LoginThrottle
from mesher.alerting.channels import Channels
from mesher.errors import SetupError
from mesher.ingest.group_commit import GroupCommitJournal
from mesher.ingest.project_keys import ProjectKeys
from mesher.ingest.quota import Quota
from mesher.ingest.receive import Receiver
from mesher.ingest.refusals import Refusals
from mesher.live.hub import LiveHub
from mesher.secret_box import SecretBox
from mesher.storage.database import create_engine, reading
from mesher.storage.ingest_keys import list_ingest_keys
from mesher.values.ingest_key import IngestKey

# Pages and API of one process; each connection is a PostgreSQL process of some megabytes. Receive
# needs none.
POOL_SIZE = 5
# Cancelling a read of the keys while it connects would leave the connection open; one that a stuck
# database holds up is cancelled after this time.
KEYS_STOP_SECONDS = 2.0
# The process that held the journal before, if it was killed, lets go of it within this time.
JOURNAL_LOCK_SECONDS = 5.0
_JOURNAL_LOCK_RETRY_SECONDS = 0.1
# Requests with chunks of uploads that are read at once; others wait, unread. Each has a connection
# of its own and holds two chunks, packed and unpacked: 16 MiB.
UPLOADS_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class Oidc:
    """Logging in by a provider of identities, where one is set up."""

    provider: IdentityProvider
    rules: OidcRules


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What handlers and the receive step share."""

    engine: AsyncEngine
    receiver: Receiver
    live: LiveHub
    login_throttle: LoginThrottle
    data_dir: Path  # journal, metrics
    database_url: str  # for what needs a connection of its own
    secret_box: SecretBox  # for secrets in the database
    channels: Channels  # what alerts are sent with
    url: str  # the address that people and SDKs use, without a slash at the end
    trusted_proxies: Sequence[Network]  # whose X-Forwarded-For is believed
    uploads: asyncio.Semaphore  # held while chunks are received
    oidc: Oidc | None
    sends_mail: bool
    members_make_organizations: bool  # else the operator alone does


def resources_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Resources:
    """What the application that a request or socket came to put into the state of its scope."""
    resources: Resources = connection.scope["state"]["resources"]
    return resources


@asynccontextmanager
async def open_resources(
    *,
    database_url: str,
    data_dir: Path,
    shards: Sequence[Path],
    journal_max_bytes: int,
    secret_box: SecretBox,
    channels: Channels,
    url: str,
    trusted_proxies: Sequence[Network],
    web_processes: int,
    oidc: Oidc | None = None,
    sends_mail: bool = False,
    members_make_organizations: bool = True,
) -> AsyncIterator[Resources]:
    """
    Open everything, and close it again in an order that keeps what was acknowledged.

    The database need not be there: the project keys then come from their copy in ``data_dir``.

    Raises:
        SetupError: the journal cannot be opened, or another process uses it.
    """
    journal = await _open_journal(shards, journal_max_bytes)
    engine = create_engine(database_url, pool_size=POOL_SIZE)

    async def load_keys() -> list[IngestKey]:
        async with reading(engine) as conn:
            return await list_ingest_keys(conn)

    keys = ProjectKeys(load_keys, copy_path=data_dir / "project-keys.json")
    live = LiveHub(database_url)
    journal.start()
    await keys.start()
    refresh = asyncio.create_task(keys.run())
    refusals = Refusals(journal)
    counting = asyncio.create_task(refusals.run())
    try:
        yield Resources(
            engine=engine,
            receiver=Receiver(
                keys,
                journal,
                refusals=refusals,
                quota=Quota(processes=web_processes),
                trusted_proxies=trusted_proxies,
            ),
            live=live,
            login_throttle=LoginThrottle(),
            data_dir=data_dir,
            database_url=database_url,
            secret_box=secret_box,
            channels=channels,
            url=url,
            trusted_proxies=trusted_proxies,
            uploads=asyncio.Semaphore(UPLOADS_AT_ONCE),
            oidc=oidc,
            sends_mail=sends_mail,
            members_make_organizations=members_make_organizations,
        )
    finally:
        await live.close()
        keys.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(refresh, KEYS_STOP_SECONDS)
        refusals.close()
        await counting
        await journal.close()
        await engine.dispose()


async def _open_journal(shards: Sequence[Path], max_bytes: int) -> GroupCommitJournal:
    deadline = time.monotonic() + JOURNAL_LOCK_SECONDS
    while True:
        try:
            return GroupCommitJournal(shards, max_bytes=max_bytes)
        except SetupError:
            if time.monotonic() >= deadline:
                raise
            await asyncio.sleep(_JOURNAL_LOCK_RETRY_SECONDS)
        except (OSError, sqlite3.Error) as error:
            raise SetupError(
                f"the journal in {shards[0].parent} cannot be opened: {error}",
                hint="check that the data directory is writable and its disk is not full",
            ) from error
