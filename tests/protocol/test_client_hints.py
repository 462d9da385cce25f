"""What Chromium's browsers say of themselves beside their User-Agent header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.protocol.client_hints import parse_client_hints

BRANDS = '"Not=A?Brand";v="99", "Chromium";v="120", "Google Chrome";v="120"'
FROZEN = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/120.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("headers", "contexts", "why"),
    [
        ({"": BRANDS}, {"browser": {"name": "Chrome", "version": "120"}}, "the product"),
        (
            {"": '"Chromium";v="120", "Microsoft Edge";v="121"'},
            {"browser": {"name": "Edge", "version": "121"}},
            "by its usual name",
        ),
        (
            {"": '"Chromium";v="120", "Not_A Brand";v="8"'},
            {"browser": {"name": "Chromium", "version": "120"}},
            "where only the engine is named, that",
        ),
        (
            {"": BRANDS, "-Full-Version-List": '"Opera";v="95.0.1"'},
            {"browser": {"name": "Opera", "version": "95.0.1"}},
            "the list with whole versions wins",
        ),
        (
            {"-Platform": '"Windows"', "-Platform-Version": '"15.0.0"'},
            {"os": {"name": "Windows", "version": "11"}},
            "Windows 11",
        ),
        (
            {"-Platform": '"Windows"', "-Platform-Version": '"10.0.0"'},
            {"os": {"name": "Windows", "version": "10"}},
            "Windows 10",
        ),
        (
            {"-Platform": '"Windows"', "-Platform-Version": '"0.3.0"'},
            {"os": {"name": "Windows"}},
            "an older one",
        ),
        (
            {"-Platform": '"macOS"', "-Platform-Version": '"14.1.0"'},
            {"os": {"name": "macOS", "version": "14.1.0"}},
            "others as they say",
        ),
        ({"-Platform": '"Linux"'}, {"os": {"name": "Linux"}}, "no version"),
        ({"-Platform": '"Unknown"'}, {}, "how a browser declines"),
        (
            {"-Model": '"Pixel 7"'},
            {"device": {"family": "Pixel 7", "model": "Pixel 7"}},
            "the device",
        ),
        ({"-Model": '""', "": "odd"}, {}, "nothing, and no list"),
    ],
)
def test_hints_are_understood(headers, contexts, why):
    sent = {f"Sec-Ch-Ua{suffix}": text for suffix, text in headers.items()}
    assert parse_client_hints(sent) == contexts, why


def test_hints_say_more_than_the_frozen_header(read):
    headers = {
        "User-Agent": FROZEN,
        "sec-ch-ua": BRANDS,
        "sec-ch-ua-platform": '"Windows"',
        "sec-ch-ua-platform-version": '"15.0.0"',
    }
    contexts = read({"platform": "javascript", "request": {"headers": headers}}).contexts
    assert contexts["os"] == {"name": "Windows", "version": "11", "type": "os"}
    assert contexts["browser"] == {"name": "Chrome", "version": "120", "type": "browser"}


@given(st.dictionaries(st.sampled_from(["Sec-Ch-Ua", "Sec-Ch-Ua-Platform"]), st.text()))
def test_any_headers_give_names(headers):
    assert parse_client_hints(headers).keys() <= {"browser", "os"}
