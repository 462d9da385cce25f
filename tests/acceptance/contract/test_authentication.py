"""Who may send: every place in which clients put a key, and every way in which it can be wrong."""

from __future__ import annotations

import base64

import httpx

from acceptance.contract.table import (
    ANY_ID,
    CLOSED_KEY,
    CLOSED_NUMBER,
    DSN,
    EVENT,
    KEY,
    NUMBER,
    REVOKED_KEY,
    Row,
    at,
    envelope,
    row,
    table,
)

PATH = f"/api/{NUMBER}/envelope/"
BODY = envelope(("event", EVENT))


def sent(promise: str, status: int, *, path: str = PATH, body: bytes = BODY, **headers: str) -> Row:
    """An event of a client whose headers are given as ``x_sentry_auth="…"``."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    answer = ANY_ID if status == 200 else None
    return row(promise, "POST", path, status, answer, headers=named, content=body)


TAKEN = [
    sent("a key in X-Sentry-Auth", 200, x_sentry_auth=f"Sentry sentry_key={KEY}, sentry_version=7"),
    sent(
        "its fields in any order, without blanks, behind the word in any case (Java)",
        200,
        x_sentry_auth=f"sentry sentry_client=a/1,sentry_version=7,sentry_key={KEY}",
    ),
    sent(
        "a secret, a time and unknown fields beside it",
        200,
        x_sentry_auth=f"Sentry sentry_key={KEY}, sentry_secret=x, sentry_timestamp=1, new=y",
    ),
    sent("a key in Authorization", 200, authorization=f"Sentry sentry_key={KEY}"),
    sent(
        "a key as the user of Basic",
        200,
        authorization=f"Basic {base64.b64encode(f'{KEY}:'.encode()).decode()}",
    ),
    sent(
        "a key in the query", 200, path=f"{PATH}?sentry_version=7&sentry_client=b&sentry_key={KEY}"
    ),
    sent(
        "a key in the query beside a proxy's own Authorization",
        200,
        path=at("envelope"),
        authorization="Bearer of-the-proxy",
    ),
    sent("a DSN in the envelope alone", 200, body=envelope(("event", EVENT), dsn=DSN)),
    sent(
        "a DSN in the envelope of a tunnel",
        200,
        path="/tunnel",
        body=envelope(("event", EVENT), dsn=DSN),
    ),
    sent(
        "the same key in the request and in the envelope",
        200,
        path=at("envelope"),
        body=envelope(("event", EVENT), dsn=DSN),
    ),
    sent("a DSN with a path in front", 200, path="/sentry/relay" + at("envelope")),
    sent("a key alone, where the path names no project", 200, path=f"/api/store/?sentry_key={KEY}"),
    sent("a key with flags behind a point", 200, path=at("envelope", key=f"{KEY}.dev")),
    *[
        sent(
            f"protocol version {version}",
            200,
            path=at("envelope", query=f"&sentry_version={version}"),
        )
        for version in ("5", "6", "7", "7.0")
    ],
]

REFUSED = [
    sent("no key is 401", 401),
    sent("no key and an envelope without a DSN is 401", 401, path="/tunnel"),
    sent("a header without the word Sentry is 401", 401, x_sentry_auth=f"sentry_key={KEY}"),
    sent("a header without a key is 401", 401, x_sentry_auth="Sentry sentry_version=7"),
    sent("Basic that is no base64 is 401", 401, authorization="Basic ?"),
    sent(
        "keys in header and query is 401, even of the same project",
        401,
        path=at("envelope"),
        x_sentry_auth=f"Sentry sentry_key={KEY}",
    ),
    sent(
        "keys in two headers is 401",
        401,
        authorization=f"Sentry sentry_key={KEY}",
        x_sentry_auth=f"Sentry sentry_key={KEY}",
    ),
    sent("a key that is not 32 characters long is 400", 400, path=at("envelope", key="c0ffee")),
    sent("a newer protocol version is 400", 400, path=at("envelope", query="&sentry_version=8")),
    sent("a version that is no number is 400", 400, path=at("envelope", query="&sentry_version=x")),
    *[
        sent(f"a project {what} is 400", 400, path=f"/api/{project}/envelope/?sentry_key={KEY}")
        for what, project in [
            ("by its slug", "shop"),
            ("by a uuid", "9ec79c33-ec99-42ab-8353-589fcb2e04dc"),
            ("by a number of 20 digits", "9" * 20),
        ]
    ],
    *[
        sent(
            f"a DSN in the envelope of another {what} than the request's is 400",
            400,
            path=at("envelope"),
            body=envelope(("event", EVENT), dsn=f"https://{key}@errors.example/{number}"),
        )
        for what, key, number in [("key", CLOSED_KEY, NUMBER), ("project", KEY, CLOSED_NUMBER)]
    ],
    sent(
        "a DSN in the envelope of another project than the path's is 400",
        400,
        path=f"/api/{CLOSED_NUMBER}/envelope/",
        body=envelope(("event", EVENT), dsn=DSN),
    ),
    sent("a DSN that is none is 400", 400, body=envelope(("event", EVENT), dsn="errors.example")),
    sent("an unknown key is 403", 403, path=at("envelope", key="f" * 32)),
    sent("a revoked key is 403", 403, path=at("envelope", key=REVOKED_KEY)),
    sent("a key of another project is 403", 403, path=at("envelope", key=CLOSED_KEY)),
    sent("a project that is not there is 403", 403, path=at("envelope", number=987654321)),
]


@table(TAKEN)
def test_taken_is(client: httpx.Client, row: Row) -> None:
    row.check(client)


@table(REFUSED)
def test_refused(client: httpx.Client, row: Row) -> None:
    row.check(client)
