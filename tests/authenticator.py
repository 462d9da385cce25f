"""A passkey in the hands of a test: makes credentials and signs challenges (WebAuthn, level 3)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """One passkey; its answers are what a browser would send, as JSON."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.sign_count = 0  # what it says next
        self.flags = PRESENT | VERIFIED
        self.credential_id = secrets.token_bytes(16)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: dict[str, Any]) -> str:
        """The answer to ``navigator.credentials.create``."""
        attested = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id
        data = self._data(options["rp"]["id"], ATTESTED) + attested + self._public_key()
        return self._answer(
            {
                "clientDataJSON": _base64(self._client_data("webauthn.create", options)),
                "attestationObject": _base64(
                    cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
                ),
            }
        )

    def get(self, options: dict[str, Any]) -> str:
        """The answer to ``navigator.credentials.get``."""
        client_data = self._client_data("webauthn.get", options)
        data = self._data(options["rpId"])
        signed = data + hashlib.sha256(client_data).digest()
        return self._answer(
            {
                "clientDataJSON": _base64(client_data),
                "authenticatorData": _base64(data),
                "signature": _base64(self._key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            }
        )

    def _data(self, site: str, flags: int = 0) -> bytes:
        flag = (self.flags | flags).to_bytes(1)
        return hashlib.sha256(site.encode()).digest() + flag + self.sign_count.to_bytes(4)

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        content = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(content).encode()

    def _public_key(self) -> bytes:
        """ES256 on P-256, as RFC 9053, section 7.1.1, has it."""
        numbers = self._key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32), numbers.y.to_bytes(32)
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def _answer(self, response: dict[str, str]) -> str:
        credential = _base64(self.credential_id)
        return json.dumps(
            {"id": credential, "rawId": credential, "type": "public-key", "response": response}
        )


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
