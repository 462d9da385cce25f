"""What software an event comes from."""

from __future__ import annotations

import pytest

from mesher.protocol.event import Sdk, SdkPackage


@pytest.mark.parametrize(
    ("given", "sdk", "why"),
    [
        (
            {"name": "n", "version": "1", "packages": [{"name": "p", "version": "2"}]},
            Sdk(name="n", version="1", packages=[SdkPackage(name="p", version="2")]),
            "the usual form",
        ),
        ({"name": "n", "version": 1}, Sdk(name="n", version="1"), "a number is text"),
        (
            {"name": "n", "integrations": ["a", 7, "x" * 200], "packages": [7, {"name": "p"}]},
            Sdk(name="n", integrations=["a"], packages=[SdkPackage(name="p")]),
            "wrong elements are left out",
        ),
        ({"name": "n", "integrations": "a", "packages": "b"}, Sdk(name="n"), "no lists"),
        (
            {"name": "n", "settings": {"infer_ip": "never"}},
            Sdk(name="n", settings={"infer_ip": "never"}),
            "settings",
        ),
        (
            {"name": "n", "integrations": ["i"] * 999},
            Sdk(name="n", integrations=["i"] * 200),
            "many",
        ),
    ],
)
def test_the_sdk_is_read(read, given, sdk, why):
    assert read({"sdk": given}).sdk == sdk, why


@pytest.mark.parametrize(
    ("given", "client", "sdk", "why"),
    [
        (None, "sentry.python/2.75.0", Sdk(name="sentry.python", version="2.75.0"), "as it says"),
        ("odd", "a", Sdk(name="a"), "a client without a version"),
        ({"name": "n"}, "a/2", Sdk(name="n"), "the event's own wins"),
        ({"version": "1"}, "a/2", Sdk(version="1"), "even where it has no name"),
        (None, "/2", Sdk(version="2"), "no name"),
        (None, "a\0\ud800/2", Sdk(name="a\ufffd\ufffd\ufffd\ufffd", version="2"), "a hostile one"),
        (None, None, None, "nobody says"),
    ],
)
def test_an_event_without_an_sdk_has_that_of_the_credentials(read, given, client, sdk, why):
    assert read({"sdk": given}, client=client).sdk == sdk, why


def test_the_list_of_modules_is_bounded(read, noted):
    event = read({"modules": {f"module{number}": "1.0" for number in range(5000)}})
    assert 1000 < len(event.modules) < 5000
    assert noted(event) == [("value_too_long", "modules")]
