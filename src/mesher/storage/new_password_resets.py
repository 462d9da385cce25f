"""Links for people who have forgotten their password, as the job that mails them makes them."""

from __future__ import annotations

from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

# Who has this e-mail, by the unique index on it; earlier links end, by idx_password_resets_user.
_REPLACE: LiteralString = """
    WITH found AS (SELECT id FROM users WHERE email = %(email)s),
        ended AS (DELETE FROM password_resets USING found WHERE user_id = found.id)
    INSERT INTO password_resets (token_hash, user_id, expires_at)
    SELECT %(token_hash)s, found.id, now() + make_interval(secs => %(seconds)s) FROM found
    RETURNING 1
"""


def insert_reset(
    conn: Connection[TupleRow], *, email: str, token_hash: str, lifetime_seconds: float
) -> bool:
    """Make a link for whoever has an e-mail, in the place of earlier ones; ``False``: nobody has."""
    values = {"email": email, "token_hash": token_hash, "seconds": lifetime_seconds}
    return conn.execute(_REPLACE, values).fetchone() is not None
