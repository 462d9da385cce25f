"""
The mail with a link for another password, which a job makes and sends.

The page queues the job for any e-mail alike: whether somebody has it is found out here, so that neither an answer
nor its duration tells.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Final

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.mail import Mailer
from mesher.secret_box import SecretBox
from mesher.storage.new_password_resets import insert_reset

# Mail takes minutes at worst, and a mailbox may be read by others later.
LIFETIME_SECONDS: Final = 3600
TOKEN_BYTES: Final = 32

log = structlog.get_logger(__name__)


def mail_password_reset(
    conn: Connection[TupleRow], box: SecretBox, mailer: Mailer, url: str, *, sealed_email: str
) -> None:
    """
    Make a link and mail it, if somebody has the e-mail.

    Args:
        conn: in autocommit mode.
        box: opens the e-mail.
        mailer: sends.
        url: of this Mesher, without a slash at the end.
        sealed_email: of the form, in lower case, sealed, as base64.

    Raises:
        SetupError: it was sealed by another key.
        smtplib.SMTPException, OSError: it cannot be sent now.
    """
    email = box.open(base64.b64decode(sealed_email))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    token_hash = hashlib.sha256(token.encode()).hexdigest()
    with conn.transaction():
        found = insert_reset(
            conn, email=email, token_hash=token_hash, lifetime_seconds=LIFETIME_SECONDS
        )
        if found:
            mailer.send(
                to=email,
                subject="Another password for Mesher",
                text=f"""Somebody, probably you, asked for another password at {url}.

Choose one here, within an hour:

    {url}/reset/{token}

If it was not you, nothing has changed, and you can leave this mail alone.
""",
            )
    log.info("password_reset_asked", mailed=found)
