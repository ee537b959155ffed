"""Sockets that are open and pass nothing on: the page asks for an answer, and polls without one."""

import re

from playwright.sync_api import expect

from comparison.contract.client import Person
from tests.browser.room import MakeRoom
from tests.browser.tap import Frame, Tap
from tests.running import Stack


def test_a_socket_that_opens_and_never_answers_is_replaced_by_polling(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    room = make_room()
    room.page.route_web_socket(re.compile("/ws/$"), lambda _: None)
    room.page.clock.install()
    room.open(alice)
    room.say(f"{word} mine")
    expect(room.unsent).to_have_count(1)
    room.page.clock.run_for(10_000)  # until the page doubts the socket
    expect(room.status).to_contain_text("Refreshing every few seconds")
    expect(room.unsent).to_have_count(0)
    stack.posted(bob, f"{word} after")
    room.page.clock.run_for(5000)
    expect(room.article(f"{word} after")).to_have_count(1)
    assert room.texts(word) == [f"{word} mine", f"{word} after"]


def test_a_reader_of_a_socket_that_passes_nothing_on_is_shown_what_polls_return(
    make_room: MakeRoom, stack: Stack, bob: Person, word: str
) -> None:
    room = make_room()
    room.page.route_web_socket(re.compile("/ws/$"), lambda _: None)
    room.page.clock.install()
    room.open()
    room.page.clock.run_for(20_000)  # until the page doubts the socket
    expect(room.status).to_contain_text("Refreshing every few seconds")
    stack.posted(bob, word)
    room.page.clock.run_for(5000)
    room.hears(word)


def test_a_socket_that_falls_silent_is_replaced_by_polling_until_it_answers(
    make_room: MakeRoom, stack: Stack, bob: Person, word: str
) -> None:
    room, answers = make_room(), list[Frame]()

    def note(frame: Frame) -> bool:
        if frame.get("ref") == "probe":
            answers.append(frame)
        return True

    tap = Tap(room.page)
    tap.passes_down = note
    # Its ticks would find that the clock jumped, and connect anew.
    room.page.route("**/ticker.js", lambda route: route.fulfill(content_type="text/javascript"))
    room.page.clock.install()
    room.open()
    while not answers:
        room.page.wait_for_timeout(20)
    tap.passes_down = lambda _: False
    room.page.clock.run_for(80_000)  # a minute of silence, and the time for an answer
    expect(room.status).to_contain_text("Refreshing every few seconds")
    stack.posted(bob, word)
    room.page.clock.run_for(5000)
    room.hears(word)
    tap.passes_down = note
    room.page.evaluate("dispatchEvent(new Event('online'))")
    expect(room.status).not_to_contain_text("Connection lost")
