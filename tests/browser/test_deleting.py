"""Deleted messages and users disappear from every page."""

import pytest
from playwright.sync_api import expect

from comparison.contract.client import Person
from tests.browser.room import MakeRoom, Room, Tapped
from tests.browser.tap import Frame, Tap, is_about_messages
from tests.running import Stack

TALL = "\n".join("a line" for _ in range(10))  # so that no reader comes near what is above


def delete_message(stack: Stack, author: Person, message: int) -> None:
    """Delete a message of its author."""
    answer = stack.delete(f"/api/messages/{message}", token=author.token)
    assert answer.status_code == 204


def delete_user(stack: Stack, person: Person) -> None:
    """Delete a user with all their messages, as an operator does."""
    code = f"from chat.moderation import *; delete_user(user=User.objects.get(pk={person.id}))"
    stack.manage(f"shell --verbosity 0 --command '{code}'")


def is_about_deletion(frame: Frame) -> bool:
    """Return True for the push of a deletion."""
    return frame["event"] == "deleted_model"


def test_a_deleted_message_leaves_open_pages_at_once(
    room: Room, stack: Stack, bob: Person, word: str
) -> None:
    messages = [stack.posted(bob, f"{word} {number}") for number in range(3)]
    room.hears(f"{word} 2")
    delete_message(stack, bob, messages[1]["id"])
    expect(room.article(f"{word} 1")).to_have_count(0)
    assert room.texts(word) == [f"{word} 0", f"{word} 2"]


def test_a_deleted_user_leaves_with_all_messages(
    rooms: tuple[Room, Room], stack: Stack, bob: Person, word: str
) -> None:
    room, his = rooms
    hers = f"{word} hers, for @{bob.nickname}!"  # Enter would complete a nickname at the end
    room.say(hers)
    his.say(f"{word} his")
    room.hears(f"{word} his")
    expect(room.participants).to_contain_text(bob.nickname)
    delete_user(stack, bob)
    expect(room.participants).not_to_contain_text(bob.nickname)
    expect(room.article(f"{word} his")).to_have_count(0)
    assert room.texts(word) == [hers]
    room.article(word).locator("mark").click()
    expect(room.page.get_by_role("dialog")).to_contain_text("This account was deleted.")
    expect(his.note).to_have_text("Your account was deleted, with all its messages.")


@pytest.mark.parametrize("reason", ["resync", "reconnect"])
def test_a_page_that_missed_a_deletion_removes_the_row_when_it_catches_up(
    tapped: Tapped, stack: Stack, bob: Person, word: str, reason: str
) -> None:
    room, tap = tapped
    gone = stack.posted(bob, f"{word} gone")
    room.hears(f"{word} gone")
    tap.passes_down = lambda frame: not is_about_deletion(frame)
    delete_message(stack, bob, gone["id"])
    stack.posted(bob, f"{word} end")
    room.hears(f"{word} end")
    assert room.texts(word) == [f"{word} gone", f"{word} end"]
    if reason == "resync":
        tap.tell({"event": "resync", "data": {}})
    else:
        tap.cut()
    expect(room.article(f"{word} gone")).to_have_count(0)


def test_an_answer_that_was_asked_for_before_a_deletion_does_not_undo_it(
    tapped: Tapped, stack: Stack, bob: Person, word: str
) -> None:
    room, tap = tapped
    message = stack.posted(bob, f"{word} gone")
    room.hears(f"{word} gone")
    deletion = {"class": "Message", "first": message["id"], "last": message["id"]}

    def delete() -> None:
        tap.tell({"event": "deleted_model", "data": deletion})
        expect(room.article(word)).to_have_count(0)

    tap.answer_late([message], delete)
    stack.posted(bob, f"{word} end")
    room.hears(f"{word} end")
    assert room.texts(word) == [f"{word} end"]


def test_a_page_of_which_nothing_is_left_shows_what_came_before(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    stack.posted(alice, f"{word} before")
    for number in range(60):
        stack.posted(bob, f"{word} {number}\n{TALL}")
    room = make_room().open(alice)
    room.hears(f"{word} 59")
    delete_user(stack, bob)
    room.hears(f"{word} before")
    assert room.texts(word) == [f"{word} before"]


def test_a_deletion_of_all_that_follow_a_gap_leaves_nothing_missing(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    kept = [stack.posted(alice, f"{word} {number:02}\n{TALL}") for number in range(40)]
    for number in range(60):
        stack.posted(bob, f"{word} gone {number}\n{TALL}")
    room = make_room()
    tap = Tap(room.page)
    room.open(alice)
    room.hears(f"{word} gone 59")
    # A node may push again what was posted a moment before.
    tap.passes_down = lambda frame: not is_about_messages(frame)
    room.page.evaluate("hash => { location.hash = hash }", f"#m{kept[0]['id']}")
    room.hears(f"{word} 00")  # its page ends in the middle of what is kept
    expect(room.article(f"{word} 39")).to_have_count(0)
    delete_user(stack, bob)
    expect(room.article(f"{word} gone")).to_have_count(0)
    room.hears(f"{word} 39")
    numbers = [text.split()[1] for text in room.texts(word)]
    assert numbers == [f"{number:02}" for number in range(40)]


def test_a_message_deleted_while_it_is_edited_gives_its_text_back(
    make_room: MakeRoom, stack: Stack, alice: Person, word: str
) -> None:
    stack.posted(alice, "This stays, as a page without any message is loaded anew.")
    room = make_room().open(alice)
    room.say(word)
    room.hears(word)
    room.box.press("ArrowUp")
    room.page.get_by_role("textbox", name="Edit text").fill(f"{word} half an edit")
    message = next(m for m in stack.messages("limit=200") if m["source"] == word)
    delete_message(stack, alice, message["id"])
    expect(room.article(word)).to_have_count(0)
    expect(room.box).to_have_value(f"{word} half an edit")
    expect(room.note).to_contain_text("deleted")


def test_a_message_deleted_after_the_sign_in_ended_gives_the_text_of_its_editor_back(
    make_room: MakeRoom, stack: Stack, alice: Person, word: str
) -> None:
    stack.posted(alice, "This stays, as a page without any message is loaded anew.")
    message = stack.posted(alice, word)
    room = make_room().open(alice)
    room.hears(word)
    room.box.press("ArrowUp")
    room.page.get_by_role("textbox", name="Edit text").fill(f"{word} half an edit")
    tokens = stack.post("/api/tokens", auth=(alice.nickname, alice.password)).json()
    stack.delete("/api/tokens", token=alice.token)
    expect(room.note).to_contain_text("Your sign-in has ended.")
    stack.delete(f"/api/messages/{message['id']}", token=tokens["token"])
    expect(room.article(word)).to_have_count(0)
    room.fill_sign_in(alice.nickname, alice.password)
    expect(room.box).to_have_value(f"{word} half an edit")
