"""Secrets that are known by their own form."""

from __future__ import annotations

import pytest

from fake_secrets import BY_FORM, basic_credentials, letters, web_token
from mesher.scrubbing.patterns import replace_patterns


def scrubbed(text: str) -> str:
    return replace_patterns(text, lambda _name: None)


@pytest.mark.parametrize("name", BY_FORM)
def test_a_secret_is_known_by_its_form(name: str) -> None:
    secret = BY_FORM[name](7)
    result = scrubbed(f"could not use {secret}, giving up")

    assert secret not in result
    assert result.startswith("could not use [")
    assert result.endswith("], giving up")


def test_what_was_found_is_told() -> None:
    found: list[str] = []
    replace_patterns(f"{BY_FORM['npm token'](1)} {BY_FORM['npm token'](2)}", found.append)
    assert found == ["npm token", "npm token"]


def test_bearer_and_basic_credentials_keep_their_scheme() -> None:
    assert scrubbed(f"Bearer {letters(1, 30)}") == "Bearer [bearer token]"
    assert scrubbed(f"q=bearer%20{letters(1, 30)}&x=1") == "q=bearer%20[bearer token]&x=1"
    assert scrubbed(f"sent Basic {basic_credentials(1)} to it") == "sent Basic [credentials] to it"


def test_a_password_in_a_url_goes_and_its_user_stays() -> None:
    assert scrubbed("amqp://ada:hunter2@broker:5672/x") == "amqp://ada:[password]@broker:5672/x"
    assert scrubbed("redis://:hunter2@cache") == "redis://:[password]@cache"


def test_a_private_key_that_was_cut_goes_to_the_end() -> None:
    assert scrubbed("key: -----BEGIN EC PRIVATE" + " KEY-----\nMHcCAQ") == "key: [private key]"


def test_a_web_token_that_was_cut_is_one_still() -> None:
    assert scrubbed(web_token(3)[:40]) == "[JSON web token]"


@pytest.mark.parametrize(
    "text",
    [
        "basic authentication failed", "Basic programming is easy", "bearer authentication required",
        "Bearer tokenless", "http://host:8080/path@2x.png", "postgres://user:%s@host", "a://b:***@c",
        "task-management-of-the-company", "sk-SK", "eyJhbGciOiJIUzI1NiJ9", "disk-0123456789abcdef0123",
        "-----BEGIN CERTIFICATE-----", "npm_config_registry", "msg.split.of.a.long.attribute.chain.of.code",
        "ghp_short", "Basic QUJDREVGR0g", "Basic abcdefghi", "hf_hub_download_of_a_file_with_a_long_name",
    ],
)  # fmt: skip
def test_texts_that_resemble_secrets_stay(text: str) -> None:
    assert scrubbed(text) == text
