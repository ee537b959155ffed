"""The unread count, muted people, and the version of a message that the page shows."""

import re

from playwright.sync_api import expect

from comparison.contract.client import Person
from tests.browser.history import NOON, message, remember
from tests.browser.room import MakeRoom, Room
from tests.browser.tap import Tap
from tests.running import Stack


def mute(room: Room, person: Person, *, on: bool = True) -> None:
    """Mute a person, as the card of a person does."""
    room.page.evaluate(
        "([id, on]) => import('/static/chat/muted.js').then(({ mute }) => mute(id, on))",
        [person.id, on],
    )


def test_mentions_deletions_and_muted_people_change_the_unread_count(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    room = make_room(viewport={"width": 600, "height": 400})
    tap = Tap(room.page)
    room.open(alice)
    for number in range(12):
        stack.posted(bob, f"{word} old {number}")
    room.hears(f"{word} old 11")
    room.log.evaluate("log => { log.scrollTop -= 200 }")
    count = room.page.locator("#unread")
    expect(count).to_have_text("To the newest")
    first = stack.posted(bob, f"{word} new 0")
    stack.posted(bob, f"{word} new 1 @{alice.nickname}")
    expect(count).to_have_text("2 new messages, 1 mention")
    line = room.page.locator(".entry", has=room.page.locator(".new"))
    expect(line).to_contain_text(f"{word} new 0")
    deletion = {"class": "Message", "first": first["id"], "last": first["id"]}
    tap.tell({"event": "deleted_model", "data": deletion})
    expect(count).to_have_text("1 new message, 1 mention")
    expect(room.page).to_have_title("(1) Flack")
    expect(line).to_contain_text(f"{word} new 1")
    mute(room, bob)
    expect(count).to_have_text("To the newest")
    expect(room.page).to_have_title("Flack")
    expect(room.article(f"{word} old 0")).to_be_hidden()
    stack.posted(bob, f"{word} muted")
    stack.posted(alice, f"{word} own")
    expect(room.article(f"{word} own")).to_have_count(1)
    expect(count).to_have_text("To the newest")
    expect(room.page.locator("article", has_text=f"{word} muted")).to_be_hidden()
    mute(room, bob, on=False)
    expect(room.article(f"{word} muted")).to_be_visible()


def test_a_count_of_messages_that_are_not_all_loaded_has_a_plus(
    make_room: MakeRoom, alice: Person
) -> None:
    room = make_room(viewport={"width": 600, "height": 400})
    remember(room.page, 130)
    room.keep("flack.read", 10)
    room.open(alice)
    # The page loads more by itself when what is loaded ends near the viewport.
    expect(room.page).to_have_title(re.compile(r"^\((50|100)\+\) Flack$"))
    room.log.evaluate("log => { log.scrollTop = 0 }")
    expect(room.page).to_have_title(re.compile(r"^\((100\+|120)\) Flack$"))
    room.log.evaluate("log => { log.scrollTop = 0 }")
    expect(room.page).to_have_title("(120) Flack")
    entry = room.page.locator(".entry", has=room.page.locator(".new"))
    expect(entry).to_contain_text("11. ")


def test_when_the_only_message_is_deleted_what_one_wrote_and_its_note_stay(
    make_room: MakeRoom, alice: Person, word: str
) -> None:
    room = make_room()
    tap = Tap(room.page)
    only = {**message(1, NOON), "source": word, "html": word, "user_id": alice.id}
    listed = [only]
    room.page.route("**/api/messages?*", lambda route: route.fulfill(json={"messages": listed}))
    room.open(alice)
    room.hears(word)
    room.box.press("ArrowUp")
    room.page.get_by_role("textbox", name="Edit text").fill(f"{word} half an edit")
    listed[:] = [{**only, "id": 2, "html": f"{word} before"}]
    tap.tell({"event": "deleted_model", "data": {"class": "Message", "first": 1, "last": 1}})
    room.hears(f"{word} before")
    expect(room.box).to_have_value(f"{word} half an edit")
    expect(room.note).to_contain_text("deleted")


def test_of_two_versions_of_one_second_every_page_shows_the_one_in_the_database(
    make_room: MakeRoom, stack: Stack, bob: Person, word: str
) -> None:
    room = make_room()
    tap = Tap(room.page)
    room.open()
    stored = stack.posted(bob, f"{word} newer")
    room.hears(f"{word} newer")
    with room.page.expect_response(f"**/api/messages/{stored['id']}"):
        older = {**stored, "source": f"{word} older", "html": f"{word} older"}
        tap.tell({"event": "updated_model", "data": {"class": "Message", "model": older}})
    stack.posted(bob, f"{word} end")
    room.hears(f"{word} end")
    assert room.texts(word) == [f"{word} newer", f"{word} end"]
