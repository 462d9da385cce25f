"""
Parameterisation: what differs between two occurrences of one problem (numbers, ids, addresses, times)
gives way to its kind, so that ``timeout after 31 s for 10.0.0.7`` and the next one are the same.
"""

from __future__ import annotations

import re
from functools import lru_cache

# What stands behind these is detail: dumps, nested messages, stack traces.
_KEPT_LINES = 2
MAX_CHARACTERS = 1024

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:\s?[AaPp][Mm]\b)?"
_ZONE = r"(?:\s?(?:Z\b|[A-Z]{3,4}\b)?(?:[+-]\d\d:?\d\d\b)?(?:\s\([A-Z][A-Za-z ]{2,40}\))?)"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV6_GROUP = "[0-9A-Fa-f]{1,4}"
# Suffixes of hosts that are not also names of attributes or files (info, name, id, rs, py, sh).
_DOMAIN = (
    "com|net|org|edu|gov|mil|io|co|cloud|local|internal|lan|uk|de|fr|nl|ru|cn|jp|br|eu|ch|au|ca|kr"
    "|cz|dk|fi|gr|hu|ie|il|mx|nz|pt|ro|se|tr|tw|ua|za"
)

# Runs of plain words, by far the most of any message, are stepped over at once: no value begins in
# them. Words that may begin a date, and what follows an equals sign, are left to the kinds below.
_WORDS = rf"(?<![\w=])(?:(?!{_MONTH}|{_DAY})[A-Za-z]+[ ,;]+)+"

# In this order: at each place in a text the first that fits wins. Every repetition is bounded or
# cannot start inside what it repeats, so the time stays in proportion to the text.
_KINDS = {
    "email": r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}",
    "url": r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s\"'`<>()\[\]{}]*[^\s\"'`<>()\[\]{}.,;:!?]",
    "hostname": (
        rf"(?<![\w.-])(?:(?:[a-z0-9-]{{1,63}}\.){{1,8}}(?:{_DOMAIN})"
        rf"|(?:[A-Z0-9-]{{1,63}}\.){{1,8}}(?:{_DOMAIN.upper()}))(?![\w-]|\.\w)"
    ),
    "traceparent": r"\b(?:00-[0-9a-f]{32}-[0-9a-f]{16}-0\d|1-[0-9a-f]{8}-[0-9a-f]{24})\b",
    "uuid": r"\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b",
    "sha1": r"\b[0-9A-Fa-f]{40}\b",
    "md5": r"\b[0-9A-Fa-f]{32}\b",
    "date": (
        rf"\b{_DAY},?\s(?:\d{{1,2}}[ -]{_MONTH}[ -]\d{{2,4}}\s{_CLOCK}{_ZONE}"
        rf"|{_MONTH}\s+\d{{1,2}}\s(?:\d{{4}}\s{_CLOCK}{_ZONE}|{_CLOCK}{_ZONE}\s\d{{4}}))"
        rf"|\b(?:\d{{1,2}}\s{_MONTH}\s\d{{4}}|{_MONTH}\s\d{{1,2}},\s\d{{4}})(?:\s{_CLOCK}{_ZONE})?"
        r"|\b\d{4}-[01]\d-[0-3]\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?\s?(?:Z\b|[+-]\d\d:?\d\d\b)?)?(?!\d)"
        r"|\b\d{8}T\d{6}(?:Z\b|[+-]\d{4}\b)?"
        rf"|\b{_CLOCK}(?![\w:])"
        r"|\bdatetime\.(?:datetime|date|time)\([^()]{0,200}\)"
    ),
    "duration": r"\b\d+(?:\.\d+)?(?:ns|us|µs|ms|s)\b",
    "mac_addr": (
        r"\b(?:[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})"
        r"|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4})\b"
    ),
    "ip": (
        rf"(?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?![\w]|\.\d)"
        rf"|(?<![\w:])(?:(?:{_IPV6_GROUP}:){{7}}{_IPV6_GROUP}"
        rf"|(?=[\w:]{{0,40}}::)(?:{_IPV6_GROUP}(?::{_IPV6_GROUP}){{0,6}})?"
        rf"::(?:{_IPV6_GROUP}(?::{_IPV6_GROUP}){{0,6}})?)(?![\w:])"
    ),
    "swift_txn_id": r"\btx[0-9a-f]{21}-[0-9a-f]{10}\b",
    "hex": (
        r"(?:(?<!\w)-)?\b(?:0[xX][0-9A-Fa-f]+"
        r"|(?=[0-9]{0,5}[a-f])(?=[a-f]{0,5}[0-9])[0-9a-f]{4,6}"
        r"|(?=[0-9]{0,5}[A-F])(?=[A-F]{0,5}[0-9])[0-9A-F]{4,6}"
        # A digit among them: eight letters without one are a word.
        r"|(?=[a-f]{0,127}[0-9])[0-9a-f]{8,128}|(?=[A-F]{0,127}[0-9])[0-9A-F]{8,128})\b"
    ),
    "git_sha": r"\b(?=[0-9]{0,6}[a-f])(?=[a-f]{0,6}[0-9])[0-9a-f]{7}\b",
    "float": r"(?:(?<!\w)-)?(?<![\w.])\d+\.\d+(?![\w]|\.\d)",
    # Not the parts of a version such as 1.2.3, which is one name.
    "int": r"(?:(?<!\w)-)?(?:\b|(?<=_))(?<!\d\.)\d{1,7}\b(?!\.\d)",
    "quoted_str": r"(?<==)(?:'[^'\n]{0,1000}'|\"[^\"\n]{0,1000}\")",
    "bool": r"(?<==)(?:true|false|True|False)\b",
}
_PARAMETER = re.compile(
    "|".join([_WORDS, *(f"(?P<{name}>{kind})" for name, kind in _KINDS.items())])
)


def parameterize(text: str) -> str:
    """
    ``text`` in the form in which it groups.

    Returns:
        Its first two lines that are not blank, at most ``MAX_CHARACTERS`` of them, with ``...`` where
        something follows, and with values replaced by ``<kind>``.
    """
    return _with_kinds(_beginning(text))


@lru_cache(maxsize=1024)  # an issue has one text or few, each with its result 10 KB at most
def _with_kinds(text: str) -> str:
    return _PARAMETER.sub(_kind, text)


def _kind(match: re.Match[str]) -> str:
    return f"<{match.lastgroup}>" if match.lastgroup else match[0]


def _beginning(text: str) -> str:
    lines = [stripped for line in text.splitlines() if (stripped := line.strip())]
    kept = "\n".join(lines[:_KEPT_LINES])
    if len(kept) > MAX_CHARACTERS:
        # Not within a word: half an identifier would look like a word of its own.
        return kept[:MAX_CHARACTERS].rsplit(maxsplit=1)[0] + "..."
    return kept if len(lines) <= _KEPT_LINES else kept + "..."


def replaced_values(text: str) -> list[tuple[str, str]]:
    """What ``parameterize`` replaces in a text, in order: each value with its kind."""
    return [
        (match[0], match.lastgroup)
        for match in _PARAMETER.finditer(_beginning(text))
        if match.lastgroup
    ]
