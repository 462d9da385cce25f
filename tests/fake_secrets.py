"""
Made-up secrets in the forms that issuers give them, for tests. None was ever valid: they are made of
a counter, so that each is different and the same in every run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import string
from collections.abc import Callable

_ALPHABET = string.ascii_letters + string.digits


def letters(number: int, length: int, alphabet: str = _ALPHABET) -> str:
    """``length`` characters that depend on ``number``; with a digit in them."""
    digest = hashlib.shake_128(str(number).encode()).digest(length)
    drawn = "".join(alphabet[byte % len(alphabet)] for byte in digest)
    return drawn[:-1] + "7"


def card(number: int, prefix: str = "4", length: int = 16) -> str:
    """A card number that passes Luhn's sum."""
    digits = (prefix + letters(number, length, string.digits))[: length - 1]
    doubled = [
        sum(divmod(int(digit) * (2 - index % 2), 10)) for index, digit in enumerate(digits[::-1], 0)
    ]
    return f"{digits}{-sum(doubled) % 10}"


def web_token(number: int) -> str:
    """A JSON web token."""
    header, claims = ({"alg": "HS256"}, {"sub": number})
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in (header, claims)
    ]
    return ".".join([*parts, letters(number, 43)])


def private_key(number: int) -> str:
    """A private key in PEM."""
    body = "\n".join(letters(number * 100 + line, 64) for line in range(4))
    # In two parts, so that no tool takes this file for one.
    head, tail = "-----BEGIN RSA PRIVATE" + " KEY-----", "-----END RSA PRIVATE" + " KEY-----"
    return f"{head}\n{body}\n{tail}"


def basic_credentials(number: int) -> str:
    """What stands behind ``Basic``."""
    return base64.b64encode(f"ada:{letters(number, 12)}".encode()).decode()


_HEX = "0123456789abcdef"
_UPPER = string.ascii_uppercase + string.digits
# By their own form alone, wherever they stand.
BY_FORM: dict[str, Callable[[int], str]] = {
    "AWS key": lambda n: "AKIA" + letters(n, 16, _UPPER),
    "GitHub token": lambda n: "ghp_" + letters(n, 36),
    "GitHub fine-grained token": lambda n: "github_pat_" + letters(n, 60),
    "GitLab token": lambda n: "glpat-" + letters(n, 20),
    "Slack token": lambda n: f"xoxb-{letters(n, 12, string.digits)}-{letters(n + 1, 24)}",
    "Slack webhook": lambda n: "hooks.slack.com/services/T0000/B0000/" + letters(n, 24),
    "Stripe key": lambda n: "sk_live_" + letters(n, 24),
    "Google key": lambda n: "AIza" + letters(n, 35),
    "OpenAI key": lambda n: "sk-proj-" + letters(n, 40),
    "Anthropic key": lambda n: "sk-ant-api03-" + letters(n, 60),
    "npm token": lambda n: "npm_" + letters(n, 36),
    "PyPI token": lambda n: "pypi-AgEIcHlwaS5vcmc" + letters(n, 60),
    "SendGrid key": lambda n: f"SG.{letters(n, 22)}.{letters(n + 1, 43)}",
    "Twilio key": lambda n: "SK" + letters(n, 32, _HEX),
    "Mailgun key": lambda n: "key-" + letters(n, 32, _HEX),
    "Shopify token": lambda n: "shpat_" + letters(n, 32, _HEX),
    "DigitalOcean token": lambda n: "dop_v1_" + letters(n, 64, _HEX),
    "Telegram token": lambda n: f"1234567890:AA{letters(n, 33)}",
    "Vault token": lambda n: "hvs." + letters(n, 24),
    "JSON web token": web_token,
    "private key": private_key,
    "card number": card,
}
