"""Credentials in every form that clients send, and DSNs."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.errors import AuthError, ProtocolError
from mesher.protocol.auth import (
    Credentials,
    Dsn,
    format_dsn,
    parse_credentials,
    parse_dsn,
)

KEY = "a3f1c29be4d84f0c9e7b5d6c81f02e4a"
BASIC = base64.b64encode(f"{KEY}:".encode()).decode()


def credentials(
    sentry_auth: str | None = None, authorization: str | None = None, query: str = ""
) -> Credentials | None:
    return parse_credentials(
        sentry_auth=sentry_auth, authorization=authorization, query_string=query
    )


@pytest.mark.parametrize(
    ("sentry_auth", "authorization", "query", "why"),
    [
        (f"Sentry sentry_version=7, sentry_key={KEY}", None, "", "Python, Ruby, PHP, Go"),
        (f"Sentry sentry_version=7,sentry_key={KEY},sentry_client=x", None, "", "Java: no blanks"),
        (f"sentry sentry_key={KEY}", None, "", "the word in lower case"),
        (f"Sentry SENTRY_KEY={KEY}", None, "", "keys in capitals"),
        (f"Sentry sentry_key={KEY}, sentry_secret=s, odd", None, "", "what is unknown is ignored"),
        (f"Sentry sentry_key={KEY}, sentry_version=5", None, "", "raven-node says 5"),
        (f"Sentry sentry_key={KEY}, sentry_version=7.0", None, "", "a version with a fraction"),
        (f"Sentry sentry_key={KEY}.flag", None, "", "flags behind the key"),
        (f"Sentry sentry_key=mshr_{KEY}", None, "", "the key as it is shown in settings"),
        (None, f"Sentry sentry_key={KEY}", "", "the other header, same grammar"),
        (None, f"Basic {BASIC}", "", "as curl -u sends it"),
        (None, f"Bearer mshr_{KEY}", "", "Mesher's own form"),
        (None, f"DSN https://{KEY}@example.com/1", "", "the legacy feedback API"),
        (None, None, f"sentry_version=7&sentry_key={KEY}", "browsers"),
        (None, "Bearer of-a-proxy", f"sentry_key={KEY}", "a proxy's scheme says nothing"),
        (f"Sentry sentry_key={KEY}", "Negotiate abc", "", "nor does this one"),
    ],
)
def test_the_key_is_found(sentry_auth, authorization, query, why):
    found = credentials(sentry_auth, authorization, query)
    assert found is not None, why
    assert found.public_key == KEY, why


def test_the_client_is_named_where_it_names_itself():
    found = credentials(f"Sentry sentry_key={KEY}, sentry_client=sentry.python/2.75.0")
    assert found == Credentials(public_key=KEY, client="sentry.python/2.75.0")
    in_query = credentials(query=f"sentry_key={KEY}&sentry_client=sentry.javascript.browser%2F8.0")
    assert in_query is not None
    assert in_query.client == "sentry.javascript.browser/8.0"


@pytest.mark.parametrize("query", ["", "sentry_version=7", "sentry_key=", "q=sentry_key=1"])
def test_a_request_without_a_key_has_no_credentials(query):
    assert credentials(query=query) is None


@pytest.mark.parametrize(
    ("sentry_auth", "authorization", "query", "error", "why"),
    [
        (f"Sentry sentry_key={KEY}", None, f"sentry_key={KEY}", AuthError, "two places"),
        (f"Bearer {KEY}", None, "", AuthError, "not the word Sentry"),
        ("Sentry sentry_version=7", None, "", AuthError, "a header without a key"),
        (None, "Basic %%%", "", AuthError, "not base64"),
        (None, "Basic " + base64.b64encode(b"\xff:").decode(), "", AuthError, "not ASCII"),
        ("Sentry sentry_key=short", None, "", ProtocolError, "a key of another length"),
        ("Sentry sentry_key=" + "é" * 32, None, "", ProtocolError, "a key of other characters"),
        (f"Sentry sentry_key={KEY}, sentry_version=8", None, "", ProtocolError, "of the future"),
        (f"Sentry sentry_key={KEY}, sentry_version=x", None, "", ProtocolError, "no version"),
        (None, None, "&".join(["sentry_key=1"] * 101), ProtocolError, "a query to exhaust us"),
    ],
)
def test_what_cannot_be_read_is_refused(sentry_auth, authorization, query, error, why):
    with pytest.raises(error) as caught:
        credentials(sentry_auth, authorization, query)
    assert caught.type is error, why


@given(st.text(), st.text(), st.text())
def test_any_headers_give_credentials_or_an_error_of_ours(sentry_auth, authorization, query):
    with contextlib.suppress(AuthError, ProtocolError):
        credentials(sentry_auth, authorization, query)


@pytest.mark.parametrize(
    ("text", "number", "why"),
    [
        (f"https://{KEY}@errors.example.com/1", 1, "the usual form"),
        (f"http://{KEY}:secret@localhost:8000/42", 42, "with a port, and a secret of old"),
        (f"https://{KEY}@example.com/some/prefix/7", 7, "below a path"),
    ],
)
def test_a_dsn_is_read(text, number, why):
    assert parse_dsn(text) == Dsn(public_key=KEY, project_number=number), why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (f"{KEY}@example.com/1", "no scheme"),
        (f"ftp://{KEY}@example.com/1", "a scheme that no SDK sends by"),
        (f"https://{KEY}@/1", "no host"),
        (f"https://{KEY}@[::1/1", "brackets that do not close"),
        (f"https://{KEY}@example.com/", "no project"),
        (f"https://{KEY}@example.com/007", "leading zeros, which Python strips"),
        (f"https://{KEY}@example.com/my-project", "a name, which Python and JavaScript refuse"),
        ("https://short@example.com/1", "a key of another length"),
    ],
)
def test_a_wrong_dsn_is_refused(text, why):
    with pytest.raises(ProtocolError):
        assert parse_dsn(text), why


def test_a_dsn_without_a_key_is_refused():
    with pytest.raises(AuthError):
        parse_dsn("https://example.com/1")


def test_a_formatted_dsn_is_read_back():
    text = format_dsn(
        "https://example.com:8443/errors/", public_key=f"mshr_{KEY}", project_number=9
    )
    assert text == f"https://{KEY}@example.com:8443/errors/9"
    assert parse_dsn(text) == Dsn(public_key=KEY, project_number=9)
