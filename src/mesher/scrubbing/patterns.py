"""
Secrets that are known by their own form, wherever they stand.

The forms are those that the issuers document. A pattern of few letters asks for as many characters
behind them as the issuer writes, so that names in code are left alone.
"""

from __future__ import annotations

import base64
import binascii
import re
import string
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

from mesher.scrubbing.cards import CARD, is_card_number
from mesher.scrubbing.literals import Literals


class Trigger(NamedTuple):
    """What a payload is searched for: a literal, and how many characters of a token follow at least."""

    literal: bytes  # folded: lower case, digits as 0
    min_tail: int = 0


class Pattern(NamedTuple):
    """One kind of secret."""

    name: str  # what stands in its place, in brackets
    triggers: tuple[Trigger, ...]
    regex: re.Pattern[str]  # its group 1, if it has one, is what is replaced
    confirm: Callable[[str], bool] = bool  # of that part; for what an expression cannot say


def _holds_colon(text: str) -> bool:
    """Whether it is base64 of ``user:password``."""
    try:
        return b":" in base64.b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return False


def _holds_digit(text: str) -> bool:
    """Words are letters alone: "bearer authentication"."""
    return any(map(str.isdigit, text))


def _is_no_template(text: str) -> bool:
    """Whether it is more than the place of a password."""
    return text.strip("*") != "" and text[0] not in "%{[$<"


def _prefixed(name: str, *prefixes: str, tail: str = r"[\w-]", length: int = 20) -> Pattern:
    """Tokens that begin with a prefix and go on with at least ``length`` characters of ``tail``."""
    heads = "|".join(map(re.escape, prefixes))
    return Pattern(
        name,
        tuple(Trigger(fold(prefix.encode()), length) for prefix in prefixes),
        re.compile(rf"(?<![A-Za-z0-9])(?:{heads}){tail}{{{length},}}", re.ASCII),
    )


# Bytes as they are searched: ASCII letters in lower case, every digit a 0, so that one automaton
# finds words in any case and numbers of a certain form.
_FOLDED = bytes.maketrans(
    (string.ascii_uppercase + string.digits).encode(),
    (string.ascii_lowercase + "0" * len(string.digits)).encode(),
)


def fold(data: bytes) -> bytes:
    """``data`` in lower case and with every digit as ``0``; as long as before."""
    return data.translate(_FOLDED)


