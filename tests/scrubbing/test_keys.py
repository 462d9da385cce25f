"""Which keys hold secrets, and which only look so."""

from __future__ import annotations

import pytest

from mesher.scrubbing.keys import ENDINGS, EXACT, PHRASES, STRONG, WEAK, kind_of_key
from mesher.scrubbing.rules import Rules


@pytest.mark.parametrize(
    "key",
    [
        "password", "Password", "PASSWORD", "passwd", "pwd", "mysql_pwd", "new-password", "password2",
        "userPassword", "PGPASSWORD", "user[password]", "password_confirmation", "password_hash",
        "secret", "client_secret", "SECRET_KEY_BASE", "clientSecret",
        "token", "id_token", "accessToken", "X-Auth-Token", "stripetoken", "csrfmiddlewaretoken",
        "api_key", "apikey", "apiKey", "APIKey", "x-api-key", "Ocp-Apim-Subscription-Key",
        "private_key", "privatekey", "aws_secret_access_key", "AccountKey", "ssh-key",
        "auth", "basic_auth", "Authorization", "Proxy-Authorization", "HTTP_AUTHORIZATION",
        "credentials", "session", "session_id", "sessionid", "PHPSESSID", "JSESSIONID", "connect.sid",
        "csrf", "X-CSRFToken", "XSRF-TOKEN", "Cookie", "Set-Cookie", "cookies",
        "card", "card_number", "cardNumber", "creditcard", "cvv", "cvv2", "cvc", "pin", "ssn", "iban",
        "b'authorization'", "b'pin'", "token_b64", "X-Amz-Signature", "sig", "otp", "passphrase",
    ],
)  # fmt: skip
def test_a_key_that_names_a_secret_is_sensitive(key: str) -> None:
    assert kind_of_key(key)


@pytest.mark.parametrize(
    "key",
    [
        "author", "authority", "authors", "tokenizer_path", "tokenize", "token_count", "session_count",
        "max_tokens", "token_type", "password_length", "password_changed_at", "SESSION_COOKIE_NAME",
        "AUTH_PASSWORD_VALIDATORS", "CSRF_COOKIE_SECURE", "card_type", "cardinality", "discard",
        "PWD", "OLDPWD", "passed", "bypass", "compass", "pinned", "mapping", "opinion", "spin", "key",
        "keyboard", "monkey", "primary_key", "foreign_key", "signature", "hash", "secretary", "design",
        "obsession", "obsessions", "cookiecutter", "tokens_used", "", "-", "id", "user", "email", "url",
    ],
)  # fmt: skip
def test_a_key_that_only_resembles_one_is_not(key: str) -> None:
    assert not kind_of_key(key)


def test_everything_that_keys_are_known_by_has_a_trigger() -> None:
    rules = Rules()
    spellings = [*STRONG, *WEAK, *EXACT, *(f"my{ending}" for ending in ENDINGS)]
    for phrase in PHRASES:
        spellings += [phrase.replace(" ", separator) for separator in ("", "_", "-", ".")]
        spellings.append(phrase.title().replace(" ", ""))

    unknown = [
        key
        for key in spellings
        if not kind_of_key(key) or not list(rules.triggers.find(f'{{"{key}":"x"}}'.encode()))
    ]
    assert unknown == []


def test_a_key_of_the_project_is_sensitive_in_any_spelling() -> None:
    rules = Rules(extra_keys=["customer number"])

    assert rules.kind_of("customerNumber") == "strong"
    assert rules.kind_of("old-customer-number") == "strong"
    assert rules.kind_of("customer") == ""


def test_a_safe_key_is_not_sensitive_whatever_else_is_said() -> None:
    rules = Rules(extra_keys=["token"], safe_keys=["token", "Auth"])

    assert rules.kind_of("TOKEN") == ""
    assert rules.kind_of("auth") == ""
    assert rules.kind_of("auth_token") == "strong"


def test_keys_without_a_word_say_nothing() -> None:
    assert Rules(extra_keys=["*"]).kind_of("anything") == ""


def test_what_is_remembered_of_keys_and_texts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mesher.scrubbing.rules._REMEMBERED_KEYS", 2)
    monkeypatch.setattr("mesher.scrubbing.rules._REMEMBERED_TEXTS", 2)
    rules = Rules()
    for number in range(5):
        assert rules.kind_of(f"password {number}") == "strong"
        rules.note_harmless(b"%d" % number, code=False)

    assert rules.is_harmless(b"4", code=False)
    assert not rules.is_harmless(b"0", code=False)
    assert len(rules._kinds) <= 2
