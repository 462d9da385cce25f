"""
The one entry point of grouping: ``group``.

What was asked for comes first: the checksum of the client, the fingerprint of a rule of the project
or else of the client. Otherwise the first of these that has anything usable decides: exceptions, the
crashed or only thread, the stack trace of the event, a template, a violated policy, the message. What
decides is hashed, and told.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from mesher.grouping.built_in import built_in_fingerprint
from mesher.grouping.exceptions import count_exceptions
from mesher.grouping.explanation import AppliedRule, Explanation, Ignored, Part, Variant
from mesher.grouping.message import parameterize
from mesher.grouping.rules.fingerprints import rule_title
from mesher.grouping.rules.rule import FingerprintRule, Rule
from mesher.grouping.rules.ruleset import Rules
from mesher.grouping.stacktrace import count_calls, crash_frame, event_trace
from mesher.grouping.title import issue_culprit, issue_title
from mesher.grouping.variables import DEFAULT, Subject, variable_name, variable_value
from mesher.protocol.csp import effective_directive, grouping_source
from mesher.protocol.event import Event, ExceptionValue, Stacktrace

# Raised whenever the same event may get another fingerprint. Old fingerprints stay bound to their
# issues, so that an upgrade does not open every issue anew.
ALGORITHM_VERSION = 1

# More than this no page shows; a chain of a hundred deep stacks would otherwise be a megabyte.
MAX_TOLD_PARTS = 500

_MD5 = re.compile(r"[0-9a-f]{32}")


class Grouping(msgspec.Struct, frozen=True, kw_only=True):
    """To which issue an event belongs, how that is called, and why."""

    fingerprint: str  # 32 lower-case hex digits
    title: str
    culprit: str  # may be empty
    explanation: Explanation
    algorithm_version: int = ALGORITHM_VERSION


def group(event: Event, rules: Rules | None = None) -> Grouping:
    """
    Find the issue of a normalised event. Total: there is an answer for every event.

    Args:
        event: any.
        rules: of its project.
    """
    applied: list[Rule] = []
    if rules is not None:
        event, marking = rules.calls.mark(event)
        applied += marking
    default, main = _default(event)
    trace = _shown_trace(event, main)
    crash = crash_frame(trace, event.platform) if trace else None
    subject = Subject(event, main, crash)
    rule = None
    if rules is not None and not event.checksum:
        rule = rules.fingerprints.find(event)
    explanation = _asked_for(event, rule, default, subject) or default
    title = ""
    if rule is not None:
        applied.append(rule)
        title = rule_title(rule.title, subject) if rule.title else ""
    return Grouping(
        fingerprint=_fingerprint(explanation),
        title=title or issue_title(event, main, crash),
        culprit=issue_culprit(event, crash),
        explanation=_told(explanation, applied),
    )


def _shown_trace(event: Event, main: ExceptionValue | None) -> Stacktrace | None:
    """The stack trace that an event is about; some groups and wrappers have none of their own."""
    for exception in (main, *reversed(event.exception)):
        if exception is not None and exception.stacktrace is not None:
            return exception.stacktrace
    return event_trace(event)


def _fingerprint(explanation: Explanation) -> str:
    text = "".join([part.value for part in explanation.parts])
    if explanation.variant == "checksum" and _MD5.fullmatch(text):
        return text
    # An identifier, not a secret.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _told(explanation: Explanation, applied: list[Rule]) -> Explanation:
    """The account as it is kept: of very many values the first, and the rules that had a say."""
    if applied:
        told = [
            AppliedRule(rule.line, rule.text, isinstance(rule, FingerprintRule)) for rule in applied
        ]
        explanation = msgspec.structs.replace(explanation, rules=told)
    untold = len(explanation.parts) - MAX_TOLD_PARTS
    if untold <= 0:
        return explanation
    more = Ignored(_number_of(untold, "value"), "not listed here, and counted all the same")
    return msgspec.structs.replace(
        explanation,
        parts=explanation.parts[:MAX_TOLD_PARTS],
        ignored=[*explanation.ignored, more],
    )


def _asked_for(
    event: Event, rule: FingerprintRule | None, default: Explanation, subject: Subject
) -> Explanation | None:
    """The grouping that a rule, or else the client, asks for; ``None`` where both leave it to us."""
    if event.checksum:
        return Explanation(variant="checksum", parts=[Part("checksum", event.checksum.lower())])
    fingerprint = rule.values if rule is not None else event.fingerprint
    names = [variable_name(part) for part in fingerprint]
    if all(name == DEFAULT for name in names):
        return None if rule is not None else _built_in(event, subject.main)
    parts: list[Part] = []
    for text, name in zip(fingerprint, names, strict=True):
        if name is None:
            parts.append(Part("fingerprint", text))
        elif name == DEFAULT:
            parts += default.parts
        else:
            parts.append(Part(f"fingerprint {text}", variable_value(name, subject)))
    if DEFAULT in names:
        return Explanation(variant="hybrid", parts=parts, ignored=default.ignored)
    who = "the client" if rule is None else "a rule of the project"
    ignored = [Ignored("everything else", f"{who} set a fingerprint of its own")]
    return Explanation(variant="custom", parts=parts, ignored=ignored)


def _built_in(event: Event, main: ExceptionValue | None) -> Explanation | None:
    parts = built_in_fingerprint(event, main)
    if not parts:
        return None
    ignored = [Ignored("everything else", "one problem has many shapes here")]
    return Explanation(variant="built-in", parts=parts, ignored=ignored)


def _default(event: Event) -> tuple[Explanation, ExceptionValue | None]:
    """The grouping by what the event holds, and the main exception of the event."""
    main: ExceptionValue | None = None
    if event.exception:
        found = count_exceptions(event)
        main = found.main
        if found.parts:
            ignored = _ignored_calls(found.ignored)
            if found.left_out:
                what = _number_of(found.left_out, "exception")
                ignored.append(Ignored(what, "of a group for which others stand"))
            return Explanation(variant=found.variant, parts=found.parts, ignored=ignored), main
    return _by_trace(event) or _by_content(event), main


def _by_trace(event: Event) -> Explanation | None:
    """
    By the stack trace of a thread or of the event.

    Together with the message where nothing crashed: the trace then shows where a line was logged,
    and two lines logged by one function are two problems. Without calls of the application a message
    is enough; the calls of libraries then are those that write a log.
    """
    trace = event_trace(event)
    if trace is None:
        return None
    crashed = any(thread.crashed for thread in event.threads)
    message = [] if crashed else _message_parts(event)
    variant: Variant = "app"
    calls = count_calls(trace, event.platform, app_only=True)
    if not calls.parts and not message:
        variant = "system"
        calls = count_calls(trace, event.platform, app_only=False)
    if not calls.parts:
        return None
    return Explanation(
        variant=variant, parts=message + calls.parts, ignored=_ignored_calls(calls.ignored)
    )


def _by_content(event: Event) -> Explanation:
    if template := _template_parts(event):
        return Explanation(variant="template", parts=template)
    if event.csp is not None and (directive := effective_directive(event.csp)):
        source = grouping_source(event.csp)
        return Explanation(
            variant="csp", parts=[Part("directive", directive), Part("source", source)]
        )
    if message := _message_parts(event):
        return Explanation(variant="message", parts=message)
    return Explanation(
        variant="fallback", parts=[Part("level", event.level), Part("type", event.type)]
    )


def _template_parts(event: Event) -> list[Part]:
    template = event.template
    if template is None or not template.filename:
        return []
    return [Part("file", template.filename), Part("line", template.context_line or "")]


def _message_parts(event: Event) -> list[Part]:
    """The template of the message, which says what varies; else its text, parameterised."""
    entry = event.logentry
    text = parameterize((entry.message or entry.formatted or "") if entry else "")
    return [Part("message", text)] if text else []


def _ignored_calls(counts: dict[str, int]) -> list[Ignored]:
    return [Ignored(_number_of(count, "call"), why) for why, count in counts.items()]


def _number_of(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
