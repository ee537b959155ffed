"""Notifications, and the help."""

import re

from playwright.sync_api import expect

from comparison.contract.client import Person
from tests.browser.room import MakeRoom
from tests.browser.test_catching_up import look_away
from tests.running import Stack

RECORDER = """
    window.notified = [];
    window.Notification = class {
        static permission = 'default';
        static async requestPermission() { return (Notification.permission = 'granted'); }
        constructor(title, options) { notified.push([title, options.body, options.tag]); }
    };
"""


def test_a_mention_notifies_a_user_who_asked_for_it_and_looks_elsewhere(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    room = make_room()
    room.page.add_init_script(RECORDER)
    room.open(alice)
    stack.posted(bob, f"@{alice.nickname} {word} too early")
    room.hears(f"{word} too early")
    room.account.click()
    room.page.get_by_role("checkbox", name="Notify me").check()
    room.page.get_by_role("button", name="Close").click()
    stack.posted(bob, f"@{alice.nickname} {word} looking")
    room.hears(f"{word} looking")
    look_away(room)
    stack.posted(bob, f"{word} about nobody")
    message = stack.posted(bob, f"@{alice.nickname} {word} away")
    room.hears(f"{word} away")
    assert room.page.evaluate("notified") == [
        [bob.nickname, f"@{alice.nickname} {word} away", f"flack-{message['id']}"]
    ]
    expect(room.page).to_have_title("(2) Flack")


def test_a_browser_that_grants_notifications_but_shows_none_is_named(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    room = make_room()
    room.page.add_init_script(RECORDER)
    room.page.add_init_script(
        "Notification = class extends Notification {"
        "constructor() { super(); throw new TypeError('Illegal constructor') } }"
    )
    room.open(alice)
    room.open_account()
    room.page.get_by_role("checkbox", name="Notify me").check()
    room.page.get_by_role("button", name="Close").click()
    look_away(room)
    stack.posted(bob, f"@{alice.nickname} {word}")
    expect(room.note).to_have_text(
        "This browser does not show notifications of pages: they are off now."
    )
    room.open_account()
    expect(room.page.get_by_role("checkbox", name="Notify me")).not_to_be_checked()


def test_the_help_shows_the_requests_of_the_cluster(make_room: MakeRoom) -> None:
    room = make_room().open()
    room.page.get_by_role("button", name="Formatting").click()
    expect(room.page.get_by_text(re.compile(r"^\d+\.\d requests/s$"))).to_be_visible()
