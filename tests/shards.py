"""A shard of the journal with its digester, for tests that need no web process."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import psycopg

from mesher.ingest.digest import Symbolicate
from mesher.ingest.digester import ShardDigester
from mesher.ingest.journal import Record, encode_record
from mesher.ingest.journal_sqlite import SegmentAppender, SegmentReader
from mesher.ingest.marker import Marker

PROJECT = uuid.UUID(int=1)


class Shard:
    """One journal shard and its digester, which can be replaced as if its process had died."""

    def __init__(
        self,
        folder: Path,
        conn: psycopg.Connection,
        *,
        project_id: uuid.UUID = PROJECT,
        symbolicate: Symbolicate | None = None,
    ) -> None:
        self.folder = folder
        self.conn = conn
        self.project_id = project_id
        self.symbolicate = symbolicate
        self.appender = SegmentAppender(folder)
        self.digester = self.new_digester()

    def new_digester(self) -> ShardDigester:
        self.digester = ShardDigester(
            SegmentReader(self.folder),
            Marker(self.folder / "in-hand"),
            symbolicate=self.symbolicate,
        )
        return self.digester

    def append(self, *bodies: bytes, received_at: datetime | None = None) -> None:
        moment = received_at.timestamp() if received_at else time.time()
        append(
            self.appender,
            [
                encode_record(
                    Record(
                        kind="store",
                        project_id=self.project_id,
                        received_at_us=int(moment * 1e6),
                        event_ids=[uuid.uuid4().hex],
                        content_encoding="",
                        client="test/1.0",
                        client_ip="192.0.2.7",
                        context={},
                        body=body,
                    )
                )
                for body in bodies
            ],
        )

    def drain(self) -> None:
        while self.digester.digest_next(self.conn):
            pass

    def messages(self) -> list[str]:
        found = self.conn.execute("SELECT message FROM events ORDER BY message").fetchall()
        return [message for (message,) in found]

    def quarantine(self) -> list[tuple[int, str]]:
        return self.conn.execute("SELECT position, reason FROM quarantine").fetchall()

    def close(self) -> None:
        self.digester.close()
        self.appender.close()


def tend(appender: SegmentAppender) -> None:
    """What the journal of a web process does with its segments between two groups."""
    appender.close_removed()
    if appender.is_segment_due():
        appender.begin_segment()


def append(appender: SegmentAppender, records: Sequence[bytes]) -> None:
    """Append a group and make it durable, as the journal of a web process does."""
    appender.write(records)
    appender.flush()
    tend(appender)


def refuse_message(conn: psycopg.Connection, message: str) -> None:
    """Make the database refuse one event, as a bug of ours or a limit of PostgreSQL's would."""
    conn.execute(f"""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.message = '{message}' THEN RAISE EXCEPTION 'no such %', NEW.message; END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse();
    """)
