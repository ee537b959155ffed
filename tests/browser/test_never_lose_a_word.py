"""Each message arrives exactly once, whatever happens to the connection."""

import pytest
from playwright.sync_api import expect

from comparison.contract.client import Person, new_password
from tests.browser.room import MakeRoom, Room, Tapped
from tests.browser.tap import Tap, is_about_messages
from tests.running import Stack

# What a browser does whose user forbids sites to store data, and one whose storage is full.
FORBIDDEN = """for (const area of ['localStorage', 'sessionStorage'])
    Object.defineProperty(window, area, {
        get() { throw new DOMException('', 'SecurityError') },
    })"""
FULL = "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError') }"


def test_a_message_is_shown_at_once_and_marked_as_sent_at_its_ack(
    tapped: Tapped, word: str
) -> None:
    room, tap = tapped
    tap.passes_down = lambda frame: not is_about_messages(frame)
    room.say(word)
    expect(room.unsent).to_have_attribute("data-state", "pending")
    expect(room.unsent).to_contain_text(word)
    tap.release()
    room.hears(word)


def test_a_refused_message_keeps_its_text_and_can_be_tried_again(tapped: Tapped, word: str) -> None:
    room, tap = tapped
    tap.passes_up = lambda frame: frame["event"] != "post_message"
    room.say(word)
    expect(room.unsent).to_have_count(1)
    refusal = {"status": 503, "error": "The database cannot be reached."}
    tap.tell({"event": "error", "ref": tap.posted[0]["ref"], "data": refusal})
    expect(room.unsent).to_contain_text("Not sent. The database cannot be reached.")
    expect(room.unsent).to_contain_text(word)
    tap.release()
    room.page.get_by_role("button", name="Retry").click()
    room.hears(word)
    assert tap.posted[0]["ref"] == tap.posted[1]["ref"]


def test_a_rate_limit_counts_down_and_the_message_is_sent_when_it_ends(
    tapped: Tapped, word: str
) -> None:
    room, tap = tapped
    tap.passes_up = lambda frame: frame["event"] != "post_message"
    room.stop_clock()
    for number in range(2):
        room.say(f"{word} {number}")
    expect(room.unsent).to_have_count(2)
    limit = {"status": 429, "error": "Too many messages.", "retry_after": 3}
    tap.tell({"event": "error", "ref": tap.posted[0]["ref"], "data": limit})
    first = room.unsent.first
    expect(first).to_contain_text("Too many messages: sent again in 3 s.")
    expect(first.locator("[aria-live=off]")).to_have_text("3 s.")  # not read out each second
    expect(first.get_by_role("button", name="Discard")).to_be_visible()
    room.page.clock.run_for(1000)
    expect(first).to_contain_text("sent again in 2 s.")
    assert len(tap.posted) == 1
    tap.release()
    room.page.clock.run_for(2000)
    room.hears(f"{word} 1")
    assert room.texts(word) == [f"{word} 0", f"{word} 1"]


def test_what_is_typed_in_an_editor_is_in_the_message_box_after_a_reload(
    room: Room, word: str
) -> None:
    room.say(word)
    room.hears(word)
    room.box.press("ArrowUp")
    room.page.get_by_label("Edit text").fill(f"{word} edited")
    room.page.reload()
    room.is_live()
    expect(room.box).to_have_value(f"{word} edited")
    room.hears(word)


def test_a_message_that_fails_again_is_sent_again_by_keyboard(tapped: Tapped, word: str) -> None:
    room, tap = tapped
    tap.passes_up = lambda frame: frame["event"] != "post_message"
    room.say(word)
    retry = room.unsent.get_by_role("button", name="Retry")
    for number in range(2):
        expect(room.unsent).to_have_attribute("data-state", "pending")
        refusal = {"status": 503, "error": "The database cannot be reached."}
        tap.tell({"event": "error", "ref": tap.posted[number]["ref"], "data": refusal})
        expect(retry).to_be_visible()
        if number:
            for _ in range(2):  # from the row, which has the focus, past its time
                room.page.keyboard.press("Tab")
        else:
            retry.focus()
        expect(retry).to_be_focused()
        retry.press("Enter")
    expect(room.unsent).to_have_attribute("data-state", "pending")


