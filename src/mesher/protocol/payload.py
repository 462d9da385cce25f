"""The attributes of an event payload that are read, under all the names that they have had."""

from __future__ import annotations

from typing import Any

import msgspec

# Protocol versions before 7 used the names of Sentry's Python classes.
_OLD_NAMES = {
    "old_exception": "sentry.interfaces.Exception",
    "old_stacktrace": "sentry.interfaces.Stacktrace",
    "old_logentry": "sentry.interfaces.Message",
    "old_request": "sentry.interfaces.Http",
    "old_user": "sentry.interfaces.User",
    "old_breadcrumbs": "sentry.interfaces.Breadcrumbs",
    "old_contexts": "sentry.interfaces.Contexts",
    "old_template": "sentry.interfaces.Template",
    "old_csp": "sentry.interfaces.Csp",
    "old_threads": "sentry.interfaces.threads",
    "old_sdk": "client_sdk",
}
_ABSENT = frozenset([b"", b"null", b"[]"])  # the last is how PHP writes an empty map
_LONGEST_ABSENT = 4
_NONE = msgspec.Raw()


class Payload(msgspec.Struct, kw_only=True, rename=_OLD_NAMES):
    """One payload. What is large stays JSON until its type is known."""

    event_id: Any = None
    type: Any = None
    timestamp: Any = None
    platform: Any = None
    level: Any = None
    logger: Any = None
    transaction: Any = None
    transaction_info: Any = None
    culprit: Any = None
    server_name: Any = None
    site: Any = None
    checksum: Any = None
    release: Any = None
    environment: Any = None
    dist: Any = None
    fingerprint: Any = None
    tags: Any = None
    logentry: Any = None
    old_logentry: Any = None
    message: Any = None
    request: Any = None
    old_request: Any = None
    user: Any = None
    old_user: Any = None
    debug_meta: Any = None
    template: Any = None
    old_template: Any = None
    csp: Any = None
    old_csp: Any = None
    errors: Any = None
    exception: msgspec.Raw = _NONE
    old_exception: msgspec.Raw = _NONE
    stacktrace: msgspec.Raw = _NONE
    old_stacktrace: msgspec.Raw = _NONE
    threads: msgspec.Raw = _NONE
    old_threads: msgspec.Raw = _NONE
    breadcrumbs: msgspec.Raw = _NONE
    old_breadcrumbs: msgspec.Raw = _NONE
    contexts: msgspec.Raw = _NONE
    old_contexts: msgspec.Raw = _NONE
    extra: msgspec.Raw = _NONE
    modules: msgspec.Raw = _NONE
    sdk: msgspec.Raw = _NONE
    old_sdk: msgspec.Raw = _NONE

    def value(self, name: str) -> Any:
        """A decoded attribute under the first of its names that is there and says something."""
        given = getattr(self, name)
        if given is None or given == []:
            given = getattr(self, f"old_{name}", None)
        return given

    def raw(self, name: str) -> msgspec.Raw | None:
        """The JSON of an attribute, in the same order."""
        for spelling in (name, f"old_{name}"):
            raw: msgspec.Raw = getattr(self, spelling, _NONE)
            view = memoryview(raw)
            if len(view) > _LONGEST_ABSENT or bytes(view) not in _ABSENT:
                return raw
        return None


decode_payload = msgspec.json.Decoder(Payload).decode
