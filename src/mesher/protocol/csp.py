"""
What a violation of a Content-Security-Policy says: directive, source, message and culprit.

Browsers differ. Chromium names the directive alone and puts ``inline`` or ``eval`` into the blocked
URI; older ones leave the URI empty and quote the violated directive with its sources.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from mesher.protocol.event import Csp

_DIRECTIVES = frozenset(
    ["base-uri", "block-all-mixed-content", "child-src", "connect-src", "default-src",
     "fenced-frame-src", "font-src", "form-action", "frame-ancestors", "frame-src", "img-src",
     "manifest-src", "media-src", "navigate-to", "object-src", "plugin-types", "prefetch-src",
     "referrer", "report-to", "report-uri", "require-sri-for", "require-trusted-types-for", "sandbox",
     "script-src", "script-src-attr", "script-src-elem", "style-src", "style-src-attr",
     "style-src-elem", "trusted-types", "upgrade-insecure-requests", "worker-src"]
)  # fmt: skip
_NOUNS = {
    "child-src": "child",
    "connect-src": "connect",
    "font-src": "font",
    "form-action": "form",
    "img-src": "image",
    "manifest-src": "manifest",
    "media-src": "media",
    "object-src": "object",
    "script-src": "script",
    "script-src-elem": "script",
    "style-src": "style",
    "style-src-elem": "style",
}
_LOCAL_MESSAGES = {
    "script-src-attr": "Blocked inline script attribute",
    "style-src-attr": "Blocked style attribute",
    "style-src-elem": "Blocked 'style' or 'link' element",
}
_WAYS = {"eval": "eval()", "inline": "inline"}
# Nothing was fetched from elsewhere: the page itself did what its policy forbids.
_LOCAL = frozenset(
    ["", "self", "'self'", "inline", "eval", "wasm-eval", "trusted-types-policy",
     "trusted-types-sink"]
)  # fmt: skip


def effective_directive(csp: Csp) -> str | None:
    """The directive that was violated, ``None`` where the report names no known one."""
    # Firefox leaves the effective one out; both may be followed by sources.
    for text in (csp.effective_directive, csp.violated_directive):
        words = (text or "").split(maxsplit=1)
        if words and words[0] in _DIRECTIVES:
            return words[0]
    return None


def is_local(csp: Csp) -> bool:
    """Whether the page's own code was blocked, not something from another address."""
    return (csp.blocked_uri or "") in _LOCAL


def blocked_host(csp: Csp) -> str:
    """
    Where the blocked thing is from: the host of ``http`` and ``https`` addresses, ``data:`` for a
    scheme alone (browsers say no more), ``scheme://host`` for others.
    """
    uri = csp.blocked_uri or ""
    try:
        parts = urlsplit(uri)
    except ValueError:  # brackets that hold no IPv6 address
        return uri
    if parts.scheme in {"http", "https"}:
        return parts.netloc
    if parts.netloc:
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme or uri}:"


def grouping_source(csp: Csp) -> str:
    """What tells violations of one directive apart: the host, ``'self'``, or the unsafe keyword."""
    if not is_local(csp):
        return blocked_host(csp)
    unsafe = _unsafe_ways(csp) if effective_directive(csp) == "script-src" else []
    return f"'unsafe-{unsafe[0]}'" if len(unsafe) == 1 else "'self'"


def violation_message(csp: Csp, directive: str) -> str:
    """One line for people: ``Blocked 'image' from 'example.com'``."""
    noun = _NOUNS.get(directive, directive)
    if is_local(csp):
        return _local_message(csp, directive, noun)
    host = blocked_host(csp)
    match directive:
        case "form-action":
            return f"Blocked 'form' action to '{host}'"
        case "script-src-attr":
            return f"Blocked inline script attribute from '{host}'"
        case "style-src-attr":
            return f"Blocked style attribute from '{host}'"
        case _:
            return f"Blocked '{noun}' from '{host}'"


def violation_culprit(csp: Csp) -> str:
    """The violated directive, with the page's own origin written as ``'self'``."""
    origin = _origin(csp.document_uri or "")
    words = (csp.violated_directive or "").split()
    return " ".join(
        "'self'" if origin and (word == origin or _origin(word) == origin) else word
        for word in words
    )


def _local_message(csp: Csp, directive: str, noun: str) -> str:
    if directive in {"script-src", "script-src-elem"}:
        ways = " or ".join(_WAYS[way] for way in _unsafe_ways(csp) or _WAYS)
        return f"Blocked unsafe {ways if ' or ' not in ways else f'({ways})'} 'script'"
    return _LOCAL_MESSAGES.get(directive, f"Blocked inline '{noun}'")


def _unsafe_ways(csp: Csp) -> list[str]:
    """Which of ``inline`` and ``eval`` the report means; both or none where it does not say."""
    if csp.blocked_uri in {"inline", "eval", "wasm-eval"}:
        return [csp.blocked_uri.removeprefix("wasm-")]
    return [way for way in _WAYS if f"'unsafe-{way}'" in (csp.violated_directive or "")]


def _origin(uri: str) -> str:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