def test_all_failed_messages_are_sent_again_at_once(tapped: Tapped, word: str) -> None:
    room, tap = tapped
    tap.passes_up = lambda frame: frame["event"] != "post_message"
    for number in range(3):
        room.say(f"{word} {number}")
        expect(room.unsent).to_have_count(number + 1)
        refusal = {"status": 503, "error": "The database cannot be reached."}
        tap.tell({"event": "error", "ref": tap.posted[-1]["ref"], "data": refusal})
        expect(room.unsent.last).to_contain_text("Not sent.")
    tap.release()
    room.page.get_by_role("button", name="Retry all 3").click()
    room.hears(f"{word} 2")
    assert room.texts(word) == [f"{word} {number}" for number in range(3)]
    expect(room.page.get_by_role("button", name="Retry all")).to_have_count(0)


def test_a_message_that_is_given_up_goes_away(tapped: Tapped, word: str) -> None:
    room, tap = tapped
    tap.passes_up = lambda frame: frame["event"] != "post_message"
    room.say(word)
    expect(room.unsent).to_have_count(1)
    refusal = {"status": 400, "error": "No."}
    tap.tell({"event": "error", "ref": tap.posted[0]["ref"], "data": refusal})
    room.page.get_by_role("button", name="Discard").click()
    expect(room.article(word)).to_have_count(0)
    room.page.reload()
    room.is_live()
    expect(room.article(word)).to_have_count(0)


def test_the_focus_stays_in_the_log_when_its_row_goes_away(tapped: Tapped, word: str) -> None:
    room, tap = tapped
    room.say(f"{word} sent")
    row = room.hears(f"{word} sent")
    tap.passes_up = lambda frame: frame["event"] != "post_message"
    room.say(f"{word} failed")
    expect(room.unsent).to_have_count(1)
    refusal = {"status": 400, "error": "No."}
    tap.tell({"event": "error", "ref": tap.posted[-1]["ref"], "data": refusal})
    room.page.get_by_role("button", name="Discard").press("Enter")
    expect(room.unsent).to_have_count(0)
    expect(row).to_be_focused()


