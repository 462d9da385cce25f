"""The request without its transport: what receive looks at before it trusts anything."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mesher.protocol.auth import Credentials, parse_credentials
from mesher.protocol.encoding import decode_body
from mesher.protocol.envelope import format_envelope

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Headers that name the client's address, in Relay's order of precedence.
_FORWARDED_HEADERS = (
    "cf-connecting-ip",
    "x-vercel-forwarded-for",
    "x-sentry-forwarded-for",
    "x-forwarded-for",
)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One request to an ingest endpoint, read in full."""

    project_number: int | None  # from the path; None where the path names no project
    query_string: str
    headers: Mapping[str, str]  # names in lower case
    peer_ip: str  # the address of the other end of the connection; may be empty
    body: bytes = field(repr=False)  # as sent, content coding not undone
    path_parts: Mapping[str, str] = field(default_factory=dict)  # what else the path names
    method: str = "POST"

    def credentials(self) -> Credentials | None:
        """
        Who sends; ``None`` where neither headers nor query say it.

        Raises:
            AuthError, ProtocolError: as ``protocol.auth.parse_credentials``.
        """
        return parse_credentials(
            sentry_auth=self.headers.get("x-sentry-auth"),
            authorization=self.headers.get("authorization"),
            query_string=self.query_string,
        )

    def decoded_body(self, *, max_bytes: int) -> bytes:
        """
        The body without its content coding.

        Raises:
            ProtocolError and children: as ``protocol.encoding.decode_body``.
        """
        return decode_body(self.body, self.headers.get("content-encoding"), max_bytes=max_bytes)

    def as_envelope(
        self, header: Mapping[str, Any], items: Iterable[tuple[Mapping[str, Any], bytes]]
    ) -> Submission:
        """The same request with an envelope as its body, by the same sender."""
        headers = {name: text for name, text in self.headers.items() if name != "content-encoding"}
        return replace(self, headers=headers, body=format_envelope(header, items))

    def client_ip(self, trusted_proxies: Sequence[Network]) -> str:
        """
        The address of the client: the peer's, or what a trusted proxy says it is.

        An address from a header is believed only when the peer is in ``trusted_proxies``; anyone can
        send the header.
        """
        if not trusted_proxies:
            return self.peer_ip
        try:
            address = ipaddress.ip_address(self.peer_ip)
        except ValueError:  # a Unix socket has no address
            return self.peer_ip
        if any(address in network for network in trusted_proxies):
            for name in _FORWARDED_HEADERS:
                first = self.headers.get(name, "").split(",")[0].strip()
                if first:
                    return first
        return self.peer_ip
