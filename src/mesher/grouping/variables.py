"""The variables that a custom fingerprint may hold: ``{{ transaction }}``, ``{{ tags.shop }}``."""

from __future__ import annotations

import re
from typing import NamedTuple

from mesher.protocol.event import Event, ExceptionValue, Frame, message_text

DEFAULT = "default"
_VARIABLE = re.compile(r"\{\{\s*(\S+?)\s*\}\}")


class Subject(NamedTuple):
    """What variables speak of."""

    event: Event
    main: ExceptionValue | None
    crash: Frame | None


def variable_name(part: str) -> str | None:
    """The variable that a part of a fingerprint is; ``None`` for a plain text."""
    match = _VARIABLE.fullmatch(part.strip())
    return match[1] if match else None


def is_variable(name: str) -> bool:
    """Whether there is a variable of this name."""
    return name == DEFAULT or name in _NAMES or (name.startswith("tags.") and name != "tags.")


def variable_value(name: str, subject: Subject) -> str:
    """
    The value of a variable.

    Returns:
        ``<no-function>`` and the like where the event has none, and
        ``<unrecognized-variable-NAME>`` for one that does not exist.
    """
    if name.startswith("tags."):
        tag = name.removeprefix("tags.")
        return subject.event.tags.get(tag) or f"<no-value-for-tag-{tag}>"
    values = _values(subject)
    if name not in values:
        return f"<unrecognized-variable-{name}>"
    return values[name] or f"<no-{name.rpartition('.')[2].replace('_', '-')}>"


def _values(subject: Subject) -> dict[str, str | None]:
    event = subject.event
    main = subject.main or ExceptionValue()
    crash = subject.crash or Frame()
    return {
        "transaction": event.transaction,
        "message": message_text(event) or main.value or main.type,
        "level": event.level,
        "logger": event.logger,
        "type": main.type,
        "error.type": main.type,
        "value": main.value,
        "error.value": main.value,
        "function": crash.function,
        "stack.function": crash.function,
        "path": crash.abs_path,
        "stack.abs_path": crash.abs_path,
        "stack.filename": crash.filename,
        "module": crash.module,
        "stack.module": crash.module,
        "package": crash.package,
        "stack.package": crash.package,
    }


_NAMES = frozenset(_values(Subject(Event(event_id="", timestamp=0.0), None, None)))
