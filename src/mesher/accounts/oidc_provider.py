"""
Asking an OpenID provider who somebody is: discovery, the code flow with PKCE, and the check of what
comes back. OpenID Connect Core 1.0, section 3.1; RFC 7636.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from mesher.accounts.oidc_flow import Flow, Identity
from mesher.errors import AuthError, Unavailable

# A provider answers within a second; people wait in front of a white page meanwhile.
TIMEOUT_SECONDS = 10.0
RETRY_AFTER_SECONDS = 30
# Clocks of two machines differ.
CLOCK_LEEWAY_SECONDS = 60
# Not ``none``, and nothing that a public key could be mistaken for the secret of.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_SCOPES = "openid email profile"
_DISCOVERY_PATH = "/.well-known/openid-configuration"


class _Metadata(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None


class OidcProvider:
    """One provider and our registration with it. What it publishes is fetched on first use and kept."""

    def __init__(
        self, *, issuer: str, client_id: str, client_secret: str, redirect_uri: str
    ) -> None:
        self.issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self.name = urlsplit(self.issuer).hostname or self.issuer  # for people
        self._metadata: _Metadata | None = None

    async def authorization_url(self, flow: Flow) -> str:
        """
        Where to send the browser.

        Raises:
            Unavailable: the provider cannot be reached, or is none.
        """
        metadata = await self._discover()
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint,
                state=flow.state,
                nonce=flow.nonce,
                code_challenge=create_s256_code_challenge(flow.code_verifier),
                code_challenge_method="S256",
            )
        return str(url)

    async def identify(self, flow: Flow, code: str) -> Identity:
        """
        Who came back with this code.

        Raises:
            AuthError: the provider refuses the code, or what it says is not about this log-in.
            Unavailable: the provider cannot be reached.
        """
        metadata = await self._discover()
        async with self._client() as client:
            try:
                token = await client.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=flow.code_verifier,
                )
                keys = KeySet.import_key_set((await _get(client, metadata.jwks_uri)).json())
                claims = self._check(str(token.get("id_token", "")), keys, flow, metadata)
                if metadata.userinfo_endpoint is not None:
                    claims |= await self._user_info(client, metadata.userinfo_endpoint, claims)
            except OAuthError as error:
                raise AuthError(
                    f"the identity provider refuses this log-in: {error.error}",
                    hint="log in again",
                ) from error
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise AuthError(
                    f"what the identity provider sent cannot be trusted: {error}",
                    hint="log in again; if it stays so, check the provider's configuration",
                ) from error
            except httpx2.HTTPError as error:
                raise self._away(error) from error
        return _identity(claims)

    def _check(
        self, id_token: str, keys: KeySet, flow: Flow, metadata: _Metadata
    ) -> dict[str, Any]:
        """The claims of an ID token; Core 1.0, section 3.1.3.7."""
        token = jwt.decode(id_token, keys, algorithms=_ALGORITHMS)
        jwt.JWTClaimsRegistry(
            leeway=CLOCK_LEEWAY_SECONDS,
            iss={"essential": True, "value": metadata.issuer},
            aud={"essential": True, "value": self._client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": flow.nonce},
        ).validate(token.claims)
        azp = token.claims.get("azp")
        if azp is not None and azp != self._client_id:
            raise ValueError("it is meant for another client")
        return token.claims

    @staticmethod
    async def _user_info(
        client: AsyncOAuth2Client, url: str, claims: dict[str, Any]
    ) -> dict[str, Any]:
        """What stands in no ID token of some providers; Core 1.0, section 5.3.2: of the same subject."""
        found: dict[str, Any] = (await _get(client, url, withhold_token=False)).json()
        if found.get("sub") != claims["sub"]:
            raise ValueError("user info and ID token are about two people")
        return {name: value for name, value in found.items() if name not in claims}

    async def _discover(self) -> _Metadata:
        if self._metadata is not None:
            return self._metadata
        async with self._client() as client:
            try:
                answer = await _get(client, self.issuer + _DISCOVERY_PATH)
                metadata = msgspec.json.decode(answer.content, type=_Metadata)
            except (httpx2.HTTPError, msgspec.DecodeError) as error:
                raise self._away(error) from error
        # Discovery 1.0, section 4.3: else one provider could speak for another.
        if metadata.issuer.rstrip("/") != self.issuer:
            raise self._away(f"it calls itself {metadata.issuer}")
        self._metadata = metadata
        return metadata

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self._client_id,
            self._client_secret or None,
            scope=_SCOPES,
            redirect_uri=self._redirect_uri,
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
        )

    def _away(self, reason: object) -> Unavailable:
        return Unavailable(
            f"the identity provider {self.issuer} cannot be used: {reason}",
            retry_after_seconds=RETRY_AFTER_SECONDS,
            hint="check MESHER_OIDC_ISSUER and whether this machine reaches it",
        )


async def _get(
    client: AsyncOAuth2Client, url: str, *, withhold_token: bool = True
) -> httpx2.Response:
    answer: httpx2.Response = await client.request("GET", url, withhold_token=withhold_token)
    return answer.raise_for_status()


def _identity(claims: dict[str, Any]) -> Identity:
    groups = claims.get("groups", [])
    return Identity(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        email=str(claims.get("email", "")),
        # Only the JSON value true: some providers send "false".
        email_verified=claims.get("email_verified") is True,
        name=str(claims.get("name") or claims.get("preferred_username") or ""),
        groups=[str(group) for group in groups] if isinstance(groups, list) else [],
    )