def test_a_message_whose_ack_is_lost_is_sent_again_and_is_there_once(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    room, other = make_room(), make_room().open(bob)
    tap = Tap(room.page)
    room.open(alice)
    tap.passes_down = lambda frame: not is_about_messages(frame)
    room.say(word)
    other.hears(word)
    expect(room.unsent).to_have_count(1)
    tap.forget()
    tap.cut()
    expect(room.unsent).to_have_count(0)
    room.hears(word)
    other.hears(word)
    assert {frame["ref"] for frame in tap.posted} == {tap.posted[0]["ref"]}
    assert len([m for m in stack.messages() if m["source"] == word]) == 1


def test_a_push_that_overtakes_its_ack_shows_nothing_twice(tapped: Tapped, word: str) -> None:
    room, tap = tapped
    tap.passes_down = lambda frame: frame["event"] != "ack"
    room.say(word)
    room.hears(word)
    tap.release()
    room.say(f"{word} again")
    room.hears(f"{word} again")
    assert room.texts(word) == [word, f"{word} again"]


def test_what_is_written_without_a_connection_is_sent_in_order(
    rooms: tuple[Room, Room], word: str
) -> None:
    room, other = rooms
    room.context.set_offline(True)
    said = [f"{word} {number}" for number in range(5)]
    for text in said:
        room.say(text)
    expect(room.unsent).to_have_count(5)
    room.context.set_offline(False)
    other.hears(said[-1])
    expect(room.unsent).to_have_count(0)
    assert room.texts(word) == other.texts(word) == said


def test_an_unsent_message_survives_a_reload(
    make_room: MakeRoom, alice: Person, bob: Person, word: str
) -> None:
    room, other = make_room(), make_room().open(bob)
    tap = Tap(room.page)
    room.open(alice)
    tap.passes_up = lambda frame: frame["event"] != "post_message"
    room.say(word)
    expect(room.unsent).to_have_count(1)
    tap.release()
    room.page.reload()
    room.hears(word)
    other.hears(word)


def test_a_draft_survives_a_reload(room: Room, word: str) -> None:
    room.box.fill(f"{word}\nand more")
    room.page.reload()
    expect(room.box).to_have_value(f"{word}\nand more")


def test_a_draft_belongs_to_its_user(room: Room, bob: Person, word: str) -> None:
    room.box.fill(word)
    room.page.locator("#me").click()
    room.page.get_by_role("button", name="Sign out here").click()
    room.fill_sign_in(bob.nickname, bob.password)
    expect(room.box).to_be_visible()
    expect(room.box).to_have_value("")
    room.page.reload()
    room.is_live()
    expect(room.box).to_have_value("")


def test_sending_in_one_tab_keeps_the_draft_of_another(
    room: Room, make_room: MakeRoom, alice: Person, word: str
) -> None:
    other = make_room(beside=room).open(alice)
    other.box.fill(f"{word} draft")
    room.say(f"{word} sent")
    room.hears(f"{word} sent")
    other.page.reload()
    expect(other.box).to_have_value(f"{word} draft")


def test_a_rename_on_another_device_keeps_a_password_change_working(
    room: Room, stack: Stack, alice: Person, word: str
) -> None:
    new = f"{alice.nickname[:20]}x"
    stack.put(f"/api/users/{alice.id}", token=alice.token, json={"nickname": new})
    expect(room.page.locator("#me")).to_have_text(new)
    room.page.locator("#me").click()
    room.page.get_by_label("New password").fill("another-battery-horse")
    room.page.get_by_role("button", name="Change password").click()
    expect(room.note).to_contain_text("Your password is changed")
    room.say(word)
    room.hears(word)


def test_signing_in_again_after_a_revoked_token_keeps_the_draft(
    room: Room, stack: Stack, alice: Person, word: str
) -> None:
    room.box.fill(word)
    stack.delete("/api/tokens", token=alice.token)
    expect(room.note).to_contain_text("Sign in again")
    room.fill_sign_in(alice.nickname, alice.password)
    expect(room.box).to_have_value(word)


def test_signing_in_again_after_a_revoked_token_sends_what_was_refused(
    room: Room, stack: Stack, alice: Person, word: str
) -> None:
    room.context.set_offline(True)
    room.say(word)
    stack.delete("/api/tokens", token=alice.token)
    room.context.set_offline(False)
    expect(room.nickname).to_have_value(alice.nickname)
    expect(room.password).to_be_focused()
    room.fill_sign_in(alice.nickname, alice.password)
    room.hears(word)


@pytest.mark.parametrize("storage", [FORBIDDEN, FULL], ids=["forbidden", "full"])
def test_without_storage_the_end_of_a_sign_in_keeps_the_draft_and_what_is_unsent(
    make_room: MakeRoom, stack: Stack, alice: Person, word: str, storage: str
) -> None:
    room, password = make_room(), new_password()
    room.page.add_init_script(storage)
    room.open()
    room.fill_sign_in(alice.nickname, alice.password)
    expect(room.account).to_have_text(alice.nickname)
    room.context.set_offline(True)
    for number in range(2):
        room.say(f"{word} unsent {number}")
    room.box.fill(f"{word} draft")
    # A new password ends all sign-ins.
    body = {"password": password}
    stack.put(f"/api/users/{alice.id}", token=alice.token, json=body)
    room.context.set_offline(False)
    expect(room.note).to_contain_text("Sign in again: what you wrote is kept.")
    expect(room.unsent).to_have_count(0)
    room.fill_sign_in(alice.nickname, password)
    expect(room.box).to_have_value(f"{word} draft")
    room.hears(f"{word} unsent 1")
    assert room.texts(word) == [f"{word} unsent {number}" for number in range(2)]


def test_what_another_tab_stores_replaces_what_this_one_could_not(
    make_room: MakeRoom, alice: Person, bob: Person
) -> None:
    room = make_room()
    room.page.add_init_script(FULL)
    room.open()
    room.fill_sign_in(alice.nickname, alice.password)
    expect(room.account).to_have_text(alice.nickname)
    make_room(beside=room).open(bob)
    expect(room.account).to_have_text(bob.nickname)


def test_what_is_too_long_is_not_sent_and_not_lost(room: Room, word: str) -> None:
    text = word + "x" * (10_001 - len(word))
    room.say(text)
    expect(room.note).to_contain_text("Too long by 1")
    expect(room.box).to_have_value(text)
    room.say(text[:-1])
    room.hears(word)
