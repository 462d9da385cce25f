"""
The labelled events: those that ``record.py`` recorded, and those that real SDKs sent.

A label is the bug that an event is of: two events with one label belong to one issue, two with
different ones do not. Labels of different platforms are never compared.
"""

from __future__ import annotations

import json
import lzma
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import captures

DATA = Path(__file__).parent / "events.jsonl.xz"
# Nothing in an event without a source map says that it is of the same code as one with it.
UNMAPPED = "javascript, minified, without source maps"

# Captured cases, one for each bug (many cases are of the same, and those whose functions were all given
# one name, `_` or `fn`, are no two places even to people), and the SDKs that have each of them. A case of several events has as many bugs, in
# the same order with each SDK.
_CAPTURED = {
    "python": (
        ["py0.10", "py2.75"],
        [
            "crash-zerodivision",
            "crash-chain-from",
            "crash-defaults-only",
            "crash-during-handling",
            "crash-suppressed-context",
            "crash-keyboardinterrupt",
            "crash-syntaxerror",
            "crash-import-syntaxerror",
            "crash-modulenotfound",
            "crash-recursion",
            "crash-exec-string",
            "handled-attribute",
            "handled-many-kinds",
            "handled-no-traceback",
            "exception-group",
            "chain-of-ten",
            "chain-cyclic",
            "deep-stack-300",
            "huge-locals",
            "odd-locals",
            "unicode",
            "message-stacktrace",
            "thread-error",
            "gnu-backtrace",
            "flask-plain",
        ],
    ),
    "node": (
        ["node5.30", "node7.120", "node8.55", "node11.12"],
        [
            "crash-uncaught",
            "crash-unhandled-rejection",
            "crash-syntax",
            "crash-module-missing",
            "crash-eval",
            "crash-local-variables",
            "throw-string",
            "throw-object",
            "cause-chain",
            "cause-chain-deep",
            "aggregate-error",
            "async-stack",
            "deep-stack-200",
            "message-stacktrace",
            "console-breadcrumbs-http",
            "default-pii",
        ],
    ),
}


class Labelled(NamedTuple):
    """One event whose bug is known."""

    platform: str
    bug: str
    variant: str  # what tells it from the others of its bug
    payload: bytes


def labelled_events() -> list[Labelled]:
    """All of them, in an order that stays."""
    return [*_recorded(), *_captured()]


def _recorded() -> Iterator[Labelled]:
    for line in lzma.decompress(DATA.read_bytes()).decode().splitlines():
        record = json.loads(line)
        variant = record["variant"]
        platform = UNMAPPED if variant.endswith("unmapped") else record["language"]
        # The programs name things as their languages do.
        bug = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", record["bug"]).lower()
        yield Labelled(platform, bug, variant, json.dumps(record["event"]).encode())


def _captured() -> Iterator[Labelled]:
    found: dict[str, list[bytes]] = defaultdict(list)
    for capture in captures.read_captures():
        found[capture.name.partition("-")[2]] += captures.event_payloads(capture)
    for platform, (sdks, cases) in _CAPTURED.items():
        for case in cases:
            for sdk in sdks:
                for number, payload in enumerate(found[f"{sdk}-{case}"]):
                    yield Labelled(platform, f"captured {case} {number}", sdk, payload)
