"""Payloads without their secrets: what goes, what stays, and what it is replaced with."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_secrets import card, web_token
from mesher.protocol.event import EventError
from mesher.protocol.json_text import load_json
from mesher.scrubbing import triggers
from mesher.scrubbing.payload import Finding, scrub_payload
from mesher.scrubbing.rules import Rules

RULES = Rules()


def scrubbed(value: Any, rules: Rules = RULES) -> Any:
    """What is left of a value, the same in both spellings of JSON."""
    spaced = json.loads(scrub_payload(json.dumps(value, indent=1).encode(), rules).payload)
    compact = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    assert json.loads(scrub_payload(compact, rules).payload) == spaced
    return spaced


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"password": "hunter2", "n": 1}, {"password": "[Filtered]", "n": 1}),
        ({"password": 12345, "n": 1}, {"password": "[Filtered]", "n": 1}),
        ({"token": "'abc'"}, {"token": "[Filtered]"}),
        ({"auth": {"user": "a", "n": [1, True, None]}}, {"auth": {"user": "[Filtered]", "n": ["[Filtered]", True, None]}}),
        ({"cookies": {"a": "b==", "c": "d=e"}}, {"cookies": {"a": "[Filtered]", "c": "[Filtered]"}}),
        ({"cookies": "a=b; c=d"}, {"cookies": "a=[Filtered]; c=[Filtered]"}),
        ({"cookies": [["a", "b"], ["c", "d"]]}, {"cookies": [["a", "[Filtered]"], ["c", "[Filtered]"]]}),
        ({"headers": [["Host", "x"], ["Authorization", "Bearer abc"]]},
         {"headers": [["Host", "x"], ["Authorization", "[Filtered]"]]}),
        ({"headers": [["b'cookie'", "b'sid=1'"]]}, {"headers": [["b'cookie'", "b'sid=[Filtered]"]]}),
        ({"argv": ["run", "--password", "hunter2", "x"]}, {"argv": ["run", "--password", "[Filtered]", "x"]}),
        ({"env": [{"name": "DB_PASSWORD", "value": "x1"}]}, {"env": [{"name": "DB_PASSWORD", "value": "[Filtered]"}]}),
        ({"message": "token=abc"}, {"message": "token=[Filtered]"}),
        ({"data": '{"password": "hunter2"}'}, {"data": '{"password": "[Filtered]"}'}),
        ({"vars": {"body": "b'{\"card\": \"4\"}'"}}, {"vars": {"body": "b'{\"card\": \"[Filtered]\"}'"}}),
        ({"token=abc": 1}, {"token=[Filtered]": 1}),
        ({"s": "é token=abc ü"}, {"s": "é token=[Filtered] ü"}),
        ({"modules": {"auth": "1.0"}, "auth": "1.0", "token": "2"},
         {"modules": {"auth": "1.0"}, "auth": "[Filtered]", "token": "[Filtered]"}),
        ([{"secret": "a"}, {"secret": ""}], [{"secret": "[Filtered]"}, {"secret": ""}]),
    ],
)  # fmt: skip
def test_what_is_sensitive_is_replaced_in_its_place(value: Any, expected: Any) -> None:
    assert scrubbed(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        {"password": None, "token": True, "secret": "", "auth": "[Filtered]", "cookies": {}},
        {"integrations": ["auth", "session"], "tags": ["password", "x", "y"]},
        {"list": [["auth", 1], ["token", ["x"]], ["auth", "a", "b"], ["auth"]]},
        {"name": "password", "label": "x"},
        ["x", "auth", "y"],
        {"other": "password", "value": "x"},
        {"modules": {"google-auth": "2.40.1", "python-jwt": "4.1"}},
        {"a": {"modules": {"auth": "1"}}, "b": {"modules": {"auth": "2", "session": "3"}}},
        {"_meta": {"request": {"cookies": {"a": {"": {"rem": [["!config", "s"]]}}}}}},
        {"transaction": "/auth/token", "module": "django.contrib.auth.middleware"},
        {"context_line": "password = read()", "pre_context": ["token = next(tokens)", None]},
        {"options": ["--token", 5, "--password"]},
        {"n": 1700000000000000, "id": "4242424242424241"},
    ],
)
def test_what_is_not_sensitive_is_left_as_it_is(value: Any) -> None:
    for spelling in (json.dumps(value, separators=(",", ":")), json.dumps(value, indent=1)):
        payload = spelling.encode()
        assert scrub_payload(payload, RULES) == (payload, Counter())


def test_the_notes_of_a_stored_event_are_left_as_they_are() -> None:
    notes = [EventError(type="scrubbed", name="password", value="sensitive key")]
    payload = msgspec.json.encode({"errors": notes})
    assert scrub_payload(payload, RULES) == (payload, Counter())


def test_a_text_that_was_found_harmless_before_is_so_again() -> None:
    frame = {"vars": {"a": "token: none of them"}, "context_line": "token = read()"}
    payload = json.dumps({"frames": [frame, frame]}).encode()
    for _ in range(2):
        assert scrub_payload(payload, RULES).payload == payload


def test_lines_of_code_lose_literals_alone() -> None:
    frame = {
        "pre_context": ["token = next(tokens)", "password = 'hunter2'"],
        "context_line": "log_in(password=password)",
        "vars": {"query": "password=hunter2"},
        "post_context": ["auth = basic(token=token)"],
    }
    assert scrubbed(frame) == frame | {
        "pre_context": ["token = next(tokens)", "password = '[Filtered]'"],
        "vars": {"query": "password=[Filtered]"},
    }


def test_card_numbers_go_from_texts_and_as_numbers() -> None:
    number = card(5)
    value = {"a": f"paid with {number}", "b": int(number), "c": [int(number)], "d": f'\\" {number}'}

    assert scrubbed(value) == {
        "a": "paid with [card number]",
        "b": "[card number]",
        "c": ["[card number]"],
        "d": '\\" [card number]',
    }


def test_a_negative_or_longer_number_is_no_card() -> None:
    value = {"a": -int(card(5)), "b": float(card(5) + ".5")}
    assert scrubbed(value) == value


def test_slashes_that_are_escaped_hide_nothing() -> None:
    payload = rb'{"url":"https:\/\/ada:hunter2@shop.example\/x"}'
    assert json.loads(scrub_payload(payload, RULES).payload) == {
        "url": "https://ada:[password]@shop.example/x"
    }


def test_a_safe_key_protects_its_text() -> None:
    rules = Rules(safe_keys=["note", "theme"])
    value = {"note": f"token=abc {web_token(1)}", "cookies": {"theme": "dark", "sid": "x"}}
    assert scrubbed(value, rules) == value | {"cookies": {"theme": "dark", "sid": "[Filtered]"}}


def test_findings_say_what_was_found_where() -> None:
    payload = json.dumps(
        {"password": "a", "message": f"{web_token(1)}", "list": [{"password": "b"}, int(card(1))]}
    ).encode()

    assert scrub_payload(payload, RULES).findings == Counter(
        {
            Finding("password", "sensitive key"): 2,
            Finding("message", "JSON web token"): 1,
            Finding("", "card number"): 1,
        }
    )


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"token", b'"token', b'{"token', b'{"token"', b'{"token":', b'{"token":"abc', b'"password":"x\\',
        b'{"token":{"a":"b', b'{"token":[', b'["a",["token","x"', b'token":"x"', b"token=abc",
        b'{"s":"\\q token=abc"}', b'{"s":"token=abc \xff"}', b"4242424242424242", b"://a:b@c",
        b'[["token","x",', b'{"a":-----begin ', b"sk_live_0123456789012345", b'\\"token":"x"', b'x:"token=abc"',
    ],
)  # fmt: skip
def test_what_is_no_json_is_passed_on(payload: bytes) -> None:
    scrub_payload(payload, RULES)


def test_broken_characters_hide_nothing() -> None:
    found = scrub_payload(b'{"a":"\xff token=abc \\ud800","b":"\\q secret=xyz"}', RULES).payload
    assert b"abc" not in found
    assert b"xyz" not in found


def test_a_key_with_broken_characters_is_named_by_what_can_be_stored() -> None:
    found = scrub_payload(b'{"c\xfeedit_card": "4111111111111111"}', RULES)
    assert found.findings == Counter({Finding("c\ufffd\ufffd\ufffdedit_card", "card number"): 1})


def test_a_large_payload_is_searched_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"list": [{"password": f"hunter{number}"} for number in range(200)]}
    for size in (64, 65, 66, 67, 100):
        monkeypatch.setattr(triggers, "PIECE_BYTES", size)
        assert scrubbed(value) == {"list": [{"password": "[Filtered]"}] * 200}


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "piece",
    [
        "token:", '\\"token', "4242424242424242 ", "://a:b", "sk-", "token=(", "token:'", "token='",
        '","token=1","', '","token":"1","', '","password":1,"', '",4242424242424242,"', '":["token","',
        '":[["token","x"],"', '":{"cookies":[{"', '":{"token":{"":1,"', "password: a ", "cookie=",
        "-----begin private key-----", "eyJ.", "a=b&", "<password>", "Basic ",
    ],
)  # fmt: skip
def test_bodies_of_triggers_alone_take_no_longer_than_their_length(piece: str) -> None:
    payload = ('{"a":"' + piece * (400_000 // len(piece)) + '"}').encode()
    scrub_payload(payload, RULES)


def test_of_too_many_texts_the_rest_goes_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mesher.scrubbing.payload.MAX_TEXTS", 2)
    assert scrubbed([f"token={number} x" for number in range(4)]) == [
        "token=[Filtered] x",
        "token=[Filtered] x",
        "[Filtered]",
        "[Filtered]",
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.sampled_from(["password", "token", "cookies", "a"]), inner)
    ),
)


def shape(value: Any) -> Any:
    """What of a value must stay: its lists, and how many entries its maps have at most."""
    match value:
        case dict():
            return [shape(inner) for inner in value.values()]
        case list():
            return [shape(inner) for inner in value]
        case _:
            return None


@given(json_values)
def test_json_stays_json_of_the_same_shape(value: Any) -> None:
    for spelling in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=2)):
        payload = spelling.encode("utf-8", "surrogatepass")
        found = scrub_payload(payload, RULES).payload
        assert shape(load_json(found, "it")) == shape(load_json(payload, "it"))


@given(json_values)
def test_scrubbing_again_changes_nothing(value: Any) -> None:
    once = scrub_payload(json.dumps(value).encode(), RULES).payload
    assert scrub_payload(once, RULES) == (once, Counter())
