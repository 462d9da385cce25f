"""Sending mail by the server that the operator names."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Final
from urllib.parse import unquote, urlsplit

# A server that is up answers in a second or two; the job is tried again later.
TIMEOUT_SECONDS: Final = 20
_PORTS: Final = {"smtp": 587, "smtps": 465}


class Mailer:
    """Sends by one server, one connection for each mail."""

    def __init__(self, smtp_url: str, sender: str) -> None:
        """
        Args:
            smtp_url: ``smtp://user:password@host:587``, which is encrypted where the server offers it,
                or ``smtps://``, which is from the beginning; as the settings have checked.
            sender: the address that mail comes from.
        """
        self._url = urlsplit(smtp_url)
        self._sender = sender

    def send(self, *, to: str, subject: str, text: str, message_id: str | None = None) -> None:
        """
        Hand a mail to the server.

        Args:
            to: one address.
            subject: one line.
            text: plain.
            message_id: the same for the same mail, so that a mailbox shows one that was sent twice
                once; ``None`` = of its own.

        Raises:
            smtplib.SMTPException: the server refuses it, or the log-in.
            OSError: the server cannot be reached, or its certificate is not valid.
        """
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = to
        message["Subject"] = subject
        domain = self._sender.rpartition("@")[2]
        message["Message-ID"] = (
            f"<{message_id}@{domain}>" if message_id else make_msgid(domain=domain)
        )
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers of absent people
        message.set_content(text)
        with self._connect() as server:
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
            server.send_message(message)

    def _connect(self) -> smtplib.SMTP:
        host, scheme = self._url.hostname or "", self._url.scheme
        port = self._url.port or _PORTS[scheme]
        context = ssl.create_default_context()
        if scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
        server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
        elif self._url.username:
            server.close()
            raise smtplib.SMTPNotSupportedError(
                "the mail server offers no encryption, and the password is not sent without"
            )
        return server
