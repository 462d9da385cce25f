"""
What a browser and a passkey are asked, and what they answer (WebAuthn, level 3).

The passkey is asked to verify its holder (by a finger, face or PIN), so it is two factors in one. The library is
imported where it is used: it takes sixteen megabytes, and few people have one.
"""

from __future__ import annotations

import base64
import ipaddress
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import msgspec

from mesher.errors import AuthError
from mesher.storage.passkeys import NewPasskey, Passkey
from mesher.types import User

# Sixteen at least (WebAuthn, section 13.4.3).
CHALLENGE_BYTES: Final = 32
# A credential with an attestation is one or two kilobytes.
MAX_CREDENTIAL_CHARACTERS: Final = 16 * 1024
# What reading JSON and CBOR of any content may end with, deeply nested ones included.
_NOT_READ: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


class PasskeyRefused(AuthError):
    """What a browser sent proves nothing."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the passkey was not accepted: {why}", hint="try again")


def can_have_passkeys(url: str) -> bool:
    """Whether browsers let this installation have any: a name is needed, an address will not do."""
    try:
        ipaddress.ip_address(_name_of(url))
    except ValueError:
        return True
    return False


def new_challenge() -> bytes:
    """What is signed once."""
    return secrets.token_bytes(CHALLENGE_BYTES)


def login_options(url: str, challenge: bytes) -> str:
    """JSON for ``PublicKeyCredential.parseRequestOptionsFromJSON``; any passkey of this site will do."""
    text = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
    options = {"challenge": text, "rpId": _name_of(url), "userVerification": "required"}
    return msgspec.json.encode(options).decode()


def registration_options(url: str, user: User, challenge: bytes, known: Sequence[Passkey]) -> str:
    """JSON for ``PublicKeyCredential.parseCreationOptionsFromJSON``."""
    from webauthn import generate_registration_options, options_to_json  # noqa: PLC0415
    from webauthn.helpers import structs  # noqa: PLC0415

    options = generate_registration_options(
        rp_id=_name_of(url),
        rp_name="Mesher",
        user_id=user.id.bytes,
        user_name=user.email,
        challenge=challenge,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=one.credential_id) for one in known
        ],
    )
    return options_to_json(options)


def read_new_passkey(url: str, challenge: bytes, credential: str) -> NewPasskey:
    """
    The passkey that was made for a challenge.

    Raises:
        PasskeyRefused: another site, another challenge, nobody verified, or no credential at all.
    """
    from webauthn import verify_registration_response  # noqa: PLC0415

    with _refusing():
        made = verify_registration_response(
            credential=credential[:MAX_CREDENTIAL_CHARACTERS],
            expected_challenge=challenge,
            expected_rp_id=_name_of(url),
            expected_origin=_origin_of(url),
            require_user_verification=True,
        )
    return NewPasskey(
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
    )


def credential_id_of(credential: str) -> bytes:
    """
    Which passkey an answer says that it is of.

    Raises:
        PasskeyRefused: it says none.
    """
    from webauthn.helpers import parse_authentication_credential_json  # noqa: PLC0415

    with _refusing():
        return parse_authentication_credential_json(credential[:MAX_CREDENTIAL_CHARACTERS]).raw_id


def check_signature(url: str, challenge: bytes, credential: str, passkey: Passkey) -> int:
    """
    How often a passkey was used, as it says itself, where it has signed the challenge.

    Raises:
        PasskeyRefused: it has not, or for another site, or its count went back.
    """
    from webauthn import verify_authentication_response  # noqa: PLC0415

    with _refusing():
        return verify_authentication_response(
            credential=credential[:MAX_CREDENTIAL_CHARACTERS],
            expected_challenge=challenge,
            expected_rp_id=_name_of(url),
            expected_origin=_origin_of(url),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        ).new_sign_count


@contextmanager
def _refusing() -> Iterator[None]:
    """Whatever the library makes of what a client sent, it is a refusal and no fault of ours."""
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    try:
        yield
    except (WebAuthnException, *_NOT_READ) as error:
        raise PasskeyRefused(str(error)) from error


def _name_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
