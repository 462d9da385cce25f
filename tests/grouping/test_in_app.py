"""Whose code a call is."""

from __future__ import annotations

import pytest

from mesher.grouping.in_app import is_evaluated, is_helper, is_in_app
from mesher.protocol.event import Frame


@pytest.mark.parametrize(
    ("platform", "frame", "expected", "why"),
    [
        ("python", {"abs_path": "/srv/shop/cart.py"}, True, "the SDK says so"),
        ("python", {"abs_path": "/srv/shop/cart.py", "in_app": False}, False, "or says no"),
        ("python", {"abs_path": "/srv/shop/cart.py", "in_app": None}, False, "or nothing"),
        ("python", {"abs_path": "/x/venv/lib/site-packages/a.py"}, False, "an installed package"),
        ("python", {"filename": "site-packages/a.py"}, False, "also by its short name"),
        ("python", {"abs_path": "/usr/lib/python3/dist-packages/a.py"}, False, "Debian's"),
        ("python", {"abs_path": "C:\\x\\Lib\\site-packages\\a.py"}, False, "Windows'"),
        ("python", {"abs_path": "/usr/local/lib/python3.11/json/decoder.py"}, False, "its library"),
        ("php", {"abs_path": "/srv/shop/vendor/symfony/a.php"}, False, "Composer's"),
        ("node", {"abs_path": "/srv/shop/node_modules/express/a.js"}, False, "npm's"),
        ("go", {"abs_path": "/home/a/go/pkg/mod/x/y.go"}, False, "Go's"),
        ("javascript", {"abs_path": "https://cdn.jsdelivr.net/npm/a.js"}, False, "a CDN"),
        ("javascript", {"abs_path": "https://shop.example.com/a.js"}, True, "one's own"),
        ("javascript", {"module": "unpkg/a"}, False, "a CDN by its module"),
        (
            "python",
            {"abs_path": "/home/a/.pyenv/lib/python3.12/json/decoder.py"},
            False,
            "any Python's",
        ),
        ("go", {"abs_path": "/usr/local/go/src/net/http/server.go"}, False, "Go itself"),
        ("python", {"abs_path": "/srv/vendors/a.py"}, True, "a folder of a similar name"),
        ("native", {"package": "/usr/lib/libc.so.6"}, False, "a system's library"),
        ("native", {"package": "/opt/shop/bin/shop"}, True, "another one"),
        ("java", {"module": "org.springframework.web.Servlet"}, False, "a framework"),
        ("java", {"module": "com.example.shop.Cart"}, True, "one's own"),
        ("java", {"module": "javafx.Thing"}, True, "a module of a similar name"),
        ("python", {"module": "java.util"}, True, "Java's modules are Java's"),
    ],
)
def test_the_place_of_a_call_overrules_what_the_sdk_says(platform, frame, expected, why):
    assert is_in_app(Frame(**{"in_app": True, **frame}), platform) is expected, why


@pytest.mark.parametrize(
    ("platform", "frame", "expected", "why"),
    [
        ("node", {"function": "processTicksAndRejections"}, True, "the scheduler"),
        ("node", {"abs_path": "/a/node_modules/@sentry/node/a.js"}, True, "the SDK"),
        ("node", {"module": "@sentry.node.cjs:handlers"}, True, "as old SDKs name themselves"),
        (
            "javascript",
            {"abs_path": "webpack:///node_modules/tslib/tslib.js"},
            True,
            "a compiler's",
        ),
        (
            "javascript",
            {"abs_path": "https://cdn.example.com/LogRocket.min.js"},
            True,
            "a recorder",
        ),
        ("javascript", {"abs_path": "https://shop.example.com/sentry/a.js"}, False, "one's own"),
        ("python", {"module": "sentry_sdk.integrations.flask"}, True, "the SDK"),
        ("python", {"module": "raven.base"}, True, "the one before"),
        ("python", {"module": "ravenous.base"}, False, "another one"),
        ("python", {}, False, "no module"),
        ("java", {"module": "io.sentry.Hub"}, True, "the SDK"),
        ("java", {"module": "com.a.Cart$Line"}, False, "a class within one"),
        ("ruby", {"abs_path": "/gems/sentry-ruby-core-5.3.0/lib/sentry/hub.rb"}, True, "the SDK"),
        ("php", {"abs_path": "/srv/vendor/sentry/sentry/src/Hub.php"}, True, "the SDK"),
        ("ruby", {"abs_path": "/srv/sentry-shop/cart.rb"}, False, "a program of a similar name"),
        ("ruby", {"function": "<listcomp>"}, False, "Python's names are Python's"),
    ],
)
def test_helpers_are_recognised(platform, frame, expected, why):
    assert is_helper(Frame(**frame), platform) is expected, why


@pytest.mark.parametrize(
    ("platform", "frame", "expected", "why"),
    [
        ("javascript", {"function": "JSON.parse", "abs_path": "<anonymous>"}, True, "built in"),
        ("javascript", {"function": "map", "abs_path": "[native code]"}, True, "in Safari's words"),
        ("javascript", {"function": "parse"}, True, "nowhere"),
        ("node", {"function": "async Promise.all", "abs_path": "index 0"}, True, "a promise"),
        ("javascript", {"function": "window.eval", "abs_path": "http://a/b.js"}, True, "eval"),
        ("javascript", {"function": "evaluate", "abs_path": "http://a/b.js"}, False, "not eval"),
        ("javascript", {"abs_path": "http://a/b.js"}, False, "no function"),
        ("python", {"function": "eval"}, False, "another language"),
    ],
)
def test_evaluated_code_is_recognised(platform, frame, expected, why):
    assert is_evaluated(Frame(**frame), platform) is expected, why
