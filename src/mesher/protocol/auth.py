"""
Credentials of a request, in every form that clients send, and DSNs.

    X-Sentry-Auth: Sentry sentry_key=…, sentry_version=7, sentry_client=sentry.python/2.75.0
    Authorization: Sentry sentry_key=…        Authorization: Basic base64("key:")
    Authorization: Bearer mshr_…              (Mesher's own form)
    Authorization: DSN https://…              (the legacy feedback API)
    ?sentry_key=…&sentry_version=7            (browsers: a header would cost a preflight)

Java and Cocoa put no blank behind the commas; the order varies; unknown keys are ignored.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

import msgspec

from mesher.errors import AuthError, ProtocolError

KEY_LENGTH = 32
KEY_PREFIX = "mshr_"
NEWEST_VERSION = 7

_VERSION = re.compile(r"([0-9]{1,3})(\.[0-9a-z.]*)?", re.ASCII)
_PROJECT = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends, as the request says it."""

    public_key: str  # 32 characters; whether a project has it is for the caller to find out
    client: str | None = None  # name/version of the SDK
    sent_at: str | None = None  # the client's clock, in any form; older SDKs say it here


class Dsn(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a DSN that matter to a server."""

    public_key: str
    project_number: int


# A client says the same with each request.
@lru_cache(maxsize=1024)
def parse_credentials(
    *, sentry_auth: str | None, authorization: str | None, query_string: str
) -> Credentials | None:
    """
    Read the credentials of a request.

    Args:
        sentry_auth: the ``X-Sentry-Auth`` header.
        authorization: the ``Authorization`` header; schemes of others are ignored.
        query_string: as in the URL, without the question mark.

    Returns:
        ``None`` where the request carries none (an envelope may still name its DSN).

    Raises:
        AuthError: more than one source, or a header that cannot be read.
        ProtocolError: a key that is not 32 characters long, or an unknown protocol version.
    """
    sources: list[dict[str, str]] = []
    if sentry_auth is not None:
        sources.append(_read_sentry_header(sentry_auth))
    if authorization is not None and (fields := _read_authorization(authorization)):
        sources.append(fields)
    if "sentry_key=" in query_string and (fields := _read_query(query_string)):
        sources.append(fields)
    if not sources:
        return None
    if len(sources) > 1:
        raise AuthError(
            "the request carries credentials in more than one place",
            hint="send either X-Sentry-Auth, Authorization or sentry_key in the query",
        )
    [fields] = sources
    _check_version(fields.get("sentry_version", ""))
    return Credentials(
        public_key=_bare_key(fields.get("sentry_key", "")),
        client=fields.get("sentry_client") or None,
        sent_at=fields.get("sentry_timestamp") or None,
    )


def parse_dsn(text: str) -> Dsn:
    """
    Read ``scheme://key[:secret]@host[:port][/prefix]/number``.

    Raises:
        ProtocolError: says which part is missing or wrong.
    """
    try:
        parts = urlsplit(text)
        key, project = parts.username or "", parts.path.rpartition("/")[2]
    except ValueError as error:
        raise ProtocolError(f"the DSN cannot be read: {error}", field="dsn") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ProtocolError("the DSN is not an http or https URL", field="dsn")
    if not _PROJECT.fullmatch(project):
        raise ProtocolError(
            "the DSN does not end in a project number",
            hint="copy the DSN from the project's settings",
            field="dsn",
        )
    return Dsn(public_key=_bare_key(key), project_number=int(project))


def format_dsn(base_url: str, *, public_key: str, project_number: int) -> str:
    """
    The DSN that SDKs are given.

    Args:
        base_url: where Mesher is reached, ``scheme://host[:port][/prefix]``.
        public_key: with or without ``mshr_`` in front; the DSN carries it without.
        project_number: of the key's project.
    """
    scheme, _, rest = base_url.rstrip("/").partition("://")
    return f"{scheme}://{public_key.removeprefix(KEY_PREFIX)}@{rest}/{project_number}"


def _bare_key(key: str) -> str:
    bare = key.removeprefix(KEY_PREFIX).partition(".")[0]  # flags may follow the point
    if not bare:
        raise AuthError(
            "the credentials name no sentry_key", hint="copy the DSN from the project's settings"
        )
    if len(bare) != KEY_LENGTH or not bare.isascii():
        raise ProtocolError(
            f"the key has {len(bare)} characters instead of {KEY_LENGTH}",
            hint="copy the DSN from the project's settings",
        )
    return bare


def _check_version(text: str) -> None:
    if not text:
        return
    match = _VERSION.fullmatch(text)
    if match is None or int(match[1]) > NEWEST_VERSION:
        raise ProtocolError(
            f"sentry_version {text[:20]!r} is not supported; the newest is {NEWEST_VERSION}"
        )


def _read_sentry_header(header: str) -> dict[str, str]:
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "sentry":
        raise AuthError("the X-Sentry-Auth header does not begin with the word Sentry")
    return _read_fields(rest)


def _read_fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if equals:
            fields[name.strip().lower()] = value.strip()
    return fields


def _read_authorization(header: str) -> dict[str, str] | None:
    scheme, _, rest = header.strip().partition(" ")
    match scheme.lower():
        case "sentry":
            return _read_fields(rest)
        case "basic":
            return {"sentry_key": _basic_user(rest)}
        case "bearer" if rest.strip().startswith(KEY_PREFIX):
            return {"sentry_key": rest.strip()}
        case "dsn":
            return {"sentry_key": parse_dsn(rest.strip()).public_key}
        case _:  # a proxy's own scheme says nothing about a project
            return None


def _basic_user(encoded: str) -> str:
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode("ascii").partition(":")[0]
    except (binascii.Error, ValueError) as error:
        raise AuthError("the Basic credentials are not base64 of key and colon") from error


def _read_query(query_string: str) -> dict[str, str] | None:
    try:
        values = parse_qs(query_string, max_num_fields=100)
    except ValueError as error:
        raise ProtocolError("the query has more than 100 parameters") from error
    fields = {name: found[0] for name, found in values.items() if name.startswith("sentry_")}
    return fields if fields.get("sentry_key") else None
