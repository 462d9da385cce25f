"""
The attributes of an event payload that are read, under all the names that they have had.

A payload is decoded in one go, with all its interfaces, where each of them fits its type: nearly
always. Where one does not, the interfaces stay JSON, and each is read on its own.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any, ClassVar

import msgspec

from mesher.protocol.breadcrumbs import SentBreadcrumbs
from mesher.protocol.contexts import SentContexts
from mesher.protocol.debug_images import SentDebugMeta
from mesher.protocol.event import Sdk, Stacktrace
from mesher.protocol.exceptions import SentExceptions, SentThreads
from mesher.protocol.free_form import Bag7
from mesher.protocol.software import Modules

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
    "old_debug_meta": "sentry.interfaces.DebugMeta",
    "meta": "_meta",
}
_ABSENT = frozenset([b"", b"null", b"[]"])  # the last is how PHP writes an empty map
_LONGEST_ABSENT = 4
_NONE = msgspec.Raw()


class _Attributes(msgspec.Struct, kw_only=True, rename=_OLD_NAMES, gc=False):
    """What has no type of its own, or more forms than a type can say."""

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
    template: Any = None
    old_template: Any = None
    csp: Any = None
    old_csp: Any = None
    errors: Any = None
    meta: msgspec.Raw = _NONE
    nothing: ClassVar[None] = None


class _WellFormed(_Attributes, kw_only=True, rename=_OLD_NAMES, gc=False):
    """A payload whose interfaces all fit their types."""

    exception: SentExceptions | None = None
    old_exception: SentExceptions | None = None
    stacktrace: Stacktrace | None = None
    old_stacktrace: Stacktrace | None = None
    threads: SentThreads | None = None
    old_threads: SentThreads | None = None
    breadcrumbs: SentBreadcrumbs | None = None
    old_breadcrumbs: SentBreadcrumbs | None = None
    contexts: SentContexts | None = None
    old_contexts: SentContexts | None = None
    extra: Bag7 | None = None
    modules: Modules | None = None
    debug_meta: SentDebugMeta | None = None
    old_debug_meta: SentDebugMeta | None = None
    sdk: Sdk | None = None
    old_sdk: Sdk | None = None


class _AnyForm(_Attributes, kw_only=True, rename=_OLD_NAMES, gc=False):
    """Any other payload."""

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
    debug_meta: msgspec.Raw = _NONE
    old_debug_meta: msgspec.Raw = _NONE
    sdk: msgspec.Raw = _NONE
    old_sdk: msgspec.Raw = _NONE


Payload = _WellFormed | _AnyForm

READ_BY_NAME = (
    "request", "user", "template", "csp", "exception", "stacktrace", "threads", "breadcrumbs",
    "contexts", "extra", "modules", "sdk", "debug_meta", "meta",
)  # fmt: skip
_under_new_names = attrgetter(*READ_BY_NAME)
_under_old_names = attrgetter(
    *(f"old_{name}" if f"old_{name}" in _OLD_NAMES else "nothing" for name in READ_BY_NAME)
)

decode_well_formed = msgspec.json.Decoder(_WellFormed).decode
decode_any_form = msgspec.json.Decoder(_AnyForm).decode


def sent_values(sent: Payload) -> list[Any]:
    """
    The attributes of ``READ_BY_NAME``, each under the first of its names that is there and says
    something: decoded, or the JSON of an interface; ``None`` where none does.
    """
    pairs = zip(_under_new_names(sent), _under_old_names(sent), strict=True)
    if isinstance(sent, _WellFormed):
        return [old if new is None or new == [] else new for new, old in pairs]
    return [next((one for one in pair if not _is_absent(one)), None) for pair in pairs]


def _is_absent(value: Any) -> bool:
    if not isinstance(value, msgspec.Raw):
        return value is None or value == []
    view = memoryview(value)
    return len(view) <= _LONGEST_ABSENT and bytes(view) in _ABSENT


def decode_payload(payload: bytes) -> Payload:
    """
    The attributes of an event.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError: it is not strict JSON, or no object.
        RecursionError: it is a tower of brackets.
    """
    try:
        return decode_well_formed(payload)
    except msgspec.ValidationError:
        return decode_any_form(payload)
