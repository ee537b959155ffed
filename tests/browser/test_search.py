"""The search in the page."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Route, expect

from comparison.contract.client import Person
from tests.browser.history import message
from tests.browser.room import MakeRoom, Room
from tests.browser.test_everyone import audit
from tests.running import Stack

FOUND = "**/api/messages?q=*"


def test_words_lead_to_their_message_by_keyboard_alone(
    room: Room, stack: Stack, bob: Person, word: str
) -> None:
    keys, page = room.page.keyboard, room.page
    stack.posted(bob, f"{'long ' * 50}{word}ing *old*")
    new = stack.posted(bob, f"<b>new</b> {word}ed")
    keys.press("ControlOrMeta+k")
    expect(page.get_by_label("Words to find")).to_be_focused()
    expect(page.get_by_role("dialog")).to_contain_text("Finds messages of any age")
    keys.type(word.upper())
    results = page.get_by_role("list", name="Results").get_by_role("link")
    expect(results).to_have_count(2)
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text("2 messages")
    expect(results.first).to_contain_text(f"<b>new</b> {word}ed")
    expect(results.last).to_contain_text(f"long {word}")
    expect(results.last.locator("mark")).to_have_text(word)
    expect(results.first.locator("bdi")).to_have_text(bob.nickname)
    keys.press("ArrowDown")
    expect(results.first).to_be_focused()
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    expect(results.last).to_be_focused()
    keys.press("ArrowUp")
    keys.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    row = page.locator(f'article[data-id="{new["id"]}"]')
    expect(row).to_be_focused()
    expect(row).to_have_attribute("aria-current", "true")
    assert page.url.endswith(f"#m{new['id']}")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_label("Words to find")).to_have_value(word.upper())
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_results_of_muted_people_hide_no_earlier_ones(
    make_room: MakeRoom, alice: Person, bob: Person, word: str
) -> None:
    room = make_room()
    room.keep("flack.muted", [bob.id])
    room.open(alice)
    found = [message(1000 - n, 1_700_000_000) | {"user_id": bob.id} for n in range(20)]
    room.page.route(FOUND, lambda route: route.fulfill(json={"messages": found}))
    room.page.keyboard.press("ControlOrMeta+K")  # with Caps Lock
    room.page.get_by_label("Words to find").fill(word)
    expect(room.page.get_by_role("dialog").get_by_role("status")).to_have_text(
        "All found so far are by people whom you muted."
    )
    expect(room.page.get_by_role("button", name="Load earlier results")).to_be_visible()


def test_a_search_shows_what_it_waits_for_and_what_failed(make_room: MakeRoom) -> None:
    room = make_room(viewport={"width": 390, "height": 700}).open()
    room.page.evaluate("document.documentElement.style.fontSize = '200%'")
    page, held, queries = room.page, list[Route](), list[dict[str, Any]]()
    page.route(FOUND, lambda route: held.append(route))

    def answer(**options: Any) -> None:
        expect(state).to_have_text("Searching…")
        route = held.pop()
        queries.append(parse_qs(urlsplit(route.request.url).query))
        route.fulfill(**options)

    def rows(newest: int, count: int) -> dict[str, Any]:
        found = [{**message(newest - n, 1), "user_id": 0} for n in range(count)]
        return {"messages": found}

    page.get_by_role("button", name="Search").click()
    dialog = page.get_by_role("dialog")
    state = dialog.get_by_role("status")
    expect(state).to_contain_text("Finds messages")
    audit(page, "an empty search")
    with page.expect_request(FOUND):
        page.get_by_label("Words to find").fill("list")
    expect(state).to_have_text("Searching…")
    audit(page, "searching")
    answer(status=503, json={"error": "The database cannot be reached."})
    expect(state).to_contain_text("The database cannot be reached.")
    audit(page, "a failed search")
    with page.expect_request(FOUND):
        state.get_by_role("button", name="Try again").click()
    answer(json=rows(100, 20))
    expect(dialog.get_by_role("link")).to_have_count(20)
    expect(state).to_have_text("20 or more messages")
    audit(page, "results")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for control in dialog.locator(":is(input, button):visible").all():
        control.scroll_into_view_if_needed()
        expect(control).to_be_in_viewport(ratio=0.9)
    with page.expect_request(FOUND):
        dialog.get_by_role("button", name="Load earlier results").click()
    answer(json=rows(80, 3))
    expect(state).to_have_text("23 messages")
    assert queries[-1]["before"] == ["81"]
    with page.expect_request(FOUND):
        page.get_by_label("Words to find").fill("nothing has this")
    answer(json={"messages": []})
    expect(state).to_have_text("No message has these words.")
    audit(page, "nothing found")


def test_an_excerpt_shows_what_was_found_and_cuts_no_character_in_half(make_room: MakeRoom) -> None:
    room = make_room().open()
    make_excerpt = """([source, words]) => import('/static/chat/lazy/excerpt.js').then(
        ({ excerpt }) => excerpt(source, words).map((part) => part.textContent ?? part).join('')
    )"""
    for source, words in (
        ("\u597d" * 500 + "\u6771\u4eac" + "\u597d" * 500, "\u6771\u4eac"),
        ("x" + "\U0001f600" * 200 + "\u6771\u4eac" + "\U0001f600" * 500, "\u6771\u4eac"),
        ("x\U0001f600" * 300 + " needle", "needle"),
        ("needle" + "\U0001f600" * 300, "needle"),
    ):
        found = room.page.evaluate(make_excerpt, [source, words])
        assert words in found
        assert set(found) <= set(source) | set("\u2026 ")


def test_words_that_are_too_long_and_half_a_surrogate_pair_are_no_errors_of_the_page(
    make_room: MakeRoom, alice: Person
) -> None:
    room = make_room().open()
    page = room.page
    add_half = """(input) => {
        input.value = '\\ud83d' + input.value
        input.dispatchEvent(new Event('input'))
    }"""
    page.get_by_role("button", name="Search").click()
    page.get_by_label("Words to find").fill("a" * 201)
    expect(page.get_by_role("dialog")).to_contain_text("Search for at most 200 characters.")
    page.get_by_label("Words to find").fill("")
    page.get_by_label("Words to find").evaluate(add_half)
    expect(page.get_by_role("dialog")).to_contain_text("No message has these words.")
    page.keyboard.press("Escape")
    room.nickname.fill(alice.nickname)
    room.nickname.evaluate(add_half)
    room.password.fill(alice.password)
    room.enter.click()
    expect(room.account).to_have_text(f"\ufffd{alice.nickname}")
