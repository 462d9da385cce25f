"""
Every row of the table "When something fails", under load: others are served, what was acknowledged
is stored once, and the ledger balances.
"""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from acceptance.load import SENDERS, Load, audit, kill
from acceptance.mesher_process import MesherProcess
from chaos.faults import full_disk, slow_disk, stopped

SEED = 1
IDLE_CONNECTIONS = 10_000
# A request waits for two flushes at most: that which runs, and its own. Both are within the answer's
# time that the load allows.
SLOW_FLUSH_SECONDS = 0.8
# A log-in writes, and waits for PostgreSQL's flush.
PAGE_SECONDS = 10.0


def test_while_postgresql_hangs_events_are_taken_and_afterwards_stored(mesher: MesherProcess):
    url = mesher.ready["url"]
    with Load(mesher.ready["dsn"], seed=SEED) as load:
        load.wait_for_acknowledged(100)
        with stopped(mesher, "postgres"):
            load.wait_for_acknowledged(300)
            stranger = httpx.post(
                f"{url}/api/1/envelope/?sentry_key={'f' * 32}", content=b"{}\n", timeout=20
            )
            assert stranger.status_code == 403
            assert httpx.get(f"{url}/health/live").status_code == 200
            assert httpx.get(f"{url}/health/ready", timeout=20).status_code == 503
        load.wait_for_acknowledged(100)
    assert httpx.get(f"{url}/health/ready", timeout=20).status_code == 200
    audit(mesher, load)
    assert load.refusals == []


@pytest.mark.parametrize("kind", ["postgres", "web", "digest", "jobs"])
def test_a_killed_process_is_started_again_and_nothing_is_lost(mesher: MesherProcess, kind: str):
    with Load(mesher.ready["dsn"], seed=SEED) as load:
        load.wait_for_acknowledged(100)
        kill(mesher, kind)
        load.wait_for_acknowledged(100)
    audit(mesher, load)


def test_a_digest_process_that_hangs_holds_up_no_request(mesher: MesherProcess):
    with Load(mesher.ready["dsn"], seed=SEED) as load:
        with stopped(mesher, "digest"):
            load.wait_for_acknowledged(300)
        load.wait_for_acknowledged(100)
    audit(mesher, load)


def test_a_journal_over_its_limit_refuses_with_the_time_to_wait_and_takes_again(
    mesher_with_small_journal: MesherProcess,
):
    mesher = mesher_with_small_journal
    with Load(mesher.ready["dsn"], seed=SEED) as load:
        with stopped(mesher, "postgres"):
            refusal = load.wait_for_refusal()
        load.wait_for_acknowledged(100)
    assert refusal.status_code == 503
    seconds = refusal.headers["retry-after"]
    assert int(seconds) > 0
    assert refusal.headers["x-sentry-rate-limits"].startswith(f"{seconds}::")
    assert {answer.status_code for answer in load.refusals} == {503}
    audit(mesher, load)


def test_a_full_disk_refuses_and_what_it_had_taken_is_stored(small_disk: Path):
    with MesherProcess(small_disk) as mesher:
        mesher.start()
        with Load(mesher.ready["dsn"], seed=SEED) as load:
            load.wait_for_acknowledged(100)
            with full_disk(small_disk):
                refusal = load.wait_for_refusal()
            load.wait_for_acknowledged(100)
        assert refusal.status_code == 503
        assert int(refusal.headers["retry-after"]) > 0
        assert {answer.status_code for answer in load.refusals} == {503}
        audit(mesher, load)
        assert mesher.stop() == 0, mesher.log()


def test_on_a_disk_that_is_slow_to_flush_requests_take_longer_and_all_are_answered(
    mesher: MesherProcess,
):
    with Load(mesher.ready["dsn"], seed=SEED) as load:
        load.wait_for_acknowledged(100)
        with slow_disk(mesher, SLOW_FLUSH_SECONDS):
            began = time.monotonic()
            load.wait_for_acknowledged(2 * SENDERS)
            assert time.monotonic() - began > SLOW_FLUSH_SECONDS
            _log_in_and_read(mesher)
            load.wait_for_acknowledged(2 * SENDERS)
        load.wait_for_acknowledged(100)
    assert load.unanswered == []
    assert load.refusals == []
    audit(mesher, load)


def _log_in_and_read(mesher: MesherProcess) -> None:
    """As a person does who wants to know what is wrong."""
    ready = mesher.ready
    with httpx.Client(base_url=ready["url"], timeout=PAGE_SECONDS, follow_redirects=True) as person:
        login = {"email": ready["email"], "password": ready["password"]}
        assert person.post("/login", data=login).status_code == 200
        assert person.get(f"/projects/{ready['project_id']}/issues").status_code == 200
        assert person.get("/health/ready").status_code == 200


def test_a_poison_record_is_set_aside_and_can_be_replayed(mesher: MesherProcess):
    with psycopg.connect(mesher.ready["database_url"], autocommit=True) as conn:
        conn.execute("""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.message LIKE '%poison%' THEN RAISE EXCEPTION 'poison'; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse();
        """)
        with Load(mesher.ready["dsn"], seed=SEED) as load:
            answer = mesher.post_native("events", {"message": "poison"})
            load.wait_for_acknowledged(300)
        load.acknowledged.append(answer.json()["id"])
        audit(mesher, load)
        assert conn.execute("SELECT count(*) FROM quarantine").fetchone() == (1,)

        conn.execute("DROP FUNCTION refuse CASCADE")
    done = mesher.run("quarantine", "replay")
    assert done.stdout.endswith(": 1 stored\n"), done.stderr
    audit(mesher, load)
    assert mesher.query("SELECT count(*) FROM quarantine") == [(0,)]


def test_a_body_that_never_ends_keeps_nobody_waiting(mesher: MesherProcess):
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            endless = stack.enter_context(_connect(mesher))
            endless.sendall(_head(mesher, "Content-Length: 1000000\r\n") + b"{")
        with Load(mesher.ready["dsn"], seed=SEED) as load:
            load.wait_for_acknowledged(100)
    audit(mesher, load)


def test_ten_thousand_idle_connections_keep_nobody_out(mesher: MesherProcess):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE_CONNECTIONS + 1000:
        pytest.skip(f"only {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with contextlib.ExitStack() as stack:
            for _ in range(IDLE_CONNECTIONS):
                stack.enter_context(_connect(mesher))
            with Load(mesher.ready["dsn"], seed=SEED) as load:
                load.wait_for_acknowledged(100)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    audit(mesher, load)


def _connect(mesher: MesherProcess) -> socket.socket:
    url = urlsplit(mesher.ready["url"])
    return socket.create_connection((url.hostname, url.port), timeout=10)


def _head(mesher: MesherProcess, headers: str) -> bytes:
    target = urlsplit(mesher.envelope_url)
    path = f"{target.path}?{target.query}"
    return f"POST {path} HTTP/1.1\r\nHost: {target.netloc}\r\n{headers}\r\n".encode()
