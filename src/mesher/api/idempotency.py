"""
``Idempotency-Key``: a request that makes something is done once, however often it is sent.

Follows draft-ietf-httpapi-idempotency-key-header-07. A key is claimed in a transaction of its own before
the request is done, and the answer kept behind it. If the process ends in between, nobody knows whether
it was done, and a later request with the key is told so.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from mesher.accounts.actor import actor_of_token
from mesher.accounts.tokens import hash_token
from mesher.api.errors import send_error
from mesher.errors import (
    Conflict,
    MesherError,
    ProtocolError,
    TooLarge,
)
from mesher.resources import Resources
from mesher.storage.database import reading, writing
from mesher.storage.idempotency_keys import (
    Earlier,
    claim_key,
    find_earlier,
    keep_answer,
    release_key,
)
from mesher.storage.short_lived import IDEMPOTENCY_HOURS

App = Callable[[Any, Any, Any], Awaitable[None]]

KEY_HEADER: Final = "Idempotency-Key"
MAX_KEY_CHARACTERS: Final = 255  # four times a uuid, and it is part of an index
# Of a body that is part of the request; the API takes no larger ones.
MAX_BODY_BYTES: Final = 256 * 1024
# What is made is answered with a kilobyte; larger ones are files.
MAX_ANSWER_BYTES: Final = 64 * 1024
REPLAYED: Final = (b"idempotency-replayed", b"true")
# The one before may be answered in a moment.
_AGAIN: Final = (b"retry-after", b"1")


class _OtherRequest(Conflict):
    status = 422
    code = "idempotency_key_reused"


class _Kept(msgspec.Struct, frozen=True):
    """An answer as it is kept, sealed."""

    headers: list[tuple[str, str]]
    body: str


def with_idempotency(app: App, resources: Resources) -> App:
    """The application, doing each ``POST`` below ``/api/v1`` with a key and a token once."""

    async def idempotent(scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        key = headers.get(KEY_HEADER.lower().encode())
        token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")[2].strip()
        is_post = scope["type"] == "http" and scope["method"] == "POST"
        if key is None or not is_post or not scope["path"].startswith("/api/v1/") or not token:
            await app(scope, receive, send)  # without credentials nothing is made
            return
        try:
            once = _Once(resources, scope, token, _read_key(key))
            body = await _read_body(receive)
            kept = await once.begin(body)
        except MesherError as error:
            again = [_AGAIN] if error.status == 409 else []  # the other request is under way
            await send_error(send, error, again)
            return
        if kept is not None:
            await _replay(send, *kept)
            return
        answer = _Recorder(send)
        try:
            await app(scope, _again(body, receive), answer.take)
        finally:
            await once.end(answer)

    return idempotent


class _Once:
    """One request with a key."""

    def __init__(self, resources: Resources, scope: Any, token: str, key: str) -> None:
        self._resources = resources
        self._token = token
        self._caller = bytes.fromhex(hash_token(token))
        self._key = key
        self._address = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"

    async def begin(self, body: bytes) -> tuple[int, _Kept] | None:
        """
        The answer of the same request earlier; ``None``: this is the first, and has to be done.

        Raises:
            AuthError: the token is not valid (any more).
            Conflict: the earlier one is not answered yet, or was another one.
            Unavailable: the database cannot be reached.
        """
        request = hashlib.sha256(self._address.encode() + b"\0" + body).digest()
        async with writing(self._resources.engine) as conn:
            await actor_of_token(conn, self._token)
            is_first = await claim_key(conn, self._caller, self._key, request)
        if is_first:
            return None
        async with reading(self._resources.engine) as conn:
            earlier = await find_earlier(conn, self._caller, self._key)
        return self._kept(earlier, request)

    async def end(self, answer: _Recorder) -> None:
        """Keep the answer, or let the request be tried again where it was not done."""
        if answer.status is None:
            return  # it broke off: nobody knows whether it was done
        async with writing(self._resources.engine) as conn:
            # Every handler that fails rolls its transaction back, and what answers at length only reads.
            if answer.status >= 400 or answer.is_too_long:
                await release_key(conn, self._caller, self._key)
                return
            content = msgspec.json.encode(_Kept(answer.headers, answer.body_text())).decode()
            sealed = self._resources.secret_box.seal(content)
            await keep_answer(conn, self._caller, self._key, status=answer.status, answer=sealed)

    def _kept(self, earlier: Earlier | None, request: bytes) -> tuple[int, _Kept]:
        if earlier is not None and earlier.request != request:
            raise _OtherRequest(
                "this Idempotency-Key was sent with another request",
                hint=f"use a new key for each thing; keys are kept for {IDEMPOTENCY_HOURS} hours",
            )
        if earlier is None or earlier.status is None or earlier.answer is None:
            raise Conflict(
                "the request with this Idempotency-Key has not been answered yet",
                hint="try again in a moment; if that does not help, look whether it was done",
            )
        content = self._resources.secret_box.open(earlier.answer)
        return earlier.status, msgspec.json.decode(content, type=_Kept)


class _Recorder:
    """Sends an answer and keeps it."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self._body = b""
        self._body_bytes = 0
        self._status: int | None = None
        self.status: int | None = None  # once the answer is complete
        self.headers: list[tuple[str, str]] = []

    async def take(self, message: Any) -> None:
        """One message of the application."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self.headers = [
                (n.decode("latin-1"), v.decode("latin-1")) for n, v in message["headers"]
            ]
        elif message["type"] == "http.response.body":
            body = message.get("body", b"")
            self._body_bytes += len(body)
            if not self.is_too_long:
                self._body += body
            if not message.get("more_body", False):
                self.status = self._status
        await self._send(message)

    @property
    def is_too_long(self) -> bool:
        """Whether the answer is one that is not kept."""
        return self._body_bytes > MAX_ANSWER_BYTES

    def body_text(self) -> str:
        """The body as text that JSON can hold."""
        return base64.b64encode(self._body).decode()


def _read_key(key: bytes) -> str:
    text = key.decode("latin-1").strip().strip('"')
    if not text.isprintable() or not 1 <= len(text) <= MAX_KEY_CHARACTERS:
        raise ProtocolError(
            f"the Idempotency-Key is empty, unprintable or longer than {MAX_KEY_CHARACTERS} characters",
            hint="send a new uuid for each thing that is made",
            field=KEY_HEADER,
        )
    return text


async def _read_body(receive: Any) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ProtocolError("the request ended before its body was complete")
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"the body is larger than {MAX_BODY_BYTES} bytes")
        if not message.get("more_body", False):
            return body


def _again(body: bytes, receive: Any) -> Any:
    """What the application receives: the body that was read, then whatever comes."""
    unread = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Any:
        return unread.pop() if unread else await receive()

    return received


async def _replay(send: Any, status: int, kept: _Kept) -> None:
    headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in kept.headers]
    start = {"type": "http.response.start", "status": status, "headers": [*headers, REPLAYED]}
    await send(start)
    await send({"type": "http.response.body", "body": base64.b64decode(kept.body)})
