"""No secret that SDKs send is found anywhere that Mesher keeps or shows something."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
import zstandard
from ahocorasick_rs import BytesAhoCorasick
from psycopg import sql

from acceptance.mesher_process import MesherProcess, wait_for
from acceptance.planted import Planted, pieces_of, planted

JOURNAL_SECONDS = 90  # segments end after 15 s, and machines are slow


class Searched:
    """Looks for pieces of secrets."""

    def __init__(self, all_planted: list[Planted]) -> None:
        self._pieces = pieces_of(all_planted)
        self._automaton = BytesAhoCorasick([piece.encode() for piece in self._pieces])
        self._where = list(self._pieces.values())

    def find(self, data: bytes) -> set[str]:
        """Where the secrets were planted of which something is in ``data``."""
        return {self._where[index] for index, _, _ in self._automaton.find_matches_as_indexes(data)}


def send_all(mesher: MesherProcess, all_planted: list[Planted]) -> None:
    """Each event through one of the doors that events come in by."""
    target = httpx.URL(mesher.ready["dsn"])
    store_url = f"{mesher.ready['url']}/api{target.path}/store/"
    auth = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={target.username}"}
    with httpx.Client(timeout=30) as client:
        for one in all_planted:
            body = json.dumps(one.event, indent=1 if one.number % 3 == 0 else None)
            if one.number % 5 == 0:
                answer = client.post(store_url, content=body, headers=auth)
            else:
                item = json.dumps({"type": "event", "length": len(body.encode())})
                header = json.dumps({"event_id": one.event["event_id"]})
                answer = client.post(mesher.envelope_url, content=f"{header}\n{item}\n{body}\n")
            assert answer.status_code == 200, answer.text


def dump(mesher: MesherProcess) -> Iterator[tuple[str, bytes]]:
    """Every value of every table, what is packed unpacked."""
    with psycopg.connect(mesher.ready["database_url"]) as conn:
        columns = conn.execute(
            """
            SELECT c.relname, a.attname, a.atttypid = 'bytea'::regtype
            FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
            WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
                AND c.relnamespace = 'public'::regnamespace
            """
        ).fetchall()
        for table, column, is_bytes in columns:
            value = (
                sql.Identifier(column)
                if is_bytes
                else sql.SQL("{}::text").format(sql.Identifier(column))
            )
            query = sql.SQL("SELECT {} FROM {}").format(value, sql.Identifier(table))
            for (found,) in conn.execute(query):
                if found is not None:
                    yield f"{table}.{column}", unpacked(found) if is_bytes else found.encode()


def unpacked(data: bytes) -> bytes:
    """Events are stored with zstd."""
    try:
        return zstandard.decompress(data)
    except zstandard.ZstdError:
        return data


def pages(mesher: MesherProcess) -> Iterator[tuple[str, bytes]]:
    """Every page of the issues and events there are, and what the API says of them."""
    token = {"Authorization": f"Bearer {mesher.ready['api_token']}"}
    project = f"/projects/{mesher.ready['project_id']}/issues"
    with httpx.Client(base_url=mesher.ready["url"], timeout=30, follow_redirects=True) as client:
        form = {"email": mesher.ready["email"], "password": mesher.ready["password"], "next": "/"}
        client.post("/login", data=form, headers={"Origin": mesher.ready["url"]})
        paths = [project]
        while paths:
            page = client.get(paths.pop())
            assert page.status_code == 200, page.text
            yield str(page.url), page.content
            further = re.search(r'href="([^"]*cursor=[^"]*)"', page.text)
            paths += [further[1].replace("&amp;", "&")] if further else []
        for issue_id, event_id in mesher.query("SELECT issue_id, id FROM events"):
            for path in (f"/issues/{issue_id}", f"/issues/{issue_id}/events/{event_id}"):
                yield path, client.get(path).raise_for_status().content
                answer = client.get(f"/api/v1{path}", headers=token)
                yield f"/api/v1{path}", answer.raise_for_status().content


def journal(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        try:
            if path.is_file():
                yield path.name, path.read_bytes()
        except FileNotFoundError:
            continue


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MesherProcess, list[Planted]]]:
    """A Mesher that has digested all events with secrets."""
    with MesherProcess(tmp_path_factory.mktemp("planted"), MESHER_LOG_LEVEL="debug") as mesher:
        mesher.start()
        all_planted = planted()
        send_all(mesher, all_planted)
        mesher.wait_until_digested()
        yield mesher, all_planted
        assert mesher.stop() == 0, mesher.log()


def test_the_secrets_are_all_different_and_each_has_its_event(sent) -> None:
    mesher, all_planted = sent
    assert len({one.secret for one in all_planted}) == len(all_planted) == 200
    unscrubbed = Searched(all_planted).find(json.dumps([one.event for one in all_planted]).encode())
    assert len(unscrubbed) == 200  # what is looked for below is what was sent
    assert mesher.query("SELECT count(*) FROM events") == [(200,)]
    assert mesher.query("SELECT count(*) FROM quarantine") == [(0,)]


def test_no_secret_is_in_the_database_and_what_is_harmless_is(sent) -> None:
    mesher, all_planted = sent
    searched, harmless = Searched(all_planted), {one.marker.encode() for one in all_planted}
    leaks: dict[str, set[str]] = {}
    for name, data in dump(mesher):
        if found := searched.find(data):
            leaks.setdefault(name, set()).update(found)
        harmless -= set(re.findall(rb"kept-marker-\d{4}", data))
    assert leaks == {}
    assert harmless == set()


def test_no_secret_is_on_a_page_or_in_an_answer_of_the_api(sent) -> None:
    mesher, all_planted = sent
    searched, harmless = Searched(all_planted), {one.marker.encode() for one in all_planted}
    leaks: dict[str, set[str]] = {}
    for name, data in pages(mesher):
        if found := searched.find(data):
            leaks[name] = found
        harmless -= set(re.findall(rb"kept-marker-\d{4}", data))
    assert leaks == {}
    assert harmless == set()


def test_no_secret_is_in_the_logs(sent) -> None:
    mesher, all_planted = sent
    assert Searched(all_planted).find(mesher.log().encode()) == set()


def test_no_secret_stays_in_the_journal_or_any_other_file(sent) -> None:
    mesher, all_planted = sent
    searched = Searched(all_planted)

    def is_clean() -> bool:
        found = [searched.find(data) for _, data in journal(mesher.data_dir / "journal")]
        time.sleep(0.5 if any(found) else 0)
        return not any(found)

    wait_for("a journal without secrets", is_clean, seconds=JOURNAL_SECONDS)
    assert {
        name: searched.find(data) for name, data in journal(mesher.data_dir) if searched.find(data)
    } == {}
