"""Requests below ``/api/0`` with a pipeline's token, and uploads as a client makes them."""

from __future__ import annotations

import gzip
from typing import Any

import httpx
import pytest

from api.sentry.asking import CHUNK_UPLOAD, Ask, RunJobs, Upload, sha1
from mesher.storage.connection import connect
from mesher.uploads.assemble import assemble
from serving import Client
from tenants import Tenant, make_token


@pytest.fixture
def ci_token(client: Client, tenant: Tenant) -> str:
    """A token of scope ``ci`` for the whole organisation."""

    async def make() -> str:
        return await make_token(client.resources.engine, tenant.user_id, tenant.org_id, scope="ci")

    return client.call(make)


@pytest.fixture
def ask(client: Client, ci_token: str) -> Ask:
    """A request below ``/api/0``; with the pipeline's token, unless another is given."""

    def request(method: str, path: str, *, token: str = ci_token, **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}", **options.pop("headers", {})}
        return client.request(method, f"/api/0{path}", headers=headers, **options)

    return request


@pytest.fixture
def upload(ask: Ask) -> Upload:
    """Sends chunks in one form, packed as clients pack them."""

    def send(*chunks: bytes, **options: Any) -> httpx.Response:
        files = [("file_gzip", (sha1(chunk), gzip.compress(chunk))) for chunk in chunks]
        return ask("POST", CHUNK_UPLOAD, files=files, **options)

    return send


@pytest.fixture
def run_jobs(database_url: str) -> RunJobs:
    """Does what the jobs process would do with the assemblies in its queue; how many there were."""

    def run() -> int:
        with connect(database_url, application_name="test") as conn:
            queued = conn.execute(
                "DELETE FROM procrastinate_jobs WHERE task_name = 'assemble_upload'"
                " RETURNING id, args"
            ).fetchall()
            for _, arguments in sorted(queued):
                assemble(conn, arguments["org_id"], arguments["key"])
        return len(queued)

    return run
