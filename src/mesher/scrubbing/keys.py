"""
Which keys hold secrets.

A key is split into words at everything that is no letter or digit and at capitals: ``X-API-Key``,
``api_key`` and ``apiKey`` are the same two words, and ``author`` is not ``auth``. Then, in this order:

1. A key that ends in what only describes (``password_length``, ``SESSION_COOKIE_NAME``) is harmless.
2. A word of ``STRONG`` anywhere makes it sensitive, and so does a word that ends in one of ``ENDINGS``
   (``csrfmiddlewaretoken``) or a phrase of ``PHRASES`` (``stripe_api_key``), in one word or several.
3. A word of ``WEAK`` makes it sensitive as the last one: ``id_token``, not ``token_count``.
4. A word of ``EXACT`` makes it sensitive when it is all of the key: ``pin``, not ``pin_count``.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final, Literal

Kind = Literal[
    "",  # not sensitive
    "weak",  # a word that texts use for other things too: "unexpected token: end of file"
    "strong",
    "credentials",  # an Authorization header: the value has several words
    "cookies",  # names with values
    "address",  # IP addresses, where a project does not want them
]

STRONG: Final = frozenset(
    [
        "password", "passwd", "passwort", "passphrase", "passcode", "pwd", "secret",
        "secrets", "credential", "credentials", "csrf", "xsrf", "cvv", "cvc", "ssn", "iban",
        "jwt", "apikey", "authorization", "cookie", "cookies",
    ]
)  # fmt: skip
ENDINGS: Final = (
    "password", "passwd", "passphrase", "secret", "token", "apikey", "sessid", "sessionid",
)  # fmt: skip
_OWNERS_OF_KEYS = (
    "api", "private", "secret", "access", "account", "app", "auth", "encryption",
    "consumer", "deploy", "hmac", "license", "master", "session", "shared", "signing",
    "ssh", "ssl", "storage", "stripe", "subscription", "webhook",
)  # fmt: skip
# Each is also found written as one word (``privatekey``).
PHRASES: Final = (
    *(f"{owner} key" for owner in _OWNERS_OF_KEYS),
    "access tokens", "api tokens", "auth tokens", "refresh tokens",
    "session id", "session ids", "security code", "verification code", "one time code",
    "card number", "card no", "card num", "cc number", "cc no", "cc num", "credit card",
    "debit card", "card holder", "bank account", "social security", "saml response",
    "amz signature", "oauth signature", "client assertion",
)  # fmt: skip
WEAK: Final = frozenset(["token", "auth", "session", "otp"])
EXACT: Final = frozenset(["pass", "pw", "pin", "sid", "sig", "card", "connectsid", "userpass",
                          "dbpass", "smtppass", "httppass"])  # fmt: skip
# Words that describe a secret and are none.
_DESCRIPTIONS = frozenset(
    [
        "age", "algorithm", "at", "attempts", "backend", "backends", "class", "count",
        "counts", "disabled", "domain", "enabled", "engine", "exists", "expiration",
        "expires", "expiry", "field", "fields", "file", "hasher", "hashers", "httponly",
        "len", "length", "limit", "max", "method", "methods", "min", "mode", "name",
        "names", "path", "policy", "required", "samesite", "scheme", "secure", "serializer",
        "size", "status", "strength", "timeout", "ttl", "type", "types", "usage", "used",
        "valid", "validator", "validators", "version",
    ]
)  # fmt: skip
# How a key says in what form its value is.
FORMS: Final = frozenset(["b", "base", "enc", "encoded", "hash", "hex", "raw", "str", "value"])
# Folders: where a process is, and was.
_FOLDERS = frozenset(["PWD", "OLDPWD"])

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+|\d+")
_BYTES_LITERAL = re.compile(r"""b?['"](.*)['"]""", re.DOTALL)
# Keys are names; whatever is longer is a text in the place of one.
LONGEST_KEY: Final = 128


def split_words(key: str) -> tuple[str, ...]:
    """
    The words of a key, in lower case: ``("api", "key")`` for ``X_apiKey[]`` without the ``x``.

    The quotes of a Python ``repr`` and the ``x`` and ``http`` in front of headers say nothing.
    """
    if key[:1] in {"b", "'", '"'} and (quoted := _BYTES_LITERAL.fullmatch(key)):
        key = quoted[1]
    words = [word.lower() for word in _WORD.findall(key[:LONGEST_KEY])]
    while len(words) > 1 and words[0] in {"x", "http"}:
        del words[0]
    return tuple(words)


def kind_of_key(key: str) -> Kind:
    """How sensitive a key is, by the rules above."""
    if key in _FOLDERS:
        return ""
    words = split_words(key)
    if not words or (len(words) > 1 and words[-1] in _DESCRIPTIONS):
        return ""
    if "authorization" in words:
        return "credentials"
    if "cookie" in words or "cookies" in words:
        return "cookies"
    if not STRONG.isdisjoint(words) or _holds_ending(words) or _holds_phrase(words):
        return "strong"
    while len(words) > 1 and (words[-1] in FORMS or words[-1].isdigit()):
        words = words[:-1]
    return "weak" if words[-1] in WEAK or "".join(words) in EXACT else ""


def _holds_ending(words: tuple[str, ...]) -> bool:
    """Whether a word is longer than one of ``ENDINGS`` that it ends in: those alone are judged by the rest."""
    return any(word.endswith(ENDINGS) and word not in ENDINGS for word in words)


def _holds_phrase(words: tuple[str, ...]) -> bool:
    if any(word in _ONE_WORD for word in words):
        return True
    pairs = {f"{one} {other}" for one, other in pairwise(words)}
    triples = {" ".join(words[index : index + 3]) for index in range(len(words) - 2)}
    return not _PHRASES.isdisjoint(pairs | triples)


_PHRASES = frozenset(PHRASES)
_ONE_WORD = frozenset(phrase.replace(" ", "") for phrase in PHRASES)
