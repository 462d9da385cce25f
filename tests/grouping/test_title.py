"""How an issue is called."""

from __future__ import annotations

import pytest

FRAMES = [
    {"module": "shop.main", "filename": "main.py", "function": "main", "in_app": True},
    {"module": "shop.cart", "filename": "cart.py", "function": "pay", "in_app": True},
    {"module": "json", "filename": "json.py", "function": "loads", "in_app": False},
]
TRACE = {"frames": FRAMES}
SYNTHETIC = {"type": "generic", "synthetic": True}


@pytest.mark.parametrize(
    ("payload", "title", "why"),
    [
        ({"exception": [{"type": "E", "value": "v"}]}, "E: v", "type and value"),
        ({"exception": [{"type": "E", "value": "\n v \nw"}]}, "E: v", "the first line of it"),
        ({"exception": [{"type": "E"}]}, "E", "no value"),
        ({"exception": [{"value": "v"}]}, "Error: v", "no type"),
        ({"exception": [{"type": " \n", "value": "\t"}]}, "<unknown>", "blank ones"),
        ({"exception": [{"type": "E\nF", "value": "v"}]}, "E: v", "a type of two lines"),
        ({"exception": [{"type": "E"}, {"type": "F"}]}, "F", "the one that was raised"),
        ({"exception": [{"stacktrace": TRACE}]}, "pay", "neither: where it happened"),
        ({"exception": [{"stacktrace": {"frames": [{"module": "m"}]}}]}, "<unknown>", "nor that"),
        ({"exception": [{"type": "E", "value": "x" * 300}]}, "E: " + "x" * 250 + "...", "cut"),
        ({"message": "\n\nm\nn"}, "m", "a message"),
        ({"message": "x" * 300}, "x" * 253 + "...", "cut"),
        ({"logentry": {"message": "a %s", "params": ["b"]}}, "a b", "as people read it"),
        ({}, "<unlabeled event>", "nothing"),
        (
            {"message": "m", "exception": [{"value": "m", "mechanism": SYNTHETIC}]},
            "m",
            "a message that an SDK wrapped",
        ),
        (
            {"exception": [{"type": "Error", "value": "v", "mechanism": SYNTHETIC}]},
            "Error: v",
            "a thrown string",
        ),
        (
            {
                "platform": "cocoa",
                "exception": [{"type": "SIG", "mechanism": SYNTHETIC, "stacktrace": TRACE}],
            },
            "pay",
            "a native crash",
        ),
        (
            {"platform": "cocoa", "exception": [{"type": "SIG", "mechanism": SYNTHETIC}]},
            "SIG",
            "without calls",
        ),
    ],
)
def test_an_issue_has_a_title(grouped, payload, title, why):
    assert grouped(**payload).title == title, why


@pytest.mark.parametrize(
    ("payload", "culprit", "why"),
    [
        ({"culprit": "c", "transaction": "t"}, "c", "what old clients name"),
        ({"transaction": "t", "exception": [{"type": "E", "stacktrace": TRACE}]}, "t", "the route"),
        ({"platform": "python"}, "shop.cart in pay", "the newest call of the application"),
        ({"platform": "node"}, "pay(shop.cart)", "in JavaScript's way"),
        ({"platform": "native"}, "pay", "the function alone"),
    ],
)
def test_an_issue_has_a_culprit(grouped, payload, culprit, why):
    given = {"exception": [{"type": "E", "stacktrace": TRACE}], **payload}
    assert grouped(**given).culprit == culprit, why


@pytest.mark.parametrize(
    ("payload", "culprit", "why"),
    [
        ({"request": {"url": "http://a/b?c"}}, "http://a/b", "no calls: the page"),
        ({"message": "m"}, "", "nothing"),
        ({"stacktrace": {"frames": [{"filename": "a.py"}]}}, "a.py in ?", "no function"),
        ({"stacktrace": {"frames": [{"function": "f"}]}}, "? in f", "no file"),
        ({"threads": [{"stacktrace": TRACE}]}, "shop.cart in pay", "of a thread"),
        (
            {"exception": [{"type": "E", "stacktrace": TRACE}, {"type": "F"}]},
            "shop.cart in pay",
            "of the cause, where the wrapper has no calls",
        ),
        ({"stacktrace": {"frames": [{"module": "m" * 250}]}}, ("m" * 250)[:200], "cut"),
    ],
)
def test_the_culprit_is_found_elsewhere(grouped, payload, culprit, why):
    assert grouped(**payload).culprit == culprit, why
