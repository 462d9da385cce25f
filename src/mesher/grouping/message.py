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
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:\s?[AaPp]\.?[Mm]\b\.?)?"
_ZONE = (
    r"(?:\s?(?:Z\b|[A-Z]{3,4}\b)(?:[+-]\d\d:?\d\d\b)?|\s?[+-]\d\d:?\d\d\b)?(?:\s\([^()\n]{2,60}\))?"
)
_AT_CLOCK = rf"(?:,?\s{_CLOCK}{_ZONE})?"
# A month in any language, and the year behind it.
_ANY_MONTH = r"(?:de\s)?[^\W\d_]{3,10}\.?\s(?:de\s)?(?:19|20)\d\d\b"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV6_GROUP = "[0-9A-Fa-f]{1,4}"
# Suffixes of hosts that are not also names of attributes or files (info, name, id, rs, py, sh).
_DOMAIN = (
    "com|net|org|edu|gov|mil|io|co|cloud|local|internal|lan|uk|de|fr|nl|ru|cn|jp|br|eu|ch|au|ca|kr"
    "|cz|dk|fi|gr|hu|ie|il|mx|nz|pt|ro|se|tr|tw|ua|za"
)
_MINUS = r"(?:(?<!\w)[-\u2212])?"
# The ways to write thousands: 1,234 1.234 1'234, and with the blanks of French and of Swedish, none of
# which is the blank between two numbers; and 12,34,567 as in India.
_THOUSANDS = r"\d{1,3}(?:[,.'\u2019\u066c\u00a0\u2009\u202f]\d{3})+|\d{1,2}(?:,\d{2}){1,6},\d{3}"
# Thousands whose separator cannot be the one of a fraction, and what may stand behind all others.
_FRACTION = r"[.,\u066b]\d+"

# Runs of plain words, by far the most of any message, are stepped over at once: no value begins in
# them. Words that may begin a date, and what follows an equals sign, are left to the kinds below.
_WORDS = rf"(?<![\w=])(?:(?!{_MONTH}|{_DAY})[A-Za-z]+[ ,;]+)+"

# In this order: at each place in a text the first that fits wins. Every repetition is bounded or
# cannot start inside what it repeats, so the time stays in proportion to the text.
_KINDS = {
    "email": r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}",
    "url": r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s\"'`<>()\[\]{}]*[^\s\"'`<>()\[\]{}.,;:!?]",
    # The folders of a file: the same file is in another one on the next machine.
    "path": (
        r"(?<![\w./\\:])(?:[A-Za-z]:)?(?:[/\\][\w.@+-]{1,100}){1,20}[/\\](?=[\w.@+-]{1,100}\.\w{1,5}\b)"
    ),
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
        rf"|\b{_MONTH}\s\d{{1,2}},\s\d{{4}}{_AT_CLOCK}"
        rf"|\b[0-3]?\d\.?\s{_ANY_MONTH}{_AT_CLOCK}"
        r"|\b\d{4}-[01]\d-[0-3]\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?\s?(?:Z\b|[+-]\d\d:?\d\d\b)?)?(?!\d)"
        rf"|(?<![\w./])(?:[0-3]?\d\.[0-3]?\d\.\d{{4}}|[0-3]?\d/[0-3]?\d/\d{{4}}|\d{{4}}/[01]?\d/[0-3]?\d)"
        rf"(?![\w/]|\.\d){_AT_CLOCK}"
        r"|\b\d{8}T\d{6}(?:Z\b|[+-]\d{4}\b)?"
        rf"|\b{_CLOCK}(?![\w:])"
        r"|\bdatetime\.(?:datetime|date|time)\([^()]{0,200}\)"
    ),
    # 3 s, 1.5s, 250 ms, 2h45m, and Go's 1m30.5s: programs change the unit with the size.
    "duration": (
        r"\b\d+(?:[.,]\d+)?\s?(?:ns|us|[µ\u03bc]s|ms|s|secs?|seconds?|mins?|minutes?|hours?|days?)\b"
        r"|\b(?:\d+h)?\d+m(?:\d+(?:\.\d+)?s)?\b|\b\d+h\b"
    ),
    "size": r"\b\d+(?:[.,]\d+)?\s?(?:[kKMGT]i?)?B\b",
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
    # The name that Kubernetes gives a pod, with the letters and digits that it uses.
    "multi_part_random_id": r"\b[0-9a-f]{8,10}-[bcdfghj-np-tvwxz2456789]{5}\b",
    "hex": (
        r"(?:(?<!\w)-)?\b(?:0[xX][0-9A-Fa-f]+"
        r"|(?=[0-9]{0,5}[a-f])(?=[a-f]{0,5}[0-9])[0-9a-f]{4,6}"
        r"|(?=[0-9]{0,5}[A-F])(?=[A-F]{0,5}[0-9])[0-9A-F]{4,6}"
        # A digit among them, since eight letters without one are a word; and a letter, since an id
        # that has grown to eight digits is still a number.
        r"|(?=[a-f]{0,127}[0-9])(?=[0-9]{0,127}[a-f])[0-9a-f]{8,128}"
        r"|(?=[A-F]{0,127}[0-9])(?=[0-9]{0,127}[A-F])[0-9A-F]{8,128})\b"
    ),
    "git_sha": r"\b(?=[0-9]{0,6}[a-f])(?=[a-f]{0,6}[0-9])[0-9a-f]{7}\b",
    "random_id": (
        r"(?<![A-Za-z0-9])(?=[A-Za-z]{0,63}[0-9])(?=[0-9]{0,63}[A-Za-z])[A-Za-z0-9]{12,64}(?![A-Za-z0-9])"
    ),
    # Whole ones and fractions alike: 2 is how JavaScript writes 2.0, and 1.234 is either, by country.
    # Not the parts of a version such as 1.2.3, which is one name.
    "number": (
        rf"{_MINUS}(?<![\w.])(?:(?:{_THOUSANDS})(?:{_FRACTION})?|\d+{_FRACTION})(?:[eE][+-]?\d{{1,3}})?"
        r"(?![\w]|[.,]\d)"
        rf"|{_MINUS}(?:\b|(?<=_))(?<!\d\.)\d+(?:[eE][+-]?\d{{1,3}})?\b(?!\.\d)"
    ),
    "quoted_str": r"(?<==)(?:'[^'\n]{0,1000}'|\"[^\"\n]{0,1000}\")",
    "bool": r"(?<==)(?:true|false|True|False)\b",
}
_PARAMETER = re.compile(
    "|".join([_WORDS, *(f"(?P<{name}>{kind})" for name, kind in _KINDS.items())])
)
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
# A name such as getUserById2FromCache has pieces of three characters and more; ids of letters of both
# cases and digits at random have 1.6 on average, of one case and digits 2.
_RANDOM_PIECE_CHARACTERS = 2.5


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
    kind = match.lastgroup
    if kind is None or (kind == "random_id" and not _is_random(match[0])):
        return match[0]
    return f"<{kind}>"


def _is_random(text: str) -> bool:
    """Whether letters and digits change as often as they do by chance."""
    return len(text) < _RANDOM_PIECE_CHARACTERS * len(_PIECE.findall(text))


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
        if match.lastgroup and _kind(match) != match[0]
    ]
