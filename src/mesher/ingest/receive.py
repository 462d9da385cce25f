"""
Receive: authenticate, check the frame, append to the journal; only then is a client told 200.

No event payload is parsed on the envelope path, save for the id of an event whose envelope names
none. All functions take a ``Submission``, the request without its transport.
"""

from __future__ import annotations

import ipaddress
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from mesher.errors import AuthError, ProtocolError, Unavailable
from mesher.ids import parse_uuid
from mesher.ingest.journal import JournalFull, JournalWriter, Record, RecordKind, encode_record
from mesher.ingest.project_keys import ProjectKeys
from mesher.protocol.auth import Credentials, parse_credentials, parse_dsn
from mesher.protocol.encoding import decode_body, decode_store_body
from mesher.protocol.envelope import Envelope, parse_envelope
from mesher.protocol.limits import MAX_ENVELOPE_BYTES, MAX_EVENT_BYTES
from mesher.protocol.outcomes import CARRIES_EVENT_ID
from mesher.protocol.security import parse_security_reports
from mesher.storage.ingest_keys import IngestKey
from mesher.types import EventPayload

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# SDKs do not retry, so a proxy in front may; a minute is about what a full disk needs to be seen.
JOURNAL_FULL_RETRY_SECONDS = 60
# One bulk request is one journal record and is digested in one go.
MAX_BULK_EVENTS = 1000
# Headers that name the client's address, in Relay's order of precedence.
_FORWARDED_HEADERS = (
    "cf-connecting-ip",
    "x-vercel-forwarded-for",
    "x-sentry-forwarded-for",
    "x-forwarded-for",
)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One request to an ingest endpoint, read in full."""

    project_number: int | None  # from the path; None where the path names no project
    query_string: str
    headers: Mapping[str, str]  # names in lower case
    peer_ip: str  # the address of the other end of the connection; may be empty
    body: bytes = field(repr=False)  # as sent, content coding not undone


@dataclass(frozen=True, kw_only=True)
class Received:
    """What a client is told: the ids of the events that are now safe, in order."""

    event_ids: list[str]


class _EventIdOnly(msgspec.Struct):
    event_id: object = None


class Receiver:
    """The receive step of one web process."""

    def __init__(
        self,
        keys: ProjectKeys,
        journal: JournalWriter,
        *,
        trusted_proxies: Sequence[Network] = (),
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._keys = keys
        self._journal = journal
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
        credentials = _credentials(request)
        if credentials is None:  # then the envelope has to say whose it is
            envelope = parse_envelope(_decoded(request, max_bytes=MAX_ENVELOPE_BYTES))
            credentials = _credentials_of_envelope(envelope, request.project_number)
            key = await self._keys.find(credentials.public_key, request.project_number)
        else:
            key = await self._keys.find(credentials.public_key, request.project_number)
            envelope = parse_envelope(_decoded(request, max_bytes=MAX_ENVELOPE_BYTES))
            if envelope.header.dsn:
                _check_same_project(credentials, key, envelope.header.dsn)
        event_ids = _envelope_event_ids(envelope)
        await self._append("envelope", request, key, credentials, event_ids)
        return Received(event_ids=event_ids)

    async def receive_store(self, request: Submission) -> Received:
        """
        Take one event as JSON (protocol: ``POST /api/{id}/store/``); raises as ``receive_envelope``.
        """
        if request.headers.get("content-type", "").startswith("application/x-sentry-envelope"):
            return await self.receive_envelope(request)
        credentials, key = await self._require_key(request)
        payload = decode_store_body(
            _decoded(request, max_bytes=MAX_EVENT_BYTES), max_bytes=MAX_EVENT_BYTES
        )
        event_ids = [_payload_event_id(payload)]
        await self._append("store", request, key, credentials, event_ids)
        return Received(event_ids=event_ids)

    async def receive_security(self, request: Submission) -> Received:
        """
        Take a browser's security reports (protocol: ``POST /api/{id}/security/``): one event each.
        """
        credentials, key = await self._require_key(request)
        reports = parse_security_reports(
            _decoded(request, max_bytes=MAX_EVENT_BYTES),
            content_type=request.headers.get("content-type", ""),
        )
        event_ids = [uuid.uuid4().hex for _ in reports]
        await self._append("security", request, key, credentials, event_ids)
        return Received(event_ids=event_ids)

    async def receive_native(self, request: Submission, *, bulk: bool) -> Received:
        """
        Take one event, or with ``bulk`` a list of them, in Mesher's own JSON form.

        Raises:
            ProtocolError: names the field that does not fit; of a bulk request nothing is kept then.
        """
        credentials, key = await self._require_key(request)
        body = _decoded(request, max_bytes=MAX_ENVELOPE_BYTES)
        event_ids = [
            _native_event_id(event.event_id) for event in _read_native_events(body, bulk=bulk)
        ]
        await self._append("native", request, key, credentials, event_ids)
        return Received(event_ids=event_ids)

    async def _require_key(self, request: Submission) -> tuple[Credentials, IngestKey]:
        credentials = _credentials(request)
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
    ) -> None:
        record = Record(
            kind=kind,
            project_id=key.project_id,
            received_at_us=self._next_time_us(),
            event_ids=event_ids,
            content_encoding=request.headers.get("content-encoding", ""),
            client=credentials.client or "",
            client_ip=client_ip(request, self._trusted_proxies),
            context=_context(kind, request),
            body=request.body,
        )
        try:
            await self._journal.append(encode_record(record))
        except JournalFull as error:
            raise Unavailable(
                f"the event could not be kept: {error}",
                retry_after_seconds=JOURNAL_FULL_RETRY_SECONDS,
            ) from error

    def _next_time_us(self) -> int:
        """
        The time of receipt, in microseconds since the epoch, later for each record than for the last.

        Events are stored under their id and this time, so two projects that are sent the same id at
        once stay apart; and a clock that jumps back does not reorder what arrives.
        """
        self._last_received_at_us = max(self._clock() // 1000, self._last_received_at_us + 1)
        return self._last_received_at_us


def client_ip(request: Submission, trusted_proxies: Sequence[Network]) -> str:
    """
    The address of the client: the peer's, or what a trusted proxy says it is.

    An address from a header is believed only when the peer is in ``trusted_proxies``; anyone can
    send the header.
    """
    peer = request.peer_ip
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:  # a Unix socket has no address
        return peer
    if any(address in network for network in trusted_proxies):
        for name in _FORWARDED_HEADERS:
            first = request.headers.get(name, "").split(",")[0].strip()
            if first:
                return first
    return peer


def _decoded(request: Submission, *, max_bytes: int) -> bytes:
    return decode_body(request.body, request.headers.get("content-encoding"), max_bytes=max_bytes)


def _credentials(request: Submission) -> Credentials | None:
    return parse_credentials(
        sentry_auth=request.headers.get("x-sentry-auth"),
        authorization=request.headers.get("authorization"),
        query_string=request.query_string,
    )


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


def _envelope_event_ids(envelope: Envelope) -> list[str]:
    """The id that the envelope's items share: the header's, else the payload's, else a new one."""
    items = [item for item in envelope.items if item.type in CARRIES_EVENT_ID]
    if not items:
        return []
    given = parse_uuid(envelope.header.event_id)
    if given is None:
        return [_payload_event_id(items[0].payload)]
    return [given.hex]


