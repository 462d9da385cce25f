"""The evaluation on labelled events: good enough, and reported truthfully."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from grouping.evaluation import dataset
from grouping.evaluation.reasons import REASONS, reason_for
from grouping.evaluation.report import MIN_PRECISION, MIN_RECALL, write_report
from grouping.evaluation.score import Score, score_platforms

REPORT = Path(__file__).parents[2] / "docs" / "grouping-evaluation.md"
PLATFORMS = {"python", "node", "javascript", "java", "ruby", "go", "php", "dotnet"}


@functools.cache
def events() -> list[dataset.Labelled]:
    return dataset.labelled_events()


@functools.cache
def scores() -> list[Score]:
    return score_platforms(events())


def variants(platform: str, bug: str) -> set[str]:
    return {one.variant for one in events() if (one.platform, one.bug) == (platform, bug)}


def mistaken_bugs(score: Score) -> set[str]:
    return {*score.splits, *(bug for bugs in score.merges for bug in bugs)}


def test_every_platform_is_evaluated_with_hundreds_of_pairs():
    assert {score.platform for score in scores()} >= PLATFORMS
    assert min(score.same_bug for score in scores()) > 250


def test_events_of_different_bugs_are_seldom_in_one_issue():
    assert {s.platform: s.precision for s in scores() if s.precision < MIN_PRECISION} == {}


def test_events_of_one_bug_are_seldom_in_several_issues():
    assert {s.platform: s.recall for s in scores() if s.recall < MIN_RECALL} == {}


@pytest.mark.parametrize(
    ("platform", "bug", "across"),
    [
        ("python", "bad_price", "release 2"),  # moved lines
        ("python", "settings", "/opt/shop/releases"),  # another folder and virtual environment
        ("python", "discount_unknown_coupon", "asyncio"),  # an asynchronous call path
        ("python", "warehouses", "request"),  # a group of one failure, one to four times
        ("python", "message_address", "old SDK"),  # other addresses and ids in the text
        ("node", "discount_unknown_coupon", "minified"),  # a debug and a minified build, mapped
        ("node", "order_without_customer", "async"),
        ("javascript", "settings", "SpiderMonkey minified"),  # another browser
        ("javascript", "parity", "JavaScriptCore minified"),  # recursion without end
        ("java", "cancel", "proxy"),  # a proxy that is made at run time
        ("java", "bad_price", "future"),  # behind an ExecutionException
        ("ruby", "cancel", "Ruby 3.4"),  # blocks, as another version names them
        ("go", "tax", "goroutine"),  # a closure
        ("php", "reserve", "PHP 8.4"),  # an anonymous class
        ("dotnet", "discount_without_tiers", "async enhanced"),  # signatures instead of names
    ],
)
def test_a_bug_is_one_issue_whatever_differs(platform, bug, across):
    assert any(across in variant for variant in variants(platform, bug))
    [score] = [score for score in scores() if score.platform == platform]
    assert bug not in mistaken_bugs(score)


@pytest.mark.parametrize(
    ("platform", "one", "other"),
    [
        # Two types of exception in one function.
        ("python", "discount_unknown_coupon", "discount_without_percent"),
        ("java", "discount_without_tiers", "discount_without_percent"),
        # One helper, two callers.
        ("python", "order_without_customer", "refund_without_customer"),
        ("node", "api_order", "api_price"),
        # One type and one text from two functions.
        ("go", "warehouse_call", "mailer_call"),
        # One wrapper around two causes.
        ("php", "stock_unreachable", "stock_garbled"),
        # One function that returns errors, one that reports them.
        ("go", "ship", "cancel"),
    ],
)
def test_two_bugs_are_two_issues_however_alike(platform, one, other):
    assert variants(platform, one)
    assert variants(platform, other)
    [score] = [score for score in scores() if score.platform == platform]
    assert not any(one in bugs for bugs in score.merges)


def test_every_mistake_has_its_reason():
    unexplained = [
        (score.platform, bug)
        for score in scores()
        for bug in sorted(mistaken_bugs(score))
        if reason_for(score.platform, bug) is None
    ]
    assert unexplained == []


def test_no_reason_is_left_for_what_is_no_mistake():
    mistakes = {(s.platform, bug) for s in scores() for bug in mistaken_bugs(s)}
    bugs = {bug for _, bug in mistakes}
    assert [
        key for key in REASONS if key not in mistakes and not (key[0] == "*" and key[1] in bugs)
    ] == []


def test_the_report_says_what_the_code_does():
    text = write_report(scores())
    if os.environ.get("WRITE_GROUPING_EVALUATION"):
        REPORT.write_text(text)
    assert REPORT.read_text() == text, "make grouping-evaluation writes it anew"
