"""Real SDKs with nothing changed but the DSN: what they report becomes the right issue."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from acceptance.mesher_process import Api, MesherProcess

Run = Callable[..., subprocess.CompletedProcess[str]]


def _functions(exception: dict[str, Any]) -> list[str | None]:
    return [frame.get("function") for frame in exception["stacktrace"]["frames"]]


def test_the_snippet_that_is_printed_at_the_start_makes_a_first_issue(
    api: Api, mesher: MesherProcess, tmp_path: Path
) -> None:
    printed = mesher.log()
    end = "\n1 / 0\n"
    snippet = printed[printed.index("import sentry_sdk") : printed.index(end) + len(end)]
    pasted = tmp_path / "first.py"
    pasted.write_text(snippet, "utf-8")
    subprocess.run([sys.executable, pasted], cwd=tmp_path, capture_output=True, check=False)

    issue = api.wait_for_issue("ZeroDivisionError: division by zero")
    frames = api.latest_event(issue)["exception"][0]["stacktrace"]["frames"]
    assert [frame["context_line"] for frame in frames] == ["1 / 0"]


def test_an_uncaught_python_exception_becomes_an_issue_with_its_cause_and_frames(
    api: Api, run_program: Run
) -> None:
    ended = run_program("chained_exception.py")
    assert "CheckoutFailed" in ended.stderr  # the program still fails as it did

    issue = api.wait_for_issue("CheckoutFailed: cannot check out 3 articles")
    assert issue["level"] == "error"
    assert issue["platform"] == "python"
    assert issue["culprit"] == "__main__ in check_out"
    event = api.latest_event(issue)
    cause, raised = event["exception"]
    assert (cause["type"], cause["value"]) == ("KeyError", "'umbrella'")
    assert (raised["type"], raised["value"]) == ("CheckoutFailed", "cannot check out 3 articles")
    assert _functions(cause) == ["check_out", "load_price"]
    assert _functions(raised) == ["<module>", "check_out"]
    crash = raised["stacktrace"]["frames"][-1]
    assert crash["context_line"].strip().startswith("raise CheckoutFailed(")
    assert crash["vars"]["cart_size"] == "3"
    assert crash["in_app"] is True
    assert (event["release"], event["environment"]) == ("shop@1.4.2", "production")


def test_the_same_bug_with_another_number_in_its_text_is_the_same_issue(
    api: Api, run_program: Run
) -> None:
    run_program("stale_cache.py", ENTRIES="120")
    first = api.wait_for_issue("TimeoutError: the cache of 120 entries is stale")
    run_program("stale_cache.py", ENTRIES="98000")

    api.wait_for_events(first, 2)
    assert [issue["id"] for issue in api.issues() if "the cache of" in issue["title"]] == [
        first["id"]
    ]


def test_a_python_message_keeps_its_level_tag_and_user(api: Api, run_program: Run) -> None:
    run_program("message.py")

    issue = api.wait_for_issue("the warehouse answers slowly")
    assert issue["level"] == "warning"
    event = api.latest_event(issue)
    assert event["tags"]["region"] == "eu-west"
    assert event["user"]["id"] == "17"
    assert event["user"]["email"] == "ada@example.com"


def test_python_log_records_of_one_call_are_one_issue_with_breadcrumbs(
    api: Api, run_program: Run
) -> None:
    run_program("log_records.py")

    issue = api.wait_for_issue("order 4711 cannot be shipped", "order 4712 cannot be shipped")
    api.wait_for_events(issue, 2)
    event = api.latest_event(issue)
    assert event["logger"] == "shop.orders"
    assert event["logentry"]["message"] == "order %s cannot be shipped"
    assert "order 4711 arrived" in [crumb["message"] for crumb in event["breadcrumbs"]]


def test_a_flask_view_that_fails_is_reported_with_its_request(api: Api, run_program: Run) -> None:
    run_program("flask_application.py")

    issue = api.wait_for_issue("IndexError: list index out of range")
    assert issue["culprit"] == "show_article"
    event = api.latest_event(issue)
    assert event["request"]["method"] == "GET"
    assert event["request"]["url"] == "http://localhost/articles/7"
    assert event["request"]["query_string"] == [["currency", "EUR"]]
    (raised,) = event["exception"]
    assert raised["mechanism"]["handled"] is False
    in_app = [frame for frame in raised["stacktrace"]["frames"] if frame["in_app"]]
    assert [frame["function"] for frame in in_app] == ["show_article"]


def test_a_node_error_becomes_an_issue_with_its_cause_and_frames(
    api: Api, run_program: Run
) -> None:
    ended = run_program("node_error.cjs")
    assert ended.returncode == 0, ended.stderr  # the SDK says that all was sent

    issue = api.wait_for_issue("RangeError: cannot reserve umbrella")
    assert issue["platform"] == "node"
    assert "reserve" in issue["culprit"]
    event = api.latest_event(issue)
    cause, raised = event["exception"]
    assert cause["type"] == "SyntaxError"
    assert "readStock" in _functions(cause)
    assert _functions(raised)[-1] == "reserve"
    assert "throw new RangeError" in raised["stacktrace"]["frames"][-1]["context_line"]
    assert event["release"] == "shop-web@7.0.3"
