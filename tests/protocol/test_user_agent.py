"""What a User-Agent header says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.protocol.user_agent import parse_user_agent

APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0"


def named(context: dict[str, str] | None) -> str | None:
    return context and " ".join(context.values())


@pytest.mark.parametrize(
    ("text", "browser", "system", "device"),
    [
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/120.0.0.0",
            "Edge 120.0.0",
            "Windows >=10",  # 11 says so too
            None,
        ),
        (
            f"Mozilla/5.0 (Windows NT 6.1) {CHROME} Safari/537.36",
            "Chrome 120.0.0",
            "Windows 7",
            None,
        ),
        (
            (
                f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) {APPLE} Version/17.2"
                " Mobile/15E148 Safari/604.1"
            ),
            "Mobile Safari 17.2",
            "iOS 17.2",
            "iPhone",
        ),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/17.1 Safari/605.1.15",
            "Safari 17.1",
            "Mac OS X >=10.15.7",  # all newer ones say so too
            "Mac",
        ),
        (
            (
                f"Mozilla/5.0 (Linux; Android 13; SM-S918B Build/TP1A) {CHROME} Mobile Safari/537.36"
                " SamsungBrowser/23.0"
            ),
            "Samsung Internet 23.0",
            "Android 13",
            "SM-S918B",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36",
            "Chrome Mobile 120.0.0",
            "Android >=10",
            None,  # how Chrome hides the model
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
            "Firefox 120.0",
            "Linux",
            None,
        ),
        (
            f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36",
            "Chrome 120.0.0",
            "Chrome OS 14541.0.0",
            None,
        ),
        ("Mozilla/5.0 (compatible; Googlebot/2.1)", "Googlebot 2.1", None, "Desktop"),
        ("curl/8.5.0", "curl 8.5.0", None, None),
        ("Werkzeug/3.0", "Werkzeug 3.0", None, None),  # ua-parser does not know it
        ("Mozilla/5.0 (compatible)", None, None, None),
        ("", None, None, None),
    ],
)
def test_browser_system_and_device_are_recognised(text, browser, system, device):
    found = parse_user_agent(text)
    assert named(found.get("browser")) == browser
    assert named(found.get("os")) == system
    assert found.get("device", {}).get("model") == device


def test_a_device_has_its_family_and_brand():
    found = parse_user_agent(f"Mozilla/5.0 (Linux; Android 13; Pixel 7) {CHROME} Safari/537.36")
    assert found["device"] == {"family": "Pixel 7", "brand": "Google", "model": "Pixel 7"}


@given(st.text())
def test_any_text_gives_names(text):
    assert parse_user_agent(text).keys() <= {"browser", "os", "device"}
