"""Sending one notification by e-mail, signed webhook or Apprise, and what the receiver said."""

from __future__ import annotations

import hashlib
import hmac
import logging
import smtplib
import time
from collections.abc import Sequence
from typing import Final

import apprise
import httpx2
import msgspec

from mesher.alerting.message import Notification
from mesher.alerting.outgoing import public_addresses_only
from mesher.errors import MesherError
from mesher.ingest.submission import Network
from mesher.mail import Mailer
from mesher.values.alert_action import Apprise, Webhook

# A receiver that is up answers in a second or two.
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0
# Of an answer: what the delivery log shows.
MAX_ANSWER_BYTES: Final = 1000
MAX_REDIRECTS: Final = 3
# What Apprise also knows: the desktop, the log and the devices of the machine that it runs on.
_ON_THIS_MACHINE: Final = frozenset(
    {"blink1", "dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"}
)


class NotDelivered(MesherError):
    """
    A receiver did not take a notification.

    ``message`` says why, in the receiver's words where it had any.
    """


def send_mail(mailer: Mailer, to: Sequence[str], notification: Notification) -> str:
    """
    Mail a notification, to each recipient by itself, so that none learns of the others.

    Returns:
        What the delivery log shows.

    Raises:
        NotDelivered: a mail was not taken; those before it were.
    """
    if not to:
        raise NotDelivered("there is nobody to mail it to")
    for address in to:
        try:
            mailer.send(
                to=address,
                subject=notification.subject,
                text=notification.text,
                message_id=f"{notification.id}.{hashlib.sha256(address.encode()).hexdigest()[:16]}",
            )
        except (smtplib.SMTPException, OSError) as error:
            raise NotDelivered(f"mail to {address}: {error}") from error
    return f"mailed to {', '.join(to)}"


def send_webhook(action: Webhook, notification: Notification, allowed: Sequence[Network]) -> str:
    """
    Post a notification to an address, signed.

    ``Mesher-Signature: t=<seconds>,v1=<hex>`` is the HMAC-SHA256 of ``<seconds>.<body>`` with the secret,
    so that a receiver can refuse what is forged or old. ``Idempotency-Key`` is the same for each try.

    Returns:
        The status and the beginning of the answer.

    Raises:
        NotDelivered: it could not be sent, or was not answered with 2xx.
    """
    body = msgspec.json.encode(notification)
    now = int(time.time())
    digest = hmac.new(action.secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Mesher",
        "Mesher-Signature": f"t={now},v1={digest}",
        "Idempotency-Key": str(notification.id),
    }
    timeout = httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
    try:
        with (
            public_addresses_only(allowed),
            httpx2.Client(
                timeout=timeout,
                follow_redirects=True,
                max_redirects=MAX_REDIRECTS,
                trust_env=False,  # a proxy of the environment would connect for us, unchecked
            ) as client,
            client.stream("POST", action.url, content=body, headers=headers) as answer,
        ):
            said = f"{answer.status_code} {_beginning(answer)}".rstrip()
            if answer.is_success:
                return said
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise NotDelivered(_reason(error)) from error
    raise NotDelivered(said)


def send_apprise(action: Apprise, notification: Notification, allowed: Sequence[Network]) -> str:
    """
    Send a notification by a service that Apprise knows.

    Returns:
        What the delivery log shows.

    Raises:
        NotDelivered: Apprise does not know the service, or could not send.
    """
    capture = apprise.LogCapture(level=logging.WARNING, fmt="%(message)s")  # type: ignore[no-untyped-call]
    with capture as log:
        if action.url.partition("://")[0].lower() in _ON_THIS_MACHINE:
            raise NotDelivered("that is no service but something on the machine of the server")
        service = apprise.Apprise.instantiate(action.url)
        if service is None:
            raise NotDelivered("Apprise cannot read the URL; look it up with its service")
        service.socket_connect_timeout = CONNECT_SECONDS
        service.socket_read_timeout = ANSWER_SECONDS
        try:
            with public_addresses_only(allowed):
                sent = service.notify(body=notification.text, title=notification.subject)
        except Exception as error:
            raise NotDelivered(_reason(error)) from error
        if sent:
            return f"sent by {service.service_name}"
        said = " ".join(log.getvalue().split())[:MAX_ANSWER_BYTES]
    raise NotDelivered(said or f"{service.service_name} did not take it")


def _beginning(answer: httpx2.Response) -> str:
    """The beginning of a body, which may be endless and may never end."""
    until = time.monotonic() + ANSWER_SECONDS
    content = b""
    for part in answer.iter_bytes(MAX_ANSWER_BYTES):
        content += part
        if len(content) >= MAX_ANSWER_BYTES or time.monotonic() > until:
            break
    return " ".join(content[:MAX_ANSWER_BYTES].decode("utf-8", "replace").split())


def _reason(error: BaseException) -> str:
    """What was wrong at the bottom: libraries wrap what the connection said."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return f"{type(error).__name__}: {error}".rstrip(": ")
