"""The pages of the API and of the admin, under the Content-Security-Policy, and seen by axe."""

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from comparison.contract.client import Person, new_nickname, new_password
from tests.browser.test_everyone import audit
from tests.running import Stack

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
OF_DJANGO = ("label-title-only",)  # an icon is the label of the search

# Resolves when no colour is between that of one scheme and that of the other any longer.
COLOURS_CHANGED = """async () => {
    for (let all; (all = document.getAnimations()).length;) {
        await Promise.allSettled(all.map((each) => each.finished))
    }
}"""


@pytest.fixture
def blank(chromium: Browser, stack: Stack) -> Iterator[Page]:
    """A tab that is not signed in; at its end nothing may have been refused or logged."""
    page = chromium.new_page(base_url=stack.url, viewport=PHONE)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    refused = "Failed to load resource: the server responded with a status of 40"
    assert [text for text in complaints if not text.startswith(refused)] == []


def sign_in(page: Page, person: Person, then: str) -> None:
    """Sign in by the form of the API's pages, which leads to the path `then`."""
    page.goto(f"/api-auth/login/?next={then}")
    page.get_by_label("Nickname").fill(person.nickname)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def tab(blank: Page, alice: Person) -> Page:
    """A tab of Alice, who is signed in."""
    sign_in(blank, alice, "/api")
    expect(blank.get_by_role("button", name="Sign out")).to_be_visible()
    return blank


def test_a_double_click_posts_once(tab: Page, stack: Stack, word: str) -> None:
    tab.goto("/api/messages")
    tab.get_by_label("Source").fill(word)
    tab.get_by_role("button", name="POST").first.dblclick()
    expect(tab.locator(".answer")).to_contain_text("201 Created")
    assert [message["source"] for message in stack.messages(f"q={word}")] == [word]


def test_a_request_that_fails_says_so_where_no_response_was_shown(tab: Page) -> None:
    tab.goto("/api/tokens")
    for words in ("The chat cannot be reached", "Still not"):
        tab.route("**/api/tokens", lambda route: route.fulfill(json={"error": words}))  # noqa: B023
        tab.get_by_role("button", name="POST").first.click()
        expect(tab.locator(".answer pre")).to_contain_text(words)
        expect(tab.locator(".answer pre")).to_be_focused()


def test_a_person_posts_edits_and_searches_by_forms(tab: Page, stack: Stack, word: str) -> None:
    look(tab, "the index")
    tab.get_by_role("link", name="/api/messages").click()
    tab.get_by_label("Source").fill(f"{word} first")
    tab.get_by_role("button", name="POST").first.click()
    expect(tab.locator(".answer")).to_contain_text("201 Created")
    look(tab, "a post")
    tab.locator(".answer").get_by_role("link", name="/api/messages/").first.click()
    tab.get_by_label("Source").fill(f"{word} second")
    tab.get_by_role("button", name="PUT").first.click()
    expect(tab.locator(".answer")).to_contain_text("204 No Content")
    expect(tab.get_by_label("Source")).to_have_value(f"{word} second")
    tab.goto("/api/messages")
    tab.get_by_text("Query parameters").click()
    tab.get_by_label("q", exact=True).fill(word)
    look(tab, "a list with its parameters")
    tab.get_by_role("button", name="GET").click()
    expect(tab.locator(".answer")).to_contain_text(f"{word} second")
    assert tab.url == f"{stack.url}/api/messages?q={word}"
    for path in ("/api/tokens", "/api/schema/socket", "/api-auth/login/"):
        tab.goto(path)
        look(tab, path)


def test_a_form_keeps_what_was_typed_and_changes_only_that(tab: Page, alice: Person) -> None:
    tab.goto("/api/users")
    tab.get_by_label("Nickname").nth(1).fill(alice.nickname)
    tab.get_by_label("Password").fill("1")
    tab.get_by_role("button", name="POST").first.click()
    expect(tab.locator("#post-nickname-help")).to_contain_text("This nickname is taken.")
    expect(tab.locator("#post-nickname")).to_be_focused()
    expect(tab.locator("#post-nickname")).to_have_value(alice.nickname)
    expect(tab.locator("#post-password")).to_have_value("1")
    look(tab, "a refused form")
    tab.get_by_text("Raw JSON").click()
    tab.get_by_label("Body").fill('{"nickname": ')
    tab.get_by_role("button", name="POST").last.click()
    expect(tab.locator(".answer")).to_contain_text("The body is not JSON")
    expect(tab.get_by_label("Body")).to_have_value('{"nickname": ')
    tab.goto(f"/api/users/{alice.id}")
    tab.locator("#put-nickname").fill(name := new_nickname())
    look(tab, "one's own user")
    tab.get_by_role("button", name="PUT").first.click()
    expect(tab.locator(".answer")).to_contain_text("204 No Content")
    expect(tab.get_by_role("button", name="Sign out")).to_be_visible()  # the password is the same
    expect(tab.locator(".site bdi")).to_have_text(name)


def test_a_form_stays_with_its_text_when_the_session_has_ended(tab: Page, word: str) -> None:
    tab.goto("/api/messages")
    tab.get_by_label("Source").fill(word)
    tab.context.clear_cookies()
    tab.get_by_role("button", name="POST").first.click()
    expect(tab.locator(".answer pre")).to_contain_text("authentication_required")
    expect(tab.get_by_label("Source")).to_have_value(word)


@pytest.fixture(scope="module")
def operator(stack: Stack) -> dict[str, str]:
    """The nickname and the password of an operator, by the labels of the admin's form."""
    operator = {"Nickname": new_nickname(), "Password": new_password()}
    account = {f"DJANGO_SUPERUSER_{label.upper()}": text for label, text in operator.items()}
    stack.manage("createsuperuser --noinput", **account)
    return operator


def test_an_operator_finds_a_message_and_its_author_in_the_admin(
    blank: Page, alice: Person, operator: dict[str, str], stack: Stack, word: str
) -> None:
    stack.posted(alice, f"{word} https://example.com/")
    blank.goto("/admin/")
    look(blank, "signing in", OF_DJANGO)
    for label, text in operator.items():
        blank.get_by_label(label).fill(text)
    blank.get_by_role("button", name="Log in").click()
    blank.get_by_role("link", name="Messages").first.click()
    blank.locator("#searchbar").fill(word)
    blank.get_by_role("button", name="Search").click()
    expect(blank.get_by_role("link", name=word)).to_be_visible()
    look(blank, "messages", OF_DJANGO)
    blank.get_by_role("link", name=word).click()
    expect(blank.get_by_role("button", name=f"Ban {alice.nickname}")).to_be_visible()
    look(blank, "a message", OF_DJANGO)
    blank.get_by_role("link", name="Delete").click()
    expect(blank.get_by_role("heading", name="Delete", exact=True)).to_be_visible()
    look(blank, "deleting", OF_DJANGO)
    blank.goto(f"/admin/chat/user/?q={alice.nickname}")  # other tests may have filled a page
    look(blank, "users", OF_DJANGO)
    blank.get_by_role("link", name=alice.nickname).click()
    expect(blank.get_by_role("heading", name="Change user")).to_be_visible()
    look(blank, "a user", OF_DJANGO)


def look(page: Page, state: str, besides: tuple[str, ...] = ()) -> None:
    """Let axe look at the page, which is no wider than the window, and leave it on a phone."""
    page.wait_for_load_state()
    for size, scheme in zip((DESKTOP, PHONE), SCHEMES, strict=True):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        page.evaluate(COLOURS_CHANGED)
        audit(page, f"{state}, {scheme}", besides)
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
