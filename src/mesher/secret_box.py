"""
Small secrets that Mesher itself has to read again, sealed for the database: what a second factor is
computed from, the addresses of chat rooms.

A dump of the database alone then tells none of them. The key is ``MESHER_SECRET_KEY``, which nodes
of one database share, or else a file in the data directory that is made when first needed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mesher.errors import SetupError
from mesher.private_file import sync_folder

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_NAME = "secret.key"
# As many as a key of AES-256 has; `openssl rand -base64 32` prints 44 characters.
KEY_BYTES = 32
# Tells whether a value was sealed by this key, and nothing of the key.
_KEY_ID_BYTES = 4


class SecretBox:
    """Seals and opens by one key, which is read when it is first needed."""

    def __init__(self, data_dir: Path, *, key: str = "") -> None:
        """
        Args:
            data_dir: where the key lies, or will, if ``key`` is empty.
            key: any text that is hard to guess.
        """
        self._data_dir = data_dir
        self._given = key

    def seal(self, text: str) -> bytes:
        """
        A secret as it may be stored.

        Raises:
            SetupError: the key cannot be read or made.
        """
        return self._key_id + self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """
        The secret that ``seal`` was given.

        Raises:
            SetupError: it was sealed by another key, or is damaged.
        """
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - megabytes for few

        if not sealed.startswith(self._key_id):
            raise SetupError(
                "a stored secret was sealed by another key",
                hint="set MESHER_SECRET_KEY to the same text on every node, or bring "
                f"{self._data_dir / KEY_NAME} back from the backup; else enter the secret anew",
            )
        try:
            return self._fernet.decrypt(sealed[_KEY_ID_BYTES:]).decode()
        except InvalidToken as error:
            raise SetupError("a stored secret is damaged", hint="enter the secret anew") from error

    def mark(self, text: str) -> str:
        """
        The same for the same text, and of no use without the key: to compare what is secret.

        Raises:
            SetupError: the key cannot be read or made.
        """
        return hmac.new(self._key, b"mark of " + text.encode(), hashlib.sha256).hexdigest()[:16]

    @cached_property
    def _key(self) -> bytes:
        text = self._given or _read_or_make(self._data_dir / KEY_NAME)
        return hashlib.sha256(text.encode()).digest()

    @cached_property
    def _key_id(self) -> bytes:
        return hashlib.sha256(b"id of " + self._key).digest()[:_KEY_ID_BYTES]

    @cached_property
    def _fernet(self) -> Fernet:
        # Authenticated encryption with a single key; its format is described at
        # https://github.com/fernet/spec/blob/master/Spec.md
        from cryptography.fernet import Fernet  # noqa: PLC0415 - megabytes for few

        return Fernet(base64.urlsafe_b64encode(self._key))


def _read_or_make(path: Path) -> str:
    try:
        if not path.exists():
            _make(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SetupError(
            f"the key for stored secrets, {path}, cannot be read or made: {error.strerror}",
            hint="let the user that runs Mesher write there, or set MESHER_SECRET_KEY",
        ) from error


def _make(path: Path) -> None:
    """Put a new key there, whole, unless another process is faster: all must use one."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    sync_folder(path.parent)
