"""
Any event payload to a complete ``Event``: the one entry point is ``event_from_payload``.

Pure and total: whatever JSON object comes in, an event comes out, with ``errors`` that say what was
dropped or changed. The same input gives the same event.
"""

from __future__ import annotations

from mesher.protocol import limits
from mesher.protocol.client_hints import HINTS, parse_client_hints
from mesher.protocol.event import Event, EventType, ExceptionValue, User
from mesher.protocol.exceptions import finish_exceptions, finish_threads
from mesher.protocol.lenient import Notes
from mesher.protocol.parse import parse_event
from mesher.protocol.signals import name_signals
from mesher.protocol.software import split_client
from mesher.protocol.stacktrace import finish_frame, finish_stacktrace
from mesher.protocol.tags import complete_tags
from mesher.protocol.user import AUTO_ADDRESS, parse_address
from mesher.protocol.user_agent import parse_user_agent

# Clients on a user's own machine: there the connection's address is the user's.
_CLIENT_PLATFORMS = frozenset({"javascript", "cocoa", "objc"})
_NOBODY = User()
_CLIENT_HEADERS = frozenset(["User-Agent", *HINTS])


def event_from_payload(
    payload: bytes,
    *,
    event_id: str | None,
    received_at: float,
    sent_at: float | None,
    client: str | None,
    client_ip: str | None,
) -> Event:
    """
    Normalise one event.

    Args:
        payload: the JSON of the event as a client sent it.
        event_id: 32 hex digits; ``None`` takes the payload's own.
        received_at: the server's clock at receipt, seconds since the epoch.
        sent_at: the client's clock when it sent the request; ``None`` when it did not say.
        client: ``name/version`` from the credentials, for events that do not name their SDK.
        client_ip: the address the request came from.

    Raises:
        ProtocolError: the payload is not a JSON object, or neither it nor the caller has an id.
    """
    event, notes = parse_event(payload, event_id=event_id, default_timestamp=received_at)
    _correct_times(event, received_at, sent_at, notes)
    _place_stacktrace(event)
    event.exception = finish_exceptions(event.exception, notes)
    if event.stacktrace is not None:
        event.stacktrace = finish_stacktrace(event.stacktrace, notes, "stacktrace")
        _place_stacktrace(event)  # of several exceptions, one may be left
    if event.threads:
        event.threads = finish_threads(event.threads, notes)
        _place_thread_trace(event)
    name_signals(event)
    if event.template is not None:
        finish_frame(event.template, notes, "template")
    event.type = _infer_type(event)
    if event.sdk is None:
        event.sdk = split_client(client)
    _fill_address(event, client_ip)
    _fill_client(event)
    event.tags = complete_tags(event)
    event.errors = notes.errors
    return event


def _correct_times(event: Event, received_at: float, sent_at: float | None, notes: Notes) -> None:
    """
    Correct a client's wrong clock.

    A clock that is off by ``CLOCK_DRIFT_SECONDS`` when the client sends is off in all its times. What
    remains in the future, or older than any event is kept, is moved to the time of receipt. A
    breadcrumb without a time has its event's.
    """
    shift = 0.0
    if sent_at is not None and abs(received_at - sent_at) >= limits.CLOCK_DRIFT_SECONDS:
        shift = received_at - sent_at
        notes.add("clock_drift", "timestamp", round(shift))
    corrected = event.timestamp + shift
    if corrected > received_at + limits.FUTURE_SECONDS:
        notes.add("future_timestamp", "timestamp", event.timestamp)
        shift = received_at - event.timestamp
    elif corrected < received_at - limits.PAST_SECONDS:
        notes.add("past_timestamp", "timestamp", event.timestamp)
        shift = received_at - event.timestamp
    event.timestamp += shift
    for crumb in event.breadcrumbs:
        if crumb.timestamp is None:
            crumb.timestamp = event.timestamp
        elif shift:
            crumb.timestamp = min(max(0.0, crumb.timestamp + shift), limits.LATEST_TIMESTAMP)


def _place_stacktrace(event: Event) -> None:
    """A stack trace beside exactly one exception is that exception's."""
    if event.stacktrace is not None and len(event.exception) == 1:
        exception: ExceptionValue = event.exception[0]
        exception.stacktrace = event.stacktrace
        event.stacktrace = None


def _place_thread_trace(event: Event) -> None:
    """
    A raised exception without a stack trace has that of the thread which it names.

    The other way round nothing is to do: such a thread has its stack trace through the exception.
    """
    raised = event.exception[-1] if event.exception else None
    if raised is None or raised.stacktrace is not None or raised.thread_id is None:
        return
    for thread in event.threads:
        if thread.id == raised.thread_id and thread.stacktrace is not None:
            raised.stacktrace, thread.stacktrace = thread.stacktrace, None
            break


def _infer_type(event: Event) -> EventType:
    if event.type in {"transaction", "feedback"}:
        return event.type
    if event.exception:
        return "error"
    return "csp" if event.csp is not None else "default"


def _fill_address(event: Event, client_ip: str | None) -> None:
    """
    Put an address where the client asked for it, or where it is the user's by the nature of the SDK.

    ``{{auto}}`` asks; ``infer_ip: never`` forbids; servers' events carry REMOTE_ADDR of their client.
    """
    user = event.user or User()
    infer = (event.sdk.settings or {}).get("infer_ip") if event.sdk else None
    asked = user.ip_address == AUTO_ADDRESS
    if asked:
        user.ip_address = None
    if infer != "never" and not user.ip_address:
        env = (event.request.env if event.request else None) or {}
        wanted = asked or infer == "auto" or event.platform in _CLIENT_PLATFORMS
        given = client_ip if wanted else env.get("REMOTE_ADDR")
        user.ip_address = parse_address(given) if isinstance(given, str) else None
    event.user = None if user == _NOBODY else user


def _fill_client(event: Event) -> None:
    """
    The browser that sent the request, where the SDK does not say it; its hints say more than its
    frozen header.

    The system that it runs on is the event's own in a browser, and ``client_os`` on a server.
    """
    headers = (event.request.headers if event.request else None) or []
    said = {name: text for name, text in headers if name in _CLIENT_HEADERS}
    if not said:
        return
    found = parse_user_agent(said.pop("User-Agent", ""))
    if said:
        found = {**found, **parse_client_hints(said)}
    for kind, context in found.items():
        name = "client_os" if kind == "os" and event.platform != "javascript" else kind
        if len(event.contexts) < limits.MAX_CONTEXTS:
            event.contexts.setdefault(name, {**context, "type": kind})
