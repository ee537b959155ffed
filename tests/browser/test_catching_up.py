"""After any time away a page holds what all others hold."""

import pytest
from playwright.sync_api import expect

from comparison.contract.client import Person
from tests.browser.room import MakeRoom, Room, Tapped
from tests.browser.tap import Tap, is_about_messages
from tests.running import Stack


def test_the_banner_shows_when_the_connection_is_lost_and_when_it_is_back(room: Room) -> None:
    expect(room.status).to_be_empty()
    room.stop_clock()
    room.context.set_offline(True)
    expect(room.page.locator("#status")).to_be_empty()
    room.page.clock.run_for(1000)
    expect(room.status).to_contain_text("Connection lost")
    room.context.set_offline(False)
    expect(room.status).to_contain_text("Connected again")
    room.page.clock.run_for(4000)
    expect(room.status).to_be_empty()


def test_the_banner_is_quiet_about_less_than_a_second(make_room: MakeRoom, alice: Person) -> None:
    room = make_room()
    tap = Tap(room.page)
    room.page.clock.install()
    room.open(alice)
    room.stop_clock()
    tap.cut()
    room.page.clock.run_for(900)
    expect(room.status).to_be_empty()


def test_offline_for_a_minute_and_back(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    room = make_room()
    room.page.clock.install()
    room.open(alice)
    first = stack.posted(bob, f"{word} frist")
    room.hears(word)
    room.context.set_offline(True)
    stack.put(f"/api/messages/{first['id']}", token=bob.token, json={"source": f"{word} first"})
    for number in range(3):
        stack.posted(bob, f"{word} {number}")
    room.page.clock.run_for(60_000)
    expect(room.status).to_contain_text("Connection lost")
    room.context.set_offline(False)
    room.hears(f"{word} 2")
    assert room.texts(word) == [f"{word} {what}" for what in ("first", 0, 1, 2)]


def test_a_message_that_comes_again_unchanged_keeps_the_selection_of_its_text(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    room = make_room()
    room.page.clock.install()
    room.open(alice)
    stack.posted(bob, word)
    room.hears(word).locator(".body").evaluate("body => getSelection().selectAllChildren(body)")
    room.context.set_offline(True)
    stack.posted(bob, f"{word} missed")
    room.page.clock.run_for(60_000)
    room.context.set_offline(False)
    room.hears(f"{word} missed")  # and with it all messages of the last seconds before
    assert room.page.evaluate("String(getSelection())") == word


def test_a_node_dies_while_messages_flow_and_none_is_lost_or_doubled(
    rooms: tuple[Room, Room], stack: Stack, word: str
) -> None:
    here, there = rooms
    for number in range(30):
        here.say(f"{word} here {number:02}")
        there.say(f"{word} there {number:02}")
        if number in (5, 20):
            # One of the two is the node of either browser.
            stack.part(f"node.{1 if number == 5 else 2}").kill()
    for room in (here, there):
        expect(room.article(word)).to_have_count(60)
        expect(room.unsent).to_have_count(0)
    expect(there.article(f"{word} here 29")).to_have_count(1)
    stored = [m["source"] for m in stack.messages("limit=200") if word in m["source"]]
    assert here.texts(word) == there.texts(word) == stored
    for name in ("here", "there"):
        said = [text for text in stored if name in text.split()]
        assert said == [f"{word} {name} {number:02}" for number in range(30)]


@pytest.mark.parametrize("reason", ["resync", "return to the tab"])
def test_what_no_push_contained_is_fetched_on(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str, reason: str
) -> None:
    room = make_room()
    tap = Tap(room.page)
    room.page.clock.install()
    room.open(alice)
    tap.passes_down = lambda frame: not is_about_messages(frame)
    stack.posted(bob, word)
    if reason == "resync":
        tap.tell({"event": "resync", "data": {}})
    else:
        look_away(room)
        room.page.clock.run_for(61_000)
        look_back(room)
    room.hears(word)


def test_a_machine_that_wakes_connects_anew_and_catches_up(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    room = make_room()
    tap = Tap(room.page)
    room.page.clock.install()
    room.tick_often()
    room.open(alice)
    tap.passes_down = lambda frame: not is_about_messages(frame)
    stack.posted(bob, word)
    # While it sleeps no timer fires; when it wakes the clock has moved on.
    room.page.clock.set_system_time(room.page.evaluate("Date.now() + 3_600_000"))
    expect(room.article(word)).to_have_count(1)


def test_an_answer_that_was_asked_for_before_a_push_does_not_undo_it(
    tapped: Tapped, stack: Stack, bob: Person, word: str
) -> None:
    room, tap = tapped
    message = stack.posted(bob, f"{word} old")
    room.hears(f"{word} old")
    new = {**message, "source": f"{word} new", "html": f"{word} new"}
    room.page.route(f"**/api/messages/{message['id']}", lambda route: route.fulfill(json=new))

    def edit() -> None:
        tap.tell({"event": "updated_model", "data": {"class": "Message", "model": new}})
        expect(room.article(f"{word} new")).to_have_count(1)

    tap.answer_late([message], edit)
    room.hears(f"{word} new")
    older = {**new, "html": f"{word} older", "updated_at": message["updated_at"] - 1}
    tap.tell({"event": "updated_model", "data": {"class": "Message", "model": older}})
    stack.posted(bob, f"{word} end")
    room.hears(f"{word} end")
    assert room.texts(word) == [f"{word} new", f"{word} end"]


def test_more_than_a_day_away_shows_a_gap_that_loads_on_demand(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    room = make_room()
    room.page.clock.install()
    stack.posted(bob, f"{word} before")
    room.open(alice)
    room.hears(f"{word} before")
    room.context.set_offline(True)
    missed = [stack.posted(bob, f"{word} {number}")["source"] for number in range(260)]
    room.page.clock.fast_forward("26:00:00")
    room.context.set_offline(False)
    room.hears(missed[-1])
    assert room.texts(word) == [f"{word} before", *missed[-200:]]
    gap = room.page.locator(".entry", has=room.article(missed[-200])).get_by_role("button")
    expect(gap).to_have_text("Load earlier messages")
    for loaded in (250, 260):
        room.page.locator(".gap button").last.click()
        expect(room.article(word)).to_have_count(loaded + 1)
    assert room.texts(word) == [f"{word} before", *missed]


def look_away(room: Room) -> None:
    """Make the page believe that another tab is in front of it."""
    room.page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )


def look_back(room: Room) -> None:
    """Undo that."""
    room.page.evaluate(
        "delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))"
    )