def _payload_event_id(payload: bytes) -> str:
    try:
        given = parse_uuid(msgspec.json.decode(payload, type=_EventIdOnly).event_id)
    except msgspec.DecodeError:  # what is wrong with the payload is for digest to say
        given = None
    return (given or uuid.uuid4()).hex


def _native_event_id(given: str | None) -> str:
    parsed = parse_uuid(given)
    if given is not None and parsed is None:
        raise ProtocolError(f"event_id {given!r} is not a uuid", field="event_id")
    return (parsed or uuid.uuid4()).hex


def _read_native_events(body: bytes, *, bulk: bool) -> list[EventPayload]:
    try:
        if not bulk:
            return [msgspec.json.decode(body, type=EventPayload)]
        events = msgspec.json.decode(body, type=list[EventPayload])
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `")
        raise ProtocolError(reason, field=path.rstrip("`").removeprefix("$").lstrip(".")) from error
    except msgspec.DecodeError as error:
        raise ProtocolError(f"the body is not JSON: {error}") from error
    if len(events) > MAX_BULK_EVENTS:
        raise ProtocolError(
            f"{len(events)} events in one request; the limit is {MAX_BULK_EVENTS}",
            hint="send them in several requests",
        )
    return events


def _context(kind: RecordKind, request: Submission) -> dict[str, str]:
    if kind != "security":
        return {}
    # A browser's report says nothing of the browser, its release or environment: these do.
    names = ("user-agent", "referer", "content-type")
    context = {name: request.headers[name] for name in names if name in request.headers}
    return {**context, "query": request.query_string}
