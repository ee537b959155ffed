"""The people beside the log: online, recently here, found by name, and the card of each."""

import re
import time

from playwright.sync_api import Route, expect

from comparison.contract.client import Person
from tests.browser.room import MakeRoom, Room
from tests.browser.tap import Tap, is_no_change_of_a_user
from tests.running import Stack

PHONE = {"width": 390, "height": 700}


def crowd(room: Room, count: int) -> None:
    """Let the page find this many users, every tenth of them offline, and no change of another."""
    Tap(room.page).passes_down = is_no_change_of_a_user
    now = int(time.time())
    users = [
        {
            "id": 900_000 + n,
            "updated_at": now,
            "last_seen_at": now - 60 * n,
            "nickname": f"crowd {n:03}",
            "online": n % 10 > 0,
        }
        for n in range(count)
    ]

    def answer(route: Route) -> None:
        if "nickname=" in route.request.url:  # a sign-in
            return route.continue_()
        route.fulfill(json={"users": users if "online=1" in route.request.url else []})

    room.page.route(re.compile(r"/api/users\?"), answer)


def test_five_hundred_people_are_sorted_counted_and_found(make_room: MakeRoom) -> None:
    room = make_room()
    crowd(room, 500)
    room.open()
    names = room.participants.get_by_role("button").filter(has_text="crowd")
    expect(names).to_have_count(450)
    shown = names.all_text_contents()
    assert shown == sorted(shown)
    recent = room.page.get_by_role("list", name="Recently here").get_by_role("button")
    expect(recent.filter(has_text="crowd").first).to_have_text("crowd 000")
    assert recent.count() <= 20
    online = room.page.locator("#people .count")
    before = online.text_content()
    room.page.get_by_role("searchbox", name="Find people").fill("D 49")
    expect(names).to_have_count(9)
    expect(recent.filter(has_text="crowd")).to_have_text(["crowd 490"])
    expect(online).to_have_text(before or "")
    room.page.get_by_role("searchbox", name="Find people").fill("no such person")
    expect(room.page.get_by_text("Nobody here has such a nickname.")).to_be_visible()


def test_the_list_is_one_stop_for_the_tab_key_and_arrows_move_in_it(make_room: MakeRoom) -> None:
    room = make_room()
    crowd(room, 30)
    room.open()
    names = room.page.locator("#people li button")
    expect(names.nth(20)).to_be_attached()
    room.page.get_by_role("searchbox", name="Find people").focus()
    room.page.keyboard.press("Tab")
    expect(names.first).to_be_focused()
    room.page.keyboard.press("ArrowDown")
    room.page.keyboard.press("ArrowDown")
    expect(names.nth(2)).to_be_focused()
    room.page.keyboard.press("ArrowUp")
    expect(names.nth(1)).to_be_focused()
    room.page.keyboard.press("Enter")
    expect(room.page.get_by_role("dialog", name=names.nth(1).text_content() or "")).to_be_visible()


def test_who_leaves_moves_to_recently_here_until_deleted(make_room: MakeRoom, bob: Person) -> None:
    room = make_room()
    tap = Tap(room.page)
    room.open()
    now = int(time.time())
    user = {"id": bob.id, "nickname": bob.nickname, "last_seen_at": now}
    recent = room.page.get_by_role("list", name="Recently here")
    for later, online in ((1, True), (2, False)):
        model = {**user, "updated_at": now + later, "online": online}
        tap.tell({"event": "updated_model", "data": {"class": "User", "model": model}})
        for people, is_in in ((room.participants, online), (recent, not online)):
            expect(people.get_by_text(bob.nickname)).to_have_count(int(is_in))
    deletion = {"class": "User", "first": bob.id, "last": bob.id}
    tap.tell({"event": "deleted_model", "data": deletion})
    expect(recent.get_by_text(bob.nickname)).to_have_count(0)


def test_the_card_of_a_person_mentions_and_mutes(
    make_room: MakeRoom, alice: Person, bob: Person, stack: Stack, word: str
) -> None:
    stack.posted(bob, f"{word} one")
    room = make_room().open(alice)
    room.hears(f"{word} one").locator(".avatar").click()
    card = room.page.get_by_role("dialog", name=bob.nickname)
    expect(card).to_contain_text("Online")  # posting is a sign of life
    card.get_by_role("button", name="Mute").click()
    expect(room.article(f"{word} one")).to_be_hidden()
    card.get_by_role("button", name="Unmute").click()
    expect(room.article(f"{word} one")).to_be_visible()
    room.page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    room.box.fill("hello")
    room.participants.get_by_text(bob.nickname).click()
    card.get_by_role("button", name="Mention").click()
    expect(room.box).to_have_value(f"hello @{bob.nickname} ")
    expect(room.box).to_be_focused()
    room.participants.get_by_text(alice.nickname).click()
    mine = room.page.get_by_role("dialog", name=alice.nickname)
    expect(mine.get_by_role("button", name="Mute")).to_be_hidden()


def test_a_stranger_cannot_mention_and_a_card_shows_when_its_user_was_seen(
    make_room: MakeRoom,
) -> None:
    room = make_room()
    crowd(room, 301)
    room.open()
    room.page.get_by_role("searchbox", name="Find people").fill("crowd 300")
    room.page.locator("#recent button").click()
    card = room.page.get_by_role("dialog", name="crowd 300")
    expect(card).to_contain_text("Last seen 5 hours ago")
    expect(card.get_by_role("button", name="Mention")).to_be_hidden()


def test_on_a_phone_the_people_are_a_sheet(make_room: MakeRoom) -> None:
    room = make_room(viewport=PHONE, has_touch=True)
    crowd(room, 500)
    room.open()
    expect(room.participants).to_be_hidden()
    button = room.page.get_by_role("button", name="online")
    expect(button).to_contain_text("450")
    button.tap()
    expect(room.participants.get_by_text("crowd 001")).to_be_in_viewport()
    sheet = room.page.locator("#people").bounding_box()
    assert sheet and sheet["width"] == PHONE["width"] and sheet["y"] > 100
    room.page.get_by_role("button", name="Close").tap()
    expect(room.participants).to_be_hidden()