# Behind the scheme of a URL; the second as PHP writes it in JSON.
URL_TRIGGERS: Final = (b"://", rb":\/\/")
PATTERNS: Final = (
    Pattern(
        "private key",
        (Trigger(b"-----begin "),),
        re.compile(
            r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
            r".*?(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\Z)",
            re.DOTALL,
        ),
    ),
    Pattern(
        "private key", (Trigger(b"age-secret-key-0", 20),), re.compile(r"AGE-SECRET-KEY-1\w{20,}")
    ),
    # The first two parts begin with {" in base64; what was cut has fewer parts.
    Pattern(
        "JSON web token",
        (Trigger(b"eyj", 12),),
        re.compile(r"(?<![A-Za-z0-9])eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*){0,3}", re.ASCII),
    ),
    _prefixed("AWS key", "AKIA", "ASIA", "ABIA", "ACCA", tail="[A-Z0-9]", length=16),
    _prefixed("GitHub token", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    _prefixed("GitLab token", "glpat-", "gldt-", "glrt-", "glptt-", "glcbt-"),
    _prefixed(
        "Slack token",
        "xoxa-",
        "xoxb-",
        "xoxe-",
        "xoxe.",
        "xoxo-",
        "xoxp-",
        "xoxr-",
        "xoxs-",
        "xapp-",
        tail=r"[\w.-]",
        length=10,
    ),
    _prefixed("Slack webhook", "hooks.slack.com/services/", tail=r"[\w/]"),
    _prefixed(
        "Discord webhook",
        "discord.com/api/webhooks/",
        "discordapp.com/api/webhooks/",
        tail=r"[\w/-]",
    ),
    _prefixed("Stripe key", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", length=10),
    _prefixed("Google key", "AIza", length=35),
    _prefixed("Google token", "ya29.", "GOCSPX-"),
    _prefixed("API key", "sk-"),  # OpenAI, Anthropic and others after them
    _prefixed("npm token", "npm_", length=36),
    _prefixed("PyPI token", "pypi-Ag"),
    _prefixed("RubyGems key", "rubygems_", length=40),
    _prefixed("SendGrid key", "SG.", tail=r"[\w.-]", length=40),
    _prefixed(
        "Twilio key", *(f"SK{digit}" for digit in "0123456789abcdef"), tail="[0-9a-f]", length=31
    ),
    _prefixed("Mailgun key", "key-", tail="[0-9a-f]", length=32),
    _prefixed("Shopify token", "shpat_", "shpca_", "shppa_", "shpss_"),
    _prefixed("DigitalOcean token", "dop_v1_", "doo_v1_", "dor_v1_"),
    _prefixed("Hugging Face token", "hf_", tail="[A-Za-z0-9]", length=30),
    _prefixed("Docker token", "dckr_pat_"),
    _prefixed("Atlassian token", "ATATT3"),
    _prefixed("Vault token", "hvs.", "hvb."),
    _prefixed("Sentry token", "sntrys_", "sntryu_"),
    _prefixed("Mesher token", "mshr_"),
    Pattern(
        "Telegram token",
        (Trigger(b":aa", 30),),
        re.compile(r"(?<!\d)\d{8,10}:AA[\w-]{30,}", re.ASCII),
    ),
    Pattern(
        "bearer token",
        (Trigger(b"bearer ", 8), Trigger(b"bearer%00", 8), Trigger(b"bearer+", 8)),
        re.compile(r"\bbearer(?: +|%20|\+)([\w.~+/%-]{8,}=*)", re.IGNORECASE | re.ASCII),
        _holds_digit,
    ),
    Pattern(
        "credentials",
        (Trigger(b"basic ", 8), Trigger(b"basic%00", 8)),
        re.compile(r"\bbasic(?: +|%20)([A-Za-z0-9+/]{8,}={0,2})", re.IGNORECASE),
        _holds_colon,
    ),
    Pattern(
        "password",
        tuple(map(Trigger, URL_TRIGGERS)),
        re.compile(r"""://[^\s/"'<>@:?#]*:([^\s/"'<>@?#]+)@"""),
        _is_no_template,
    ),
    Pattern(
        "card number",
        tuple(
            map(
                Trigger,
                (
                    b"0" * 14,
                    b"0000 0000 0000",
                    b"0000-0000-0000",
                    b"0000+0000+0000",
                    b"0000%000000%000000",
                    b"0000 000000 0000",
                    b"0000-000000-0000",
                    b"0000+000000+0000",
                    b"0000%00000000%000000",
                ),
            )
        ),
        CARD,
        is_card_number,
    ),
)


def replace_patterns(text: str, found: Callable[[str], None]) -> str:
    """``text`` with each secret as its name in brackets; ``found`` is told the name of each."""
    matches = _triggers().find(text.encode("utf-8", "replace"))
    for index in sorted({_PATTERN_OF_TRIGGER[trigger] for _, trigger in matches}):
        text = _replace(PATTERNS[index], text, found)
    return text


def _replace(pattern: Pattern, text: str, found: Callable[[str], None]) -> str:
    group = pattern.regex.groups and pattern is not _CARD

    def replacement(match: re.Match[str]) -> str:
        if not pattern.confirm(match[group]):
            return match[0]
        found(pattern.name)
        begin, end = match.span(group)
        whole = match.start()
        return f"{match[0][: begin - whole]}[{pattern.name}]{match[0][end - whole :]}"

    return pattern.regex.sub(replacement, text)


_CARD = PATTERNS[-1]
_PATTERN_OF_TRIGGER = [index for index, pattern in enumerate(PATTERNS) for _ in pattern.triggers]


@cache
def _triggers() -> Literals:
    """Made when it is needed: most processes never look into a text."""
    return Literals([trigger.literal for pattern in PATTERNS for trigger in pattern.triggers])
