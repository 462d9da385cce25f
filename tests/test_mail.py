"""Mail, as a real server gets it."""

from __future__ import annotations

import smtplib

import pytest

from mailbox_server import running_mailbox
from mesher.mail import Mailer


def test_a_mail_arrives_as_it_was_written() -> None:
    with running_mailbox() as mailbox:
        Mailer(mailbox.url, "mesher@example.com").send(
            to="ada@example.com", subject="Grüße", text="Zeile eins\nZeile zwei\n"
        )
    [message] = mailbox.messages
    assert (message["From"], message["To"]) == ("mesher@example.com", "ada@example.com")
    assert message["Subject"] == "Grüße"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@example.com>")
    assert message.get_content().splitlines() == ["Zeile eins", "Zeile zwei"]


def test_a_subject_cannot_smuggle_headers() -> None:
    with running_mailbox() as mailbox, pytest.raises(ValueError, match=r"newline|linefeed"):
        Mailer(mailbox.url, "mesher@example.com").send(
            to="ada@example.com", subject="x\nBcc: eve@example.com", text=""
        )
    assert mailbox.messages == []


def test_a_password_is_not_sent_without_encryption() -> None:
    with running_mailbox() as mailbox:
        url = mailbox.url.replace("://", "://user:secret@")
        with pytest.raises(smtplib.SMTPNotSupportedError):
            Mailer(url, "mesher@example.com").send(to="ada@example.com", subject="x", text="")
    assert mailbox.messages == []


def test_a_refusal_and_an_absent_server_are_errors() -> None:
    with running_mailbox() as mailbox:
        mailbox.refusals = 1
        mailer = Mailer(mailbox.url, "mesher@example.com")
        with pytest.raises(smtplib.SMTPException):
            mailer.send(to="ada@example.com", subject="x", text="")
    with pytest.raises(OSError, match="refused"):
        mailer.send(to="ada@example.com", subject="x", text="")
