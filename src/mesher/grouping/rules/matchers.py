"""
What rules can match: of a call, of an exception, of the event as a whole.

Names are those that users of Sentry know, long and short. What an event does not have, or has empty,
fits no pattern, not even ``*``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

import msgspec

from mesher.grouping.functions import JAVASCRIPT, NATIVE, call_name
from mesher.grouping.rules.globs import Test, path_test, text_test
from mesher.protocol.event import Event, ExceptionValue, Frame, message_text

Subject = Literal["call", "exception", "event"]
Reader = Callable[..., tuple[str | None, ...]]
Condition = Callable[..., bool]

TAG = "tags."
APP = "app"  # of a call; decided by rules, so its matcher is looked at apart from the others
YES = frozenset({"yes", "true", "1"})
NO = frozenset({"no", "false", "0"})


class Kind(NamedTuple):
    """One thing that can be matched."""

    of: Subject
    read: Reader  # the texts of which one has to fit; of a call: of it and its platform
    test: Callable[[str], Test]  # of a pattern


class Matcher(msgspec.Struct, frozen=True):
    """One condition of a rule: ``!type:*Error``."""

    name: str  # the short one: function, type, tags.shop, ...
    pattern: str
    negated: bool = False


def wanted_app(matchers: Iterable[Matcher]) -> bool | None:
    """Whether matchers want calls that are the application's own, or that are not; None: either."""
    wanted = {(one.pattern in YES) != one.negated for one in matchers if one.name == APP}
    return wanted.pop() if len(wanted) == 1 else None


def family(platform: str) -> str:
    """The family of platforms that rules speak of."""
    if platform in JAVASCRIPT:
        return "javascript"
    return "native" if platform in NATIVE else "other"


def _call_function(frame: Frame, platform: str) -> tuple[str | None, ...]:
    """As it groups, and as it was sent."""
    return call_name(frame, platform).function, frame.function


def _message(event: Event) -> tuple[str | None, ...]:
    """The message; of an event without one, the value of the raised exception."""
    return (message_text(event) or (event.exception[-1].value if event.exception else None),)


def _mechanism(exception: ExceptionValue) -> tuple[str | None, ...]:
    return (exception.mechanism.type if exception.mechanism else None,)


def _sdk(event: Event) -> tuple[str | None, ...]:
    return (event.sdk.name if event.sdk else None,)


KINDS: dict[str, Kind] = {
    "function": Kind("call", _call_function, text_test),
    "module": Kind("call", lambda frame, _: (frame.module,), text_test),
    "path": Kind("call", lambda frame, _: (frame.abs_path, frame.filename), path_test),
    "package": Kind("call", lambda frame, _: (frame.package,), path_test),
    "family": Kind("call", lambda _, platform: (family(platform),), text_test),
    "type": Kind("exception", lambda exception: (exception.type,), text_test),
    "value": Kind("exception", lambda exception: (exception.value,), text_test),
    "mechanism": Kind("exception", _mechanism, text_test),
    "message": Kind("event", _message, text_test),
    "level": Kind("event", lambda event: (event.level,), text_test),
    "logger": Kind("event", lambda event: (event.logger,), text_test),
    "transaction": Kind("event", lambda event: (event.transaction,), text_test),
    "release": Kind("event", lambda event: (event.release,), text_test),
    "environment": Kind("event", lambda event: (event.environment,), text_test),
    "platform": Kind("event", lambda event: (event.platform,), text_test),
    "sdk": Kind("event", _sdk, text_test),
}
LONG_NAMES = {
    "stack.function": "function",
    "stack.module": "module",
    "stack.abs_path": "path",
    "stack.package": "package",
    "error.type": "type",
    "error.value": "value",
    "error.mechanism": "mechanism",
}
NAMES = (*KINDS, APP, f"{TAG}NAME")


def kind_of(name: str) -> Kind:
    """The kind of a matcher's short name."""
    if name.startswith(TAG):
        tag = name.removeprefix(TAG)
        return Kind("event", lambda event: (event.tags.get(tag),), text_test)
    return KINDS[name]


def matchers_of(matchers: Iterable[Matcher], subject: Subject) -> tuple[Matcher, ...]:
    """Those of some matchers that are about this subject, in their order; ``app`` is left out."""
    return tuple(one for one in matchers if one.name != APP and kind_of(one.name).of == subject)


def all_of(matchers: Iterable[Matcher]) -> Condition:
    """
    Whether a subject fits all matchers, which are about things of its kind.

    Returns:
        A function of an event, of an exception, or of a call and its platform.
    """
    conditions = [_condition(one) for one in matchers]
    if len(conditions) == 1:
        return conditions[0]  # as most rules have it

    def hold(*subject: Any) -> bool:
        for condition in conditions:  # noqa: SIM110 - a generator costs more than what it asks
            if not condition(*subject):
                return False
        return True

    return hold


def _condition(matcher: Matcher) -> Condition:
    kind = kind_of(matcher.name)
    read, test, wanted = kind.read, kind.test(matcher.pattern), not matcher.negated

    def holds(*subject: Any) -> bool:
        for text in read(*subject):
            if text and test(text):
                return wanted
        return not wanted

    return holds
