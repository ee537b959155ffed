"""The page of the OpenAPI document, under the Content-Security-Policy of all pages."""

import pytest
from playwright.sync_api import Browser, expect

from tests.running import Stack

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_page_shows_each_operation_and_tries_it_out(
    stack: Stack, chromium: Browser, size: str, scheme: str
) -> None:
    width, height = SIZES[size]
    page = chromium.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
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
    assert page.evaluate("document.documentElement.scrollWidth") == width
    luminance = page.evaluate(
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    )
    assert (scheme == "dark") == (sum(luminance) < 200 and luminance != [0, 0, 0])
    assert all(url.startswith((stack.url, "data:")) for url in requests)
    assert complaints == []
    page.close()
