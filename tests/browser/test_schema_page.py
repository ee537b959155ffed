"""The page of the OpenAPI document, under the Content-Security-Policy of all pages."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from comparison.contract.client import Person
from tests.browser.test_everyone import audit
from tests.running import Stack

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}

# It skips a level of headings, has buttons with a link inside, and its title is in no landmark.
OF_SWAGGER_UI = ("heading-order", "nested-interactive", "region")

# Resolves when no colour is between that of one scheme and that of the other any longer.
COLOURS_CHANGED = """async () => {
    for (let all; (all = document.getAnimations()).length;) {
        await Promise.allSettled(all.map((each) => each.finished))
    }
}"""


@pytest.mark.parametrize(
    ("size", "schemes"),
    [("desktop", ("light", "dark")), ("phone", ("dark", "light"))],
    ids=SIZES,
)
def test_the_page_shows_each_operation_and_tries_it_out(
    stack: Stack, chromium: Browser, size: str, schemes: Any
) -> None:
    """The page is loaded in the first colour scheme; then the system changes to the other."""
    width, height = SIZES[size]
    page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=schemes[0])
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{stack.url}/api/schema/")
    paths = stack.get("/api/schema/openapi.json").json()["paths"]
    expect(page.locator(".opblock")).to_have_count(sum(map(len, paths.values())))
    page.locator("#operations-service-healthz .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table tbody .response-col_status").first).to_have_text(
        "200"
    )
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html.dark-mode")).to_have_count(int(scheme == "dark"))
        page.evaluate(COLOURS_CHANGED)
        luminance = page.evaluate(
            "getComputedStyle(document.documentElement)"
            ".backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
        )
        assert (scheme == "dark") == (sum(luminance) < 200 and luminance != [0, 0, 0])
        assert page.evaluate("document.documentElement.scrollWidth") == width
        audit(page, f"an answer, {scheme}", besides=OF_SWAGGER_UI)
    assert all(url.startswith((stack.url, "data:")) for url in requests)
    assert complaints == []
    page.close()


@pytest.mark.timeout(300)
def test_try_it_out_sends_what_succeeds(stack: Stack, chromium: Browser, alice: Person) -> None:
    stack.posted(alice, "the newest message has an id that exists")
    page = chromium.new_page(base_url=stack.url)
    page.goto("/api-auth/login/?next=/api/schema/")
    page.get_by_label("Nickname").fill(alice.nickname)
    page.get_by_label("Password").fill(alice.password)
    page.get_by_role("button", name="Sign in").click()
    paths = stack.get("/api/schema/openapi.json").json()["paths"]
    names = [
        operation["operationId"]
        for path, methods in paths.items()
        for method, operation in methods.items()
        if method == "get" and "task_id" not in path
    ]
    assert len(names) >= 9
    for name in [*names, "messages_create", "tokens_create"]:
        block = page.locator(f"[id$=-{name}]")
        press(block, ".opblock-summary-control")
        press(block, ".try-out__btn")
        with page.expect_response(lambda response: "/api/schema/" not in response.url) as answer:
            press(block, ".execute")
        assert answer.value.status in (200, 201), (name, answer.value.url)
        press(block, ".opblock-summary-control")
    page.close()


def press(block: Locator, button: str) -> None:
    """Press a button as a script does; to scroll to each and wait until it stands takes long."""
    block.locator(button).dispatch_event("click")
