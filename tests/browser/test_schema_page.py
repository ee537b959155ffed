"""The page of the OpenAPI document, under the Content-Security-Policy of all pages."""

from collections.abc import Iterator
from itertools import product

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.test_api_pages import COLOURS_CHANGED, DESKTOP, PHONE, SCHEMES, sign_in
from tests.browser.test_everyone import audit
from tests.running import Stack

# It skips a level of headings, has buttons with a link inside, and its title is in no landmark.
OF_SWAGGER_UI = ("heading-order", "nested-interactive", "region")


@pytest.fixture(scope="module")
def page(stack: Stack, chromium: Browser) -> Iterator[Page]:
    """The page of a user, who prefers dark colours; it asks no other server, and logs nothing."""
    author = stack.person()
    stack.posted(author, "the newest message has an id that exists")
    page = chromium.new_page(base_url=stack.url, color_scheme="dark")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    sign_in(page, author, "/api/schema/")
    yield page
    page.close()
    assert all(url.startswith((stack.url, "data:")) for url in requests)
    assert complaints == []


@pytest.fixture(scope="module")
def operations(stack: Stack) -> dict[str, tuple[str, str]]:
    """The path and the method of each operation, by its id."""
    paths = stack.get("/api/schema/openapi.json").json()["paths"]
    return {
        operation["operationId"]: (path, method)
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


def test_the_page_shows_each_operation_and_tries_it_out(
    page: Page, operations: dict[str, tuple[str, str]]
) -> None:
    """In each size the system changes to the other colours and back."""
    expect(page.locator(".opblock")).to_have_count(len(operations))
    page.locator("#operations-service-healthz .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table tbody .response-col_status").first).to_have_text(
        "200"
    )
    for size, scheme in product((DESKTOP, PHONE), SCHEMES):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html.dark-mode")).to_have_count(int(scheme == "dark"))
        page.evaluate(COLOURS_CHANGED)
        luminance = page.evaluate(
            "getComputedStyle(document.documentElement)"
            ".backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
        )
        assert (scheme == "dark") == (sum(luminance) < 200 and luminance != [0, 0, 0])
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
        audit(page, f"an answer, {scheme}", besides=OF_SWAGGER_UI)


def test_try_it_out_sends_what_succeeds(page: Page, operations: dict[str, tuple[str, str]]) -> None:
    names = [
        name
        for name, (path, method) in operations.items()
        if method == "get" and "task_id" not in path and name != "healthz"  # tried out above
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


def press(block: Locator, button: str) -> None:
    """Press a button as a script does; to scroll to each and wait until it stands takes long."""
    block.locator(button).dispatch_event("click")
