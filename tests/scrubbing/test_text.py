"""Secrets inside texts: in every way in which programs write a name and its value."""

from __future__ import annotations

import pytest

from mesher.scrubbing.rules import Rules
from mesher.scrubbing.text import scrub_text, scrub_value

RULES = Rules()


def scrubbed(text: str, *, code: bool = False) -> str:
    return scrub_text(text, RULES, lambda _key, _what: None, code=code)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Queries, forms, options, connection strings, logfmt.
        ("token=abc", "token=[Filtered]"),
        ("a=1&password=hunter2&b=2", "a=1&password=[Filtered]&b=2"),
        ("user%5Bpassword%5D=hunter2&x=1", "user%5Bpassword%5D=[Filtered]&x=1"),
        ("user[password]=hunter2", "user[password]=[Filtered]"),
        ("password%3Dhunter2", "password%3D[Filtered]"),
        ("--api-key=abc123 run", "--api-key=[Filtered] run"),
        ("Server=db;Uid=sa;Pwd=abc123;Encrypt=yes", "Server=db;Uid=sa;Pwd=[Filtered];Encrypt=yes"),
        ("level=info token=abc123, user=ada", "level=info token=[Filtered], user=ada"),
        ("https://x.io/#access_token=abc", "https://x.io/#access_token=[Filtered]"),
        # Dumps of headers.
        ("Authorization: Basic YWRhOmh1bnRlcjI=", "Authorization: [Filtered]"),
        ("Authorization: Digest username=a, response=b\nHost: x", "Authorization: [Filtered]\nHost: x"),
        ("authorization=Bearer%20abc&x=1", "authorization=[Filtered]&x=1"),
        ("Cookie: a=1; b=2\r\nHost: x", "Cookie: a=[Filtered]; b=[Filtered]\r\nHost: x"),
        ("Set-Cookie: sid=abc; Path=/; HttpOnly", "Set-Cookie: sid=[Filtered]; Path=/; HttpOnly"),
        # Values as programs show them.
        ("{'password': 'hunter2', 'n': 1}", "{'password': '[Filtered]', 'n': 1}"),
        ('{"password": "hun\\"ter2", "n": 1}', '{"password": "[Filtered]", "n": 1}'),
        ("{'pin': 1234, 'n': 1}", "{'pin': [Filtered], 'n': 1}"),
        ("User(name='ada', password='hunter2')", "User(name='ada', password='[Filtered]')"),
        ('{:password=>"hunter2"}', '{:password=>"[Filtered]"}'),
        ("[(b'authorization', b'Bearer x1')]", "[(b'authorization', b'[Filtered]')]"),
        ("{'auth': ('ada', 'hunter2'), 'n': 1}", "{'auth': [Filtered], 'n': 1}"),
        ("{'credentials': {'a': ['b'", "{'credentials': [Filtered]"),
        ("{'token': <Token: 9944b0>}", "{'token': [Filtered]}"),
        ("config[\"secret\"] = 'abc'", "config[\"secret\"] = '[Filtered]'"),
        # JSON within JSON.
        (r'{\"password\": \"hunter2\", \"n\": 1}', r'{\"password\": \"[Filtered]\", \"n\": 1}'),
        (r'{\\\"token\\\":\\\"a\\\\\\\"b\\\"}', r'{\\\"token\\\":\\\"[Filtered]\\\"}'),
        (r'{\"password\": \"hunter2', r'{\"password\": \"[Filtered]'),
        ("{'password': 'hunter2", "{'password': '[Filtered]"),
        # XML, YAML, sentences.
        ("<password>hunter2</password>", "<password>[Filtered]</password>"),
        ("password: hunter2", "password: [Filtered]"),
        ("the password: hunter2, was refused", "the password: [Filtered], was refused"),
        ("token: 0123456789abcdef", "token: [Filtered]"),
        ("the passwd and password=swordfish.", "the passwd and password=[Filtered]."),
    ],
)  # fmt: skip
def test_the_value_of_a_sensitive_name_goes(text: str, expected: str) -> None:
    assert scrubbed(text) == expected
    assert scrubbed(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "password: This field is required", "password: must be long (8 or more)", "token: unexpected end",
        "Unexpected token: punc (})", "session: expired", "auth: none", "invalid card: declined",
        "password=None", "password=''", "token=%s", "password = ?", "secret=${SECRET}", "auth=[]",
        "WHERE token = $1", "a == token", "token == other", '<Text token: "<h1>Broken</h1>">',
        "author=ada", "tokenizer_path=/models/7", "session_count=12", "PWD=/home/ada", "x->password",
        "['auth', 'sessions']", "f('password', 'x')", "password", "the password is wrong",
        '<input name="password">', "https://example.com/reset/password", "auth=<object at 0x7f>",
        "password: ********", "password, 'x'", "a > b", "'token': True", "mode=basic token",
    ],
)  # fmt: skip
def test_what_only_speaks_of_secrets_stays(text: str) -> None:
    assert scrubbed(text) == text


@pytest.mark.parametrize(
    "line",
    [
        "password = read_password()",
        "def log_in(user, password=None, token: str = ''):",
        "    raise self.error(token, e)",
        "auth = self.auth",
        "login(user, password=password)",
        "{'password': password, 'token': token}",
        "token = f'{prefix}{number}'",
        "headers['Authorization'] = 'Bearer ' + token",
    ],
)
def test_code_that_handles_secrets_stays(line: str) -> None:
    assert scrubbed(line, code=True) == line


def test_a_literal_in_code_goes() -> None:
    assert scrubbed("password = 'hunter2'", code=True) == "password = '[Filtered]'"
    assert scrubbed("get('/x?a=1&token=abc')", code=True) == "get('/x?a=1&token=[Filtered]')"


def test_what_is_found_is_told_with_its_key() -> None:
    found: list[tuple[str, str]] = []
    scrub_text(
        "password=x sk_live_0123456789",
        RULES,
        lambda key, what: found.append((key, what)),
        key="message",
    )
    assert found == [("password", "sensitive key"), ("message", "Stripe key")]


def test_a_safe_cookie_stays() -> None:
    rules = Rules(safe_keys=["theme"])
    assert scrub_value("sid=abc; theme=dark", "cookies", rules) == "sid=[Filtered]; theme=dark"


def test_a_long_text_without_a_gap_takes_no_longer_than_its_length() -> None:
    # Backtracking over it would take minutes, which the timeout of the tests would end.
    text = "token" * 50_000
    assert scrubbed(f"{text}={text}") == f"{text}={text}"  # what is as long is no key
