"""The user of an event, and the address that it came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.protocol.user import parse_address

AUTO = {"ip_address": "{{auto}}"}
SENDER = "192.0.2.1"


@pytest.mark.parametrize(
    ("given", "attribute", "kept", "why"),
    [
        ({"id": 7}, "id", "7", "a number is text"),
        ({"id": "x" * 200}, "id", "x" * 125 + "...", "cut"),
        ({"email": "x" * 80}, "email", "x" * 72 + "...", "cut"),
        ({"ip_address": "192.0.2.7"}, "ip_address", "192.0.2.7", "an address"),
        ({"ip_address": "2001:DB8::1"}, "ip_address", "2001:db8::1", "in its usual spelling"),
        ({"ip_address": "nowhere", "id": "1"}, "ip_address", None, "no address"),
        ({"ip_address": 7, "id": "1"}, "ip_address", None, "nor this"),
        ({"id": "1", "plan": "gold"}, "data", {"plan": "gold"}, "other keys are data"),
        ({"id": "1", "segment": "s"}, "segment", "s", "this old one"),
        ({"id": "1", "data": {"a": 1}, "b": 2}, "data", {"a": 1, "b": 2}, "beside data itself"),
        ({"id": "1", "data": "odd"}, "data", None, "data that is none"),
        ({"id": "1", "geo": {"city": "Bern"}}, "geo", {"city": "Bern"}, "a place"),
        ({"id": "1", "username": ""}, "username", None, "empty is absent"),
    ],
)
def test_a_user_attribute_is_read(read, given, attribute, kept, why):
    assert getattr(read({"user": given}).user, attribute) == kept, why


@pytest.mark.parametrize("given", [None, {}, [], "x", 7, {"id": None, "email": ""}])
def test_a_user_of_whom_nothing_is_known_is_none(read, given):
    assert read({"user": given}).user is None


@pytest.mark.parametrize(
    ("user", "tag"),
    [
        ({"id": "1", "username": "u", "email": "e"}, "id:1"),
        ({"username": "u", "email": "e"}, "username:u"),
        ({"email": "e", "ip_address": SENDER}, "email:e"),
        ({"ip_address": SENDER}, f"ip:{SENDER}"),
        ({"plan": "gold"}, None),
    ],
)
def test_users_are_counted_by_the_first_that_is_known(read, user, tag):
    assert read({"user": user}).tags.get("user") == tag


def address(read, payload, **options):
    user = read(payload, client_ip=SENDER, **options).user
    return user and user.ip_address


@pytest.mark.parametrize(
    ("payload", "found", "why"),
    [
        ({"user": AUTO}, SENDER, "asked for"),
        ({"platform": "javascript"}, SENDER, "a browser's connection is the user's"),
        ({"platform": "cocoa"}, SENDER, "so is a phone's"),
        ({"platform": "python"}, None, "a server's is not"),
        ({"sdk": {"settings": {"infer_ip": "auto"}}}, SENDER, "the SDK asks"),
        ({"sdk": {"settings": {"infer_ip": "never"}}, "platform": "javascript"}, None, "forbids"),
        ({"sdk": {"settings": {"infer_ip": "never"}}, "user": AUTO}, None, "forbids over asking"),
        ({"request": {"env": {"REMOTE_ADDR": "192.0.2.9"}}}, "192.0.2.9", "the server's client"),
        ({"request": {"env": {"REMOTE_ADDR": "unknown"}}}, None, "no address"),
        ({"request": {"env": {"REMOTE_ADDR": 7}}}, None, "nor this"),
        (
            {"request": {"env": {"REMOTE_ADDR": "192.0.2.9"}}, "user": {"ip_address": "192.0.2.8"}},
            "192.0.2.8",
            "the user's own wins",
        ),
    ],
)
def test_the_address_of_a_user(read, payload, found, why):
    assert address(read, payload) == found, why


def test_an_unknown_sender_leaves_the_user_without_an_address(read):
    assert read({"user": {**AUTO, "id": "1"}}).user.ip_address is None
    assert read({"user": AUTO}, client_ip="unknown").user is None


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_none(text):
    found = parse_address(text)
    assert found is None or parse_address(found) == found


def test_a_text_of_any_length_is_no_address():
    assert parse_address("fe80::1%" + "x" * 100) is None
