"""What the page shows before, and with, the first messages; on paper; and at every size."""

import pytest
from playwright.sync_api import Route, expect

from comparison.contract.client import Person
from tests.browser.history import remember
from tests.browser.room import MakeRoom
from tests.browser.test_people_list import crowd

# The controls that do not fit into the window when scrolled to, or that a press would not hit.
OUT_OF_REACH = """controls => controls.filter((control) => {
    control.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' })
    const { left, top, right, bottom } = control.getBoundingClientRect()
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2)
    return left < -0.5 || top < -0.5 || right > innerWidth + 0.5 || bottom > innerHeight + 0.5
        || !(control.contains(hit) || hit?.closest('label')?.control === control)
}).map((control) => control.outerHTML)"""


def test_loading_an_empty_room_and_its_first_message_are_states_of_the_page(
    make_room: MakeRoom, alice: Person, word: str
) -> None:
    room, held = make_room(), list[Route]()
    room.page.route("**/api/messages?before=*", lambda route: held.append(route))
    room.keep("flack.session", {"token": alice.token, "id": alice.id, "nickname": alice.nickname})
    with room.page.expect_request("**/api/messages?before=*"):
        room.page.goto(room.url)
    expect(room.page.get_by_text("Loading the conversation…")).to_be_visible()
    late = room.page.get_by_text("This takes longer than usual")
    assert late.evaluate("e => getComputedStyle(e).animationDuration") == "5s"
    expect(room.page.get_by_text("There are no messages yet.")).to_be_hidden()
    held[0].fulfill(json={"messages": []})
    expect(room.page.get_by_text("There are no messages yet.")).to_be_visible()
    expect(room.page.get_by_text("Loading the conversation…")).to_be_hidden()
    room.say(word)
    room.hears(word)
    expect(room.page.get_by_text("There are no messages yet.")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_moves_when_a_user_signs_in(make_room: MakeRoom, alice: Person, width: int) -> None:
    room = make_room(viewport={"width": width, "height": 700})
    remember(room.page, 3)
    room.open()
    last, heights = room.page.get_by_role("article").last, []
    heights.append(last.bounding_box())
    room.fill_sign_in(alice.nickname, alice.password)
    expect(room.box).to_be_focused()
    heights.append(last.bounding_box())
    assert heights[0] == heights[1]
    log, message = room.log.bounding_box(), heights[0]
    assert log and message  # few messages stand at the bottom
    assert log["y"] + log["height"] - message["y"] - message["height"] < 20


def test_controls_have_one_height_and_are_larger_on_touch(
    make_room: MakeRoom, alice: Person
) -> None:
    for touch, height in ((False, 40), (True, 44)):
        room = make_room(has_touch=touch, is_mobile=touch).open(alice)
        room.open_account()
        controls = room.page.locator("#account :is(button, input:not([type=checkbox]):visible)")
        found = controls.evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
        assert len(found) == 6 and set(found) == {height}


def test_with_text_of_200_percent_a_phone_reaches_every_control(
    make_room: MakeRoom, alice: Person
) -> None:
    room = make_room(viewport={"width": 390, "height": 700}, has_touch=True)
    remember(room.page, 3)
    crowd(room, 12)
    room.open()
    room.page.evaluate("document.documentElement.style.fontSize = '200%'")

    def all_reachable(controls: str) -> None:
        shown = room.page.locator(f"{controls}:visible")
        expect(shown).not_to_have_count(0)
        assert shown.evaluate_all(OUT_OF_REACH) == []
        assert room.page.evaluate("document.documentElement.scrollWidth") <= 390

    all_reachable(":is(#top, main) :is(button, input)")
    room.fill_sign_in(alice.nickname, alice.password)
    expect(room.box).to_be_focused()
    # Not those of the row that the pointer happens to be over.
    all_reachable(":is(#top, main) :is(button, textarea):not(article *)")
    room.open_account()
    all_reachable("#account :is(button, input)")
    room.page.keyboard.press("Escape")
    room.page.locator("[data-action=people]").click()
    all_reachable("#people :is(button, input)")


def test_printing_prints_the_conversation(make_room: MakeRoom, alice: Person) -> None:
    room = make_room()
    remember(room.page, 120)
    room.open(alice)
    room.page.emulate_media(media="print")
    expect(room.page.get_by_role("banner")).to_contain_text("Flack")
    for control in (room.account, room.participants, room.page.locator("#composer")):
        expect(control).to_be_hidden()
    # All that is loaded flows over pages, instead of what the window shows.
    inner = room.log.evaluate("log => [log.scrollHeight, log.clientHeight]")
    assert inner[0] == inner[1] > 2000
    assert room.page.evaluate("document.documentElement.scrollHeight") >= inner[0]


def test_motion_is_short_and_absent_when_less_of_it_is_preferred(
    make_room: MakeRoom, alice: Person
) -> None:
    room = make_room(reduced_motion="no-preference").open(alice)
    duration = "e => getComputedStyle(e).transitionDuration"
    assert room.account.evaluate(duration) == "0.12s"
    room.page.emulate_media(reduced_motion="reduce")
    assert room.account.evaluate(duration) == "0s"


def test_without_javascript_a_sentence_stands_in_place(make_room: MakeRoom) -> None:
    room = make_room(java_script_enabled=False)
    room.page.goto(room.url)
    sentence = room.page.locator("noscript p").first
    expect(sentence).to_contain_text("Flack needs JavaScript")
    expect(sentence).to_be_in_viewport()
    expect(room.page.get_by_text("Loading the conversation…")).to_be_hidden()
    expect(room.page.get_by_role("complementary")).to_be_hidden()
    expect(room.page.locator("noscript a")).to_have_attribute("href", "/api/messages?limit=50")
