"""
Calls and stack traces as the rules of a project see them: copies that say what was decided, so that
the event itself stays as it was sent.
"""

from __future__ import annotations

from operator import attrgetter

from mesher.protocol.event import Frame, Stacktrace

_FIELDS = Frame.__struct_fields__
_values = attrgetter(*_FIELDS)


class MarkedFrame(Frame):
    """A call about which a rule decided."""

    app: bool | None = (
        None  # whose code it is, which ``in_app`` says too; None: as of any other call
    )
    counts: bool | None = None  # None: as any other call


class MarkedTrace(Stacktrace):
    """A stack trace in which rules had a say."""

    at_most: int | None = None  # the newest so many of the calls that count; None: all
    at_least: int = 0  # with fewer calls that count, none does


def marked_frame(frame: Frame, *, app: bool | None, counts: bool | None) -> MarkedFrame:
    """The call with what was decided about it; ``None`` for what was not."""
    named = dict(zip(_FIELDS, _values(frame), strict=True))
    if app is not None:
        named["in_app"] = app
    return MarkedFrame(**named, app=app, counts=counts)
