"""The browser SDK on a page of another origin: the browser itself applies the CORS rules."""

from __future__ import annotations

import json

from playwright.sync_api import Page, Response

from acceptance.mesher_process import Api, MesherProcess


def _click_and_await_answer(page: Page, shop_url: str, settings: dict[str, object]) -> Response:
    """Open the shop, click the button that fails, and wait until the SDK's event is answered."""
    page.add_init_script(f"window.settings = {json.dumps(settings)}")
    page.goto(shop_url)
    button = page.get_by_role("button", name="Buy", disabled=False)
    with page.expect_response(_is_answer_to_event) as answered:
        button.click()
    return answered.value


def _is_answer_to_event(response: Response) -> bool:
    return '{"type":"event"}' in (response.request.post_data or "")


def test_an_error_on_a_page_of_another_origin_becomes_an_issue(
    api: Api, mesher: MesherProcess, page: Page, shop_url: str
) -> None:
    answer = _click_and_await_answer(page, shop_url, {"dsn": mesher.ready["dsn"]})
    assert answer.status == 200

    issue = api.wait_for_issue("TypeError: Cannot read properties of undefined (reading 'toFixed')")
    assert issue["platform"] == "javascript"
    event = api.latest_event(issue)
    frames = event["exception"][0]["stacktrace"]["frames"]
    assert [frame["function"] for frame in frames] == ["HTMLButtonElement.buy", "addToCart"]
    assert frames[-1]["abs_path"] == f"{shop_url}shop.js"
    assert event["request"]["url"] == shop_url


def test_a_preflight_lets_the_sdk_send_a_header_of_its_own(
    mesher: MesherProcess, page: Page, shop_url: str
) -> None:
    settings = {
        "dsn": mesher.ready["dsn"],
        # Not on the list of headers that a page may send to anyone, so the browser asks first.
        "transportOptions": {"headers": {"X-Requested-With": "shop"}},
    }
    methods: list[str] = []
    # Playwright does not show preflights; Chromium's own protocol does.
    devtools = page.context.new_cdp_session(page)
    devtools.on("Network.requestWillBeSent", lambda seen: methods.append(seen["request"]["method"]))
    devtools.send("Network.enable")

    answer = _click_and_await_answer(page, shop_url, settings)

    assert answer.status == 200
    assert "OPTIONS" in methods


def test_the_page_can_read_the_answer_and_its_id(
    mesher: MesherProcess, page: Page, shop_url: str
) -> None:
    target = mesher.ready["url"] + "/api/{project_number}/envelope/".format(**mesher.ready)
    page.goto(shop_url)
    # Without a key: a refusal is readable for the page too, and not only "failed to fetch".
    status, detail = page.evaluate(
        """async (url) => {
            const answer = await fetch(url, {method: "POST", body: "{}"});
            return [answer.status, (await answer.json()).detail];
        }""",
        target,
    )
    assert status == 401
    assert "key" in detail
