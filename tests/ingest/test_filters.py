"""Which events each filter takes, and which it leaves."""

from __future__ import annotations

import pytest

from mesher.ingest.filters import is_filtered_address, matching_filter
from mesher.protocol.event import Event, ExceptionValue, Frame, LogEntry, Request, Stacktrace
from mesher.values.ingest_settings import IngestSettings

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Safari/537.36"
)
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/{} Safari/605.1.15"


def event(
    *, user_agent: str = "", url: str = "", frames: tuple[Frame, ...] = (), **values
) -> Event:
    headers = [("User-Agent", user_agent)] if user_agent else None
    exception = [ExceptionValue(type="TypeError", value="x is null")]
    exception[0].stacktrace = Stacktrace(frames=list(frames))
    return Event(
        event_id="0" * 32,
        timestamp=0.0,
        request=Request(url=url or None, headers=headers),
        **{"exception": exception, **values},
    )


def settings(**values) -> IngestSettings:
    return IngestSettings(**values)


def test_without_filters_everything_is_let_in():
    extension = event(frames=(Frame(abs_path="chrome-extension://a/b.js"),), url="http://localhost")
    assert matching_filter(extension, IngestSettings()) is None


@pytest.mark.parametrize(
    ("paths", "filtered"),
    [
        (["https://shop.example/a.js", "chrome-extension://abc/content.js"], True),
        (["moz-extension://abc/content.js"], True),
        (["safari-web-extension://abc/content.js", "<anonymous>"], True),
        (["chrome-extension://abc/content.js", "https://shop.example/a.js"], False),  # calls ours
        (["https://shop.example/chrome-extension://a.js"], False),
        (["<anonymous>"], False),
        ([], False),
    ],
)
def test_an_event_is_an_extensions_when_the_newest_call_with_a_place_is(paths, filtered):
    found = matching_filter(
        event(frames=tuple(Frame(abs_path=path) for path in paths)),
        settings(filter_browser_extensions=True),
    )
    assert found == ("filtered:browser_extension" if filtered else None)


@pytest.mark.parametrize(
    ("user_agent", "filtered"),
    [
        (CHROME.format("62.0.3202.94"), True),
        (CHROME.format("63.0.3239.84"), False),
        (SAFARI.format("10.1"), True),
        (SAFARI.format("17.4"), False),
        ("Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko", True),
        ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)", True),
        ("Opera/9.80 (Android; Opera Mini/36.2/119.132; U; id) Presto/2.12.423", True),
        (CHROME.format("64.0") + " Edge/17.17134", True),
        (CHROME.format("120.0") + " Edg/120.0", False),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:66.0) Gecko/20100101 Firefox/66.0", True),
        ("curl/8.5.0", False),
        ("", False),
    ],
)
def test_a_browser_is_legacy_when_it_cannot_load_modules_while_a_page_runs(user_agent, filtered):
    found = matching_filter(event(user_agent=user_agent), settings(filter_legacy_browsers=True))
    assert found == ("filtered:legacy_browser" if filtered else None)


@pytest.mark.parametrize(
    ("user_agent", "filtered"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("Mozilla/5.0 (compatible; bingbot/2.0)", True),
        ("AdsBot-Google (+http://www.google.com/adsbot.html)", True),
        ("facebookexternalhit/1.1", True),
        ("Sogou web spider/4.0", True),
        ("Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36", False),  # a phone
        (CHROME.format("120.0"), False),
        ("", False),
    ],
)
def test_a_crawler_says_what_it_is_in_its_user_agent(user_agent, filtered):
    found = matching_filter(event(user_agent=user_agent), settings(filter_web_crawlers=True))
    assert found == ("filtered:web_crawler" if filtered else None)


@pytest.mark.parametrize(
    ("url", "filtered"),
    [
        ("http://localhost:3000/cart", True),
        ("http://shop.localhost/", True),
        ("http://127.0.0.1/", True),
        ("http://[::1]:8000/", True),
        ("https://localhost.example/", False),
        ("https://shop.example/localhost", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_an_event_is_local_when_the_page_is_on_the_developers_machine(url, filtered):
    found = matching_filter(event(url=url), settings(filter_localhost=True))
    assert found == ("filtered:localhost" if filtered else None)


@pytest.mark.parametrize(
    ("release", "filtered"),
    [
        ("shop@1.2.3", True),
        ("SHOP@1.9", True),
        ("shop@2.0", False),
        ("my-shop@1.0", False),
        (None, False),
    ],
)
def test_a_release_is_matched_as_a_whole_and_in_any_case(release, filtered):
    found = matching_filter(event(release=release), settings(filter_releases=("shop@1.*", "x")))
    assert found == ("filtered:release" if filtered else None)


@pytest.mark.parametrize(
    ("pattern", "filtered"),
    [
        ("x is null", True),  # the value alone
        ("TypeError: x is*", True),  # with the type before it
        ("the message", True),
        ("*ResizeObserver*", False),
        ("is", False),
    ],
)
def test_a_message_is_matched_as_a_whole_in_each_form_that_people_read(pattern, filtered):
    found = matching_filter(
        event(logentry=LogEntry(formatted="the message")), settings(filter_messages=(pattern,))
    )
    assert found == ("filtered:message" if filtered else None)


def test_no_pattern_is_slow():
    # Tried naively, each `*` multiplies what the others cost: this would never end.
    hostile = LogEntry(formatted="a" * 8000)
    pattern = "*a" * 90 + "b"
    assert matching_filter(event(logentry=hostile), settings(filter_messages=(pattern,))) is None


@pytest.mark.parametrize(
    ("address", "filtered"),
    [
        ("192.0.2.7", True),
        ("10.1.2.3", True),
        ("2001:db8::9", True),
        ("192.0.2.8", False),
        ("no address", False),
        ("", False),
    ],
)
def test_an_address_is_one_or_lies_in_a_network(address, filtered):
    wanted = settings(filter_addresses=("192.0.2.7", "10.0.0.1/8", "2001:db8::/32"))
    assert is_filtered_address(address, wanted) is filtered
