"""Messages older than those the page holds arrive by a push or an ack."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from comparison.contract.client import Person
from tests.browser.room import MakeRoom, Room
from tests.browser.tap import Frame, Tap, is_about_messages
from tests.browser.test_any_network import refuse_handshakes
from tests.browser.test_late_answers import hold
from tests.running import Stack


def scroll_up(room: Room) -> None:
    """Go to where the log begins, which loads the messages before."""
    room.log.evaluate("log => { log.scrollTop = 0 }")


def test_an_edit_that_is_pushed_before_the_first_page_hides_no_history(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    messages = [stack.posted(bob, f"{word} {number:02}") for number in range(60)]
    room, frames = make_room(), list[Frame]()

    def note(frame: Frame) -> bool:
        frames.append(frame)
        return True

    def wait_for(is_expected: Callable[[Frame], bool]) -> None:
        while not any(map(is_expected, frames)):
            room.page.wait_for_timeout(20)

    tap = Tap(room.page)
    tap.passes_up = tap.passes_down = note
    release = hold(room.page, "**/api/messages?before=*", "GET")
    room.load(alice)
    wait_for(lambda frame: frame["event"] == "ping_user")  # it is connected
    edited = f"/api/messages/{messages[4]['id']}"
    stack.put(edited, token=bob.token, json={"source": f"{word} 04 edited"})
    wait_for(lambda frame: frame["event"] == "updated_model" and is_about_messages(frame))
    release()
    room.hears(f"{word} 59")
    scroll_up(room)
    expect(room.article(word)).to_have_count(60)
    texts = [f"{word} {number:02}" for number in range(60)]
    texts[4] += " edited"
    assert room.texts(word) == texts


@pytest.mark.parametrize("block", [lambda _: None, refuse_handshakes])
def test_a_message_that_was_stored_long_before_its_ack_is_shown_in_its_place(
    make_room: MakeRoom,
    stack: Stack,
    alice: Person,
    bob: Person,
    word: str,
    block: Callable[[Room], None],
) -> None:
    """Its answer was lost, and the page was reloaded after many others had posted."""
    texts = [f"{word} {number:02}" for number in range(60)]
    posted = [stack.posted(bob, text)["id"] for text in texts[:3]]
    stack.posted(alice, texts[3], headers={"Idempotency-Key": word})
    for text in texts[4:]:
        stack.posted(bob, text)
    room = make_room()
    block(room)
    unsent = {"ref": word, "user": alice.id, "source": texts[3], "at": time.time()}
    room.keep(f"flack.outbox.{word}", {**unsent, "after": posted[-1]})
    room.open(alice)
    room.hears(texts[-1])
    expect(room.unsent).to_have_count(0)
    expect(room.page.locator("article:not([data-id])")).to_have_count(0)
    scroll_up(room)
    expect(room.article(word)).to_have_count(60)
    assert room.texts(word) == texts
