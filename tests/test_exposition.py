"""Who may read the metrics, and what they say of the journal without a database."""

from __future__ import annotations

from pathlib import Path

from mesher.metric_files import metrics_token
from serving import Client, client, serve  # noqa: F401 - a fixture
from tenants import Tenant


def _send_event(browser: Client, tenant: Tenant) -> int:
    return browser.post(
        f"/api/{tenant.project.number}/store/",
        json={"message": "hello"},
        headers={"x-sentry-auth": f"Sentry sentry_key={tenant.public_key}, sentry_version=7"},
    ).status_code


def _token(data_dir: Path) -> dict[str, str]:
    return {"authorization": f"Bearer {metrics_token(data_dir)}"}


def test_metrics_are_refused_without_the_token_of_the_node(client, tmp_path):  # noqa: F811
    tenant = client.make_tenant("ada")
    admin = {"authorization": f"Bearer {tenant.tokens['admin']}"}
    token = metrics_token(tmp_path)

    for headers in ({}, admin, {"authorization": token}, {"authorization": f"Basic {token}"}):
        answer = client.get("/metrics", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "mesher_" not in answer.text
    assert client.get("/metrics", headers=_token(tmp_path)).status_code == 200


def test_the_token_is_readable_by_its_owner_alone_and_stays(tmp_path):
    token = metrics_token(tmp_path)

    assert (tmp_path / "metrics-token").stat().st_mode & 0o777 == 0o600
    assert metrics_token(tmp_path) == token


def test_metrics_tell_what_waits_in_the_journal(client, tmp_path):  # noqa: F811
    tenant = client.make_tenant("ada")
    while _send_event(client, tenant) != 200:  # the key is known within two seconds
        pass

    lines = client.get("/metrics", headers=_token(tmp_path)).text.splitlines()

    assert 'mesher_journal_waiting_records{shard="000"} 1.0' in lines
    [age] = [line for line in lines if line.startswith("mesher_journal_oldest_seconds{")]
    assert 0 < float(age.split()[-1]) < 60
    [size] = [line for line in lines if line.startswith("mesher_journal_bytes{")]
    assert float(size.split()[-1]) > 0


def test_metrics_need_no_database(tmp_path):
    with serve("postgresql://mesher@127.0.0.1:1/mesher", tmp_path) as alone:
        answer = alone.get("/metrics", headers=_token(tmp_path))

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'mesher_journal_waiting_records{shard="000"} 0.0' in answer.text
