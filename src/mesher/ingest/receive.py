"""
Receive: authenticate, check the frame, append to the journal; only then is a client told 200.

No event payload is parsed on the envelope path, save for the id of an event whose envelope names
none.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from mesher.errors import AuthError, ProtocolError, TooLarge, Unavailable
from mesher.ingest.admission import Item, admit, reason_refused
from mesher.ingest.event_ids import envelope_event_ids, native_event_ids, payload_event_id
from mesher.ingest.journal import JournalFull, JournalWriter, Record, RecordKind, encode_record
from mesher.ingest.project_keys import ProjectKeys
from mesher.ingest.quota import Quota
from mesher.ingest.refusals import Refusals
from mesher.ingest.submission import Network, Submission
from mesher.protocol.auth import Credentials, parse_dsn
from mesher.protocol.encoding import decode_store_body
from mesher.protocol.envelope import Envelope, parse_envelope
from mesher.protocol.limits import MAX_ENVELOPE_BYTES, MAX_EVENT_BYTES
from mesher.protocol.outcomes import item_category
from mesher.protocol.security import parse_security_reports
from mesher.values.ingest_key import IngestKey

# SDKs do not retry, so a proxy in front may; a minute is about what a full disk needs to be seen.
JOURNAL_FULL_RETRY_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Received:
    """What a client is told: the ids of the events that are now safe, in order."""

    event_ids: list[str]


class Receiver:
    """The receive step of one web process."""

    def __init__(
        self,
        keys: ProjectKeys,
        journal: JournalWriter,
        *,
        refusals: Refusals,
        quota: Quota,
        trusted_proxies: Sequence[Network] = (),
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._keys = keys
        self._journal = journal
        self._refusals = refusals
        self._quota = quota
        self._trusted_proxies = trusted_proxies
        self._clock = clock
        self._last_received_at_us = 0

    async def receive_envelope(self, request: Submission) -> Received:
        """
        Take an envelope (protocol: ``POST /api/{id}/envelope/``).

        Returns:
            The id of the event that the envelope is about; none when it carries no such item.

        Raises:
            AuthError, Forbidden: no credentials, or not of this project.
            ProtocolError (and children): the frame is malformed or over a limit.
            Unavailable: the journal cannot keep it.
        """
        credentials = request.credentials()
        if credentials is None:  # then the envelope has to say whose it is
            envelope = parse_envelope(request.decoded_body(max_bytes=MAX_ENVELOPE_BYTES))
            credentials = _credentials_of_envelope(envelope, request.project_number)
            key = await self._keys.find(credentials.public_key, request.project_number)
        else:
            key = await self._keys.find(credentials.public_key, request.project_number)
            with self.counting(key):
                envelope = parse_envelope(request.decoded_body(max_bytes=MAX_ENVELOPE_BYTES))
                if envelope.header.dsn:
                    _check_same_project(credentials, key, envelope.header.dsn)
        event_ids = envelope_event_ids(envelope)
        items = _items_of_envelope(envelope, event_ids)
        await self._append("envelope", request, key, credentials, event_ids, items=items)
        return Received(event_ids=event_ids)

    async def receive_store(self, request: Submission) -> Received:
        """
        Take one event as JSON (protocol: ``POST /api/{id}/store/``); raises as ``receive_envelope``.
        """
        if request.headers.get("content-type", "").startswith("application/x-sentry-envelope"):
            return await self.receive_envelope(request)
        credentials, key = await self.require_key(request)
        with self.counting(key):
            payload = decode_store_body(
                request.decoded_body(max_bytes=MAX_EVENT_BYTES), max_bytes=MAX_EVENT_BYTES
            )
        event_ids = [payload_event_id(payload)]
        await self._append("store", request, key, credentials, event_ids)
        return Received(event_ids=event_ids)

    async def receive_security(self, request: Submission) -> Received:
        """
        Take a browser's security reports (protocol: ``POST /api/{id}/security/``): one event each.
        """
        credentials, key = await self.require_key(request)
        with self.counting(key):
            reports = parse_security_reports(
                request.decoded_body(max_bytes=MAX_EVENT_BYTES),
                content_type=request.headers.get("content-type", ""),
            )
        event_ids = [uuid.uuid4().hex for _ in reports]
        items = [Item("security", event_id) for event_id in event_ids]
        await self._append("security", request, key, credentials, event_ids, items=items)
        return Received(event_ids=event_ids)

    async def receive_native(self, request: Submission, *, bulk: bool) -> Received:
        """
        Take one event, or with ``bulk`` a list of them, in Mesher's own JSON form.

        Raises:
            ProtocolError: names the field that does not fit; of a bulk request nothing is kept then.
        """
        credentials, key = await self.require_key(request)
        with self.counting(key):
            body = request.decoded_body(max_bytes=MAX_ENVELOPE_BYTES)
            event_ids = native_event_ids(body, bulk=bulk)
        await self._append("native", request, key, credentials, event_ids)
        return Received(event_ids=event_ids)

    async def refuse_unread(self, request: Submission) -> None:
        """Count a request whose body is too large to be read, where its headers say whose it is."""
        with suppress(AuthError, ProtocolError, Unavailable):
            _, key = await self.require_key(request)
            self._refusals.count(key.project_id, "error", "too_large")

    async def require_key(self, request: Submission) -> tuple[Credentials, IngestKey]:
        """
        Who sends, and the key of theirs.

        Raises:
            AuthError, Forbidden: no credentials, or not of this project.
        """
        credentials = request.credentials()
        if credentials is None:
            raise _missing_credentials()
        return credentials, await self._keys.find(credentials.public_key, request.project_number)

    async def _append(
        self,
        kind: RecordKind,
        request: Submission,
        key: IngestKey,
        credentials: Credentials,
        event_ids: list[str],
        *,
        items: Sequence[Item] | None = None,
    ) -> None:
        """
        Keep what the project lets in of a request.

        Args:
            items: what the request holds; without it, an ``error`` for each of ``event_ids``.

        Raises:
            RateLimited: a limit refused some items; the others are kept.
            Unavailable: the journal cannot take it; nothing is kept.
        """
        if items is None:
            items = [Item("error", event_id) for event_id in event_ids]
        if not items:
            return  # an envelope of nothing but its header: no limit counts it, and nothing is lost
        client_ip = request.client_ip(self._trusted_proxies)
        refused, rate_limited = admit(
            self._quota, key, items, client_ip=client_ip, now=time.monotonic()
        )
        reasons = [reason_refused(refused, *item) for item in items] if refused else []
        if refused and all(reasons):
            for item, reason in zip(items, reasons, strict=True):
                self._refusals.count(key.project_id, item.category, reason or "")
        else:
            record = Record(
                kind=kind,
                project_id=key.project_id,
                received_at_us=self._next_time_us(),
                event_ids=event_ids,
                content_encoding=request.headers.get("content-encoding", ""),
                client=credentials.client or "",
                client_ip=client_ip,
                context=_context(kind, request, credentials),
                body=request.body,
                refused=dict(refused),
            )
            await self._keep(record, items)
        if rate_limited:
            raise rate_limited

    async def _keep(self, record: Record, items: Sequence[Item]) -> None:
        try:
            await self._journal.append(encode_record(record))
        except JournalFull as error:
            for category, _ in items:
                self._refusals.count(record.project_id, category, "over_quota")
            raise Unavailable(
                f"the event could not be kept: {error}",
                retry_after_seconds=JOURNAL_FULL_RETRY_SECONDS,
            ) from error

    @contextmanager
    def counting(self, key: IngestKey, category: str = "error") -> Iterator[None]:
        """
        Count a request that cannot be read as one item: what is in it cannot be told.

        Args:
            key: whose ledger counts it.
            category: of what such a request holds.

        Raises:
            ProtocolError (and children): as the block.
        """
        try:
            yield
        except TooLarge:
            self._refusals.count(key.project_id, category, "too_large")
            raise
        except ProtocolError:
            self._refusals.count(key.project_id, category, "invalid")
            raise

    def _next_time_us(self) -> int:
        """
        The time of receipt, in microseconds since the epoch, later for each record than for the last.

        Events are stored under their id and this time, so two projects that are sent the same id at
        once stay apart; and a clock that jumps back does not reorder what arrives.
        """
        self._last_received_at_us = max(self._clock() // 1000, self._last_received_at_us + 1)
        return self._last_received_at_us


def _items_of_envelope(envelope: Envelope, event_ids: list[str]) -> list[Item]:
    event_id = event_ids[0] if event_ids else ""
    return [Item(item_category(item.type), event_id) for item in envelope.items]


def _missing_credentials() -> AuthError:
    return AuthError(
        "the request carries no key",
        hint="send X-Sentry-Auth, sentry_key in the query, or an Authorization header",
    )


def _credentials_of_envelope(envelope: Envelope, project_number: int | None) -> Credentials:
    if not envelope.header.dsn:
        raise _missing_credentials()
    dsn = parse_dsn(envelope.header.dsn)
    if project_number is not None and dsn.project_number != project_number:
        raise ProtocolError("the envelope's dsn is of another project than the path")
    return Credentials(public_key=dsn.public_key)


def _check_same_project(credentials: Credentials, key: IngestKey, envelope_dsn: str) -> None:
    dsn = parse_dsn(envelope_dsn)
    if dsn.public_key != credentials.public_key or dsn.project_number != key.project_number:
        raise ProtocolError("the envelope's dsn and the request's key differ")


def _context(kind: RecordKind, request: Submission, credentials: Credentials) -> dict[str, str]:
    if kind != "security":
        return {"sentry_timestamp": credentials.sent_at} if credentials.sent_at else {}
    # A browser's report says nothing of the browser, its release or environment: these do.
    names = ("user-agent", "referer", "content-type")
    context = {name: request.headers[name] for name in names if name in request.headers}
    return {**context, "query": request.query_string}
