"""
What a person at a browser waits for: the list of issues of a large project, and the live page in a storm.

Fills a Mesher as ``lists.py`` does, then opens headless Chromium: first contentful paint and bytes transferred of
the list with nothing cached, as often as ``--loads`` says; from an event sent to the open list and live page; and
the time of the frames of the open live page while ``--rate`` events a second arrive.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from figures import Figures, percentile_ms, print_runs
from filled import fill, kept_folder
from mesher_up import Mesher, started_mesher

STORM_SECONDS = 10
BATCH_SECONDS = 0.1
# A page that draws sixty times a second has this for each frame.
_FRAMES = """async seconds => {
  const times = [];
  let last = performance.now();
  const end = last + seconds * 1000;
  await new Promise((done) => {
    const frame = (now) => {
      times.push(now - last);
      last = now;
      now < end ? requestAnimationFrame(frame) : done();
    };
    requestAnimationFrame(frame);
  });
  return times;
}"""
_PAINT = """() => new Promise((done) => new PerformanceObserver((seen) => {
  const paint = seen.getEntriesByName("first-contentful-paint")[0];
  if (paint) done(paint.startTime);
}).observe({ type: "paint", buffered: true }))"""
_BYTES = """() => performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
  .reduce((sum, one) => sum + one.transferSize, 0)"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--issues", type=int, default=20_000)
    parser.add_argument("--loads", type=int, default=20)
    parser.add_argument("--sent", type=int, default=20, help="events that are waited for")
    parser.add_argument("--rate", type=int, default=1000, help="events a second of the storm")
    parser.add_argument("--folder", type=Path, help="where the data stays for the next time")
    arguments = parser.parse_args()
    with (
        kept_folder(arguments.folder) as folder,
        started_mesher(folder) as mesher,
        sync_playwright() as playwright,
    ):
        fill(mesher, events=arguments.events, issues=arguments.issues)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        figures = _first_paint(browser, mesher, arguments.loads)
        figures |= _seen(browser, mesher, arguments.sent)
        figures |= _storm(browser, mesher, arguments.rate)
        browser.close()
    print_runs([figures])


def _logged_in(browser: Browser, mesher: Mesher) -> Page:
    page = browser.new_context().new_page()
    page.goto(f"{mesher.ready['url']}/login?next=/projects")
    page.get_by_label("E-mail").fill(mesher.ready["email"])
    page.get_by_label("Password").fill(mesher.ready["password"])
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/projects")
    return page


def _list(mesher: Mesher) -> str:
    return f"{mesher.ready['url']}/projects/{mesher.ready['project_id']}/issues"


def _first_paint(browser: Browser, mesher: Mesher, loads: int) -> Figures:
    page = _logged_in(browser, mesher)
    session = page.context.new_cdp_session(page)
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    paints, sizes = [], []
    for _ in range(loads):
        page.goto(_list(mesher), wait_until="load")
        paints.append(float(page.evaluate(_PAINT)))
        sizes.append(int(page.evaluate(_BYTES)))
    page.context.close()
    return {
        "list_first_paint_median_ms": round(statistics.median(paints), 1),
        "list_first_paint_max_ms": round(max(paints), 1),
        "list_transferred_kb": round(max(sizes) / 1000, 1),
    }


def _seen(browser: Browser, mesher: Mesher, count: int) -> Figures:
    """From before an event is sent until it stands on the page."""
    found: Figures = {}
    for name, path, where in (
        ("list", "?sort=last_seen", ".newer a"),
        ("live", "/../live", ".live-events li"),
    ):
        page = _logged_in(browser, mesher)
        page.goto(_list(mesher) + path)
        page.wait_for_timeout(1500)  # the stream has begun, and the page has looked at itself
        took = []
        for number in range(count):
            message = f"{name} {number} {time.time_ns()}"
            began = time.perf_counter()
            _send(mesher, [{"message": message, "fingerprint": [message]}])
            if name == "list":
                page.locator(where, has_text=f"{number + 1} newer").wait_for()
            else:
                page.locator(where, has_text=message).wait_for()
            took.append(time.perf_counter() - began)
        found[f"seen_on_{name}_median_ms"] = round(statistics.median(took) * 1000, 1)
        found[f"seen_on_{name}_max_ms"] = round(max(took) * 1000, 1)
        page.context.close()
    return found


def _storm(browser: Browser, mesher: Mesher, rate: int) -> Figures:
    """The frames of the open live page, in quiet and while events arrive."""
    page = _logged_in(browser, mesher)
    page.goto(_list(mesher) + "/../live")
    page.wait_for_timeout(1000)
    quiet = page.evaluate(_FRAMES, 3)
    over = threading.Event()
    sent: list[int] = []
    sender = threading.Thread(target=_send_until, args=(mesher, rate, over, sent))
    sender.start()
    storm = page.evaluate(_FRAMES, STORM_SECONDS)
    over.set()
    sender.join()
    state = page.locator(".live-state").inner_text()
    rows = page.locator(".live-events li").count()
    page.context.close()
    print(f"{sum(sent)} events sent; the live page says: {state}; {rows} rows")
    return {
        "live_frame_quiet_p99_ms": percentile_ms([one / 1000 for one in sorted(quiet)], 0.99),
        "live_frame_storm_median_ms": percentile_ms([one / 1000 for one in sorted(storm)], 0.5),
        "live_frame_storm_p99_ms": percentile_ms([one / 1000 for one in sorted(storm)], 0.99),
        "live_frame_storm_max_ms": round(max(storm), 1),
    }


def _send_until(mesher: Mesher, rate: int, over: threading.Event, sent: list[int]) -> None:
    size = round(rate * BATCH_SECONDS)
    next_at = time.monotonic()
    while not over.is_set():
        _send(
            mesher,
            [
                {"message": f"storm {one}", "fingerprint": [f"storm {one % 20}"]}
                for one in range(size)
            ],
        )
        sent.append(size)
        next_at += BATCH_SECONDS
        over.wait(max(0.0, next_at - time.monotonic()))


def _send(mesher: Mesher, events: list[dict[str, Any]]) -> None:
    key = httpx.URL(mesher.ready["dsn"]).username
    answer = httpx.post(
        f"{mesher.ready['url']}/api/v1/events/bulk",
        json=events,
        headers={"X-Sentry-Auth": f"Sentry sentry_key={key}"},
    )
    answer.raise_for_status()


if __name__ == "__main__":
    main()
