"""Two people in two browsers."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import expect

from comparison.contract.client import Person
from comparison.contract.pages import Pages
from tests.browser.room import MakeRoom, Room


def test_two_people_chat(rooms: tuple[Room, Room], alice: Person, bob: Person, word: str) -> None:
    here, there = rooms
    here.say(f"hello *{word}*")
    heard = there.hears(word)
    expect(heard).to_contain_text(alice.nickname)
    expect(heard.locator("em")).to_have_text(word)
    expect(heard.get_by_role("time")).to_have_attribute("datetime", re.compile("^20.*Z$"))
    there.say(f"{word} yourself")
    expect(here.hears(f"{word} yourself")).to_contain_text(bob.nickname)
    assert here.texts(word) == there.texts(word) == [f"hello {word}", f"{word} yourself"]


def test_a_stranger_reads_and_is_asked_to_sign_in(
    rooms: tuple[Room, Room], make_room: MakeRoom, alice: Person, word: str
) -> None:
    stranger = make_room().open()
    rooms[0].say(word)
    stranger.hears(word)
    expect(stranger.participants).to_contain_text(alice.nickname)
    expect(stranger.enter).to_be_visible()
    expect(stranger.box).to_be_hidden()


def test_one_sees_the_other_come_and_go(
    room: Room, make_room: MakeRoom, alice: Person, bob: Person
) -> None:
    bobs = room.participants.get_by_text(bob.nickname)
    expect(room.participants).to_contain_text(alice.nickname)
    there = make_room().open(bob)
    expect(bobs).to_be_visible()
    there.page.close()
    expect(bobs).to_be_hidden()


def test_an_edit_appears_without_a_reload(rooms: tuple[Room, Room], word: str) -> None:
    here, there = rooms
    here.say(f"{word} frist")
    there.hears(f"{word} frist")
    expect(there.article(word).get_by_role("button", name="Edit")).to_be_hidden()
    here.article(word).hover()
    here.article(word).get_by_role("button", name="Edit").click()
    here.page.keyboard.press("ControlOrMeta+a")
    here.page.keyboard.type(f"{word} *first*")
    here.page.keyboard.press("Enter")
    for room in rooms:
        expect(room.article(word).locator("em")).to_have_text("first")


def test_a_link_is_expanded_without_a_reload(
    rooms: tuple[Room, Room], pages: Pages, word: str
) -> None:
    url = pages.add(f'<title>All of {word}</title><meta name="description" content="In short.">')
    rooms[0].say(f"see {url}")
    for room in rooms:
        card = room.article(url).locator("blockquote")
        expect(card).to_contain_text("In short.")
        expect(card).to_have_attribute("data-host", urlsplit(url).netloc)
        link = card.get_by_role("link", name=f"All of {word}")
        expect(link).to_have_attribute("href", url)
        expect(link).to_have_attribute("target", "_blank")
