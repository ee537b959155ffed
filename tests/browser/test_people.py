"""Sign-in, registration, the account and sign-out."""

import re

from playwright.sync_api import Locator, Route, expect

from comparison.contract.client import Person, new_nickname, new_password
from tests.browser.room import MakeRoom, Room, Tapped
from tests.browser.tap import Frame, Tap
from tests.running import Stack


def account(room: Room, person: Person) -> Locator:
    """Open the dialog of the user's own account."""
    expect(room.account).to_have_text(person.nickname)
    room.account.click()
    return room.page.get_by_role("dialog", name="Your account")


def test_a_new_nickname_is_registered_with_a_note(make_room: MakeRoom) -> None:
    room, nickname = make_room().open(), new_nickname("Zoë ☕")
    room.fill_sign_in(nickname, "päss wörd: 42")
    expect(room.note).to_have_text(f"Welcome, {nickname}. You are registered now.")
    expect(room.box).to_be_focused()
    expect(room.participants).to_contain_text(nickname)
    expect(room.enter).to_be_hidden()


def test_a_known_nickname_is_signed_in_with_a_note(make_room: MakeRoom, alice: Person) -> None:
    room = make_room().open()
    room.fill_sign_in(alice.nickname, alice.password)
    expect(room.note).to_have_text(f"Welcome back, {alice.nickname}. You are signed in.")
    room.page.reload()
    expect(room.box).to_be_visible()
    expect(room.participants).to_contain_text(alice.nickname)


def test_a_capital_letter_of_a_phone_keyboard_signs_in_the_same_user(
    make_room: MakeRoom, alice: Person
) -> None:
    room = make_room().open()
    room.fill_sign_in(alice.nickname.swapcase(), alice.password)
    expect(room.note).to_have_text(f"Welcome back, {alice.nickname}. You are signed in.")
    expect(room.account).to_have_text(alice.nickname)


def test_a_wrong_password_is_called_one(make_room: MakeRoom, alice: Person) -> None:
    room = make_room().open()
    room.fill_sign_in(alice.nickname, "not the one")
    expect(room.error).to_have_text(
        f"{alice.nickname} is registered already, with another password."
    )
    expect(room.password).to_be_focused()
    expect(room.password).to_have_accessible_description(re.compile("another password"))
    room.password.press("x")
    expect(room.error).to_have_count(0)


def test_a_password_that_is_too_simple_is_called_so(make_room: MakeRoom) -> None:
    room = make_room().open()
    room.fill_sign_in(new_nickname(), "12345")
    expect(room.error).to_contain_text("This password is too short")
    expect(room.password).to_be_focused()


def test_an_error_names_its_field_and_stands_under_it(make_room: MakeRoom) -> None:
    room = make_room().open()
    for nickname, password, field, error in (
        ("", "", room.nickname, "Nickname: This cannot be empty."),
        (new_nickname(), " ", room.password, "Password: This cannot be empty."),
        ("a:b", "correct horse", room.nickname, "A nickname cannot have a colon."),
    ):
        room.fill_sign_in(nickname, password)
        expect(room.error.first).to_have_text(error)
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(error)


def test_the_form_shows_whether_it_will_register_or_sign_in(
    make_room: MakeRoom, alice: Person
) -> None:
    room = make_room().open()
    hint = room.page.locator("#hint")
    expect(hint).to_contain_text("Anyone may read.")
    room.nickname.fill(new_nickname("fresh"))
    expect(hint).to_contain_text("You will register as fresh-")
    expect(room.password).to_have_attribute("autocomplete", "new-password")
    room.nickname.fill(alice.nickname.upper())
    expect(hint).to_have_text(f"You will sign in as {alice.nickname}.")
    expect(room.password).to_have_attribute("autocomplete", "current-password")
    expect(room.nickname).to_have_attribute("autocomplete", "username")


def test_a_nickname_that_looks_like_another_users_is_never_registered(
    make_room: MakeRoom, alice: Person
) -> None:
    room = make_room().open()
    posts: list[str] = []
    room.page.on("request", lambda r: posts.append(r.url) if r.method == "POST" else None)
    for nickname in (alice.nickname.upper(), f"\u0410{alice.nickname[1:]}"):  # a Cyrillic A
        room.fill_sign_in(nickname, "not the one")
        expect(room.error).to_contain_text("another password")
        room.password.fill("")
    assert [url.rpartition("/")[2] for url in posts] == ["tokens", "tokens"]


def test_a_server_out_of_reach_is_called_so(make_room: MakeRoom, alice: Person) -> None:
    room = make_room().open()
    failed = "That part of the page could not be loaded. Try again."
    room.context.set_offline(True)
    room.fill_sign_in(alice.nickname, alice.password)
    expect(room.note).to_have_text(failed)
    room.page.get_by_role("button", name="Formatting").click()
    expect(room.page.get_by_role("dialog")).to_have_count(0)
    room.context.set_offline(False)
    room.page.get_by_role("button", name="Formatting").click()
    expect(room.page.get_by_role("dialog")).to_be_visible()
    room.page.keyboard.press("Escape")
    room.password.focus()
    expect(room.page.locator("#hint")).to_contain_text("You will sign in as")
    room.context.set_offline(True)
    room.enter.click()
    expect(room.note).to_have_text("The server cannot be reached. Try again.")


def test_a_part_that_failed_to_load_is_loaded_when_it_is_asked_for_again(
    make_room: MakeRoom,
) -> None:
    """Each part is needed by the one before it, and browsers remember that a module failed."""
    room = make_room().open()
    help_button = room.page.get_by_role("button", name="Formatting")
    for button, parts in (
        (help_button, ["help.js", "part.js", "help.html", "parts.css"]),
        (room.enter, ["signin.js", "form.js", "countdown.js"]),
    ):
        for part in parts:
            room.page.route(f"**/lazy/{part}*", lambda route: route.abort(), times=1)
        for part in parts:
            room.note.evaluate("note => note.textContent = ''")
            with room.page.expect_event("requestfailed", lambda r, part=part: part in r.url):
                button.click()
            expect(room.note).to_have_text("That part of the page could not be loaded. Try again.")
    room.enter.click()
    expect(room.page.locator("#nickname-error")).to_be_attached()
    help_button.click()
    expect(room.page.get_by_role("dialog")).to_be_visible()
    expect(room.note).to_be_empty()


def test_a_module_of_another_version_asks_to_reload(make_room: MakeRoom) -> None:
    """A page that was opened before an upgrade may load a module that does not fit its others."""
    room = make_room()
    newer = "import { later } from '../dom.js'; later()"
    room.page.route(
        "**/lazy/help.js*",
        lambda route: route.fulfill(content_type="text/javascript", body=newer),
    )
    room.open()
    room.page.get_by_role("button", name="Formatting").click()
    expect(room.note).to_have_text("Flack was updated: reload the page.")


def test_after_too_many_tries_the_form_shows_how_long_to_wait(make_room: MakeRoom) -> None:
    room = make_room()
    answer = {"status": 429, "json": {"error": "Too many requests. Try again in 7 s."}}
    room.page.route("**/api/users", lambda route: route.fulfill(**answer))
    room.open()
    room.fill_sign_in(new_nickname(), new_password())
    expect(room.note).to_have_text("Too many requests. Try again in 7 s.")


def test_a_rate_limit_of_the_sign_in_counts_down(make_room: MakeRoom, alice: Person) -> None:
    room = make_room().open()
    room.nickname.focus()
    expect(room.page.locator("#nickname-error")).to_be_attached()
    limit = {"error": "Too many requests. Try again in 7 s.", "retry_after": 7}
    room.page.route("**/api/tokens", lambda route: route.fulfill(status=429, json=limit), times=1)
    room.stop_clock()
    room.fill_sign_in(alice.nickname, alice.password)
    expect(room.note).to_have_text("Too many requests: try again in 7 s.")
    expect(room.note.locator("[aria-live=off]")).to_have_text("7 s.")  # not read out each second
    room.page.clock.run_for(1000)
    expect(room.note).to_have_text("Too many requests: try again in 6 s.")
    room.page.clock.run_for(6000)
    expect(room.note).to_have_text("You can try again now.")
    room.enter.click()
    expect(room.account).to_have_text(alice.nickname)


def test_a_new_nickname_shows_everywhere_at_once(
    make_room: MakeRoom, alice: Person, bob: Person, word: str
) -> None:
    room, other, name = make_room().open(alice), make_room().open(bob), new_nickname("new")
    room.say(word)
    other.hears(word)
    dialog = account(room, alice)
    dialog.get_by_role("textbox", name="New nickname").fill(name)
    dialog.get_by_role("button", name="Rename").click()
    expect(room.note).to_have_text(f"You are {name} now.")
    expect(room.account).to_have_text(name)
    for page in (room, other):
        expect(page.article(word)).to_contain_text(name)
        expect(page.participants).to_contain_text(name)


def test_a_nickname_that_is_taken_is_refused_in_the_dialog(
    room: Room, alice: Person, bob: Person
) -> None:
    dialog = account(room, alice)
    dialog.get_by_role("textbox", name="New nickname").fill(bob.nickname)
    dialog.get_by_role("button", name="Rename").click()
    field = dialog.get_by_role("textbox", name="New nickname")
    expect(field).to_have_accessible_description("This nickname is taken.")
    expect(field).to_be_focused()
    dialog.get_by_role("button", name="Close").click()
    room.account.click()
    expect(field).to_have_value(alice.nickname)
    expect(room.error).to_have_count(0)
    room.context.set_offline(True)
    field.fill(bob.nickname)
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog.get_by_role("alert")).to_have_text("The server cannot be reached. Try again.")


def test_a_new_password_signs_out_everywhere_but_here(
    make_room: MakeRoom, stack: Stack, alice: Person, word: str
) -> None:
    here, elsewhere, password = make_room().open(alice), make_room(), new_password()
    tap = Tap(elsewhere.page)
    elsewhere.open(alice)
    tap.passes_up = lambda frame: frame["event"] != "post_message"
    elsewhere.say(f"{word} elsewhere")
    change_password(here, alice, password)
    expect(here.note).to_contain_text("signed out everywhere else")
    here.say(f"{word} here")
    here.hears(f"{word} here")
    expect(elsewhere.note).to_contain_text("Your sign-in has ended.")
    tap.forget()
    elsewhere.fill_sign_in(alice.nickname, password)
    elsewhere.hears(f"{word} elsewhere")


def change_password(room: Room, person: Person, password: str) -> None:
    """Fill the form of the account and press its button."""
    dialog = account(room, person)
    dialog.get_by_label("New password").fill(password)
    dialog.get_by_role("button", name="Change password").click()


def test_a_new_password_whose_answer_is_late_signs_out_everywhere_but_here(
    make_room: MakeRoom, alice: Person, word: str
) -> None:
    room, answers, errors = make_room(), [], []
    tap = Tap(room.page)

    def note(frame: Frame) -> bool:
        errors.extend([frame] if frame["event"] == "error" else [])
        return True

    tap.passes_down = note
    room.open(alice)

    def hold(route: Route) -> None:
        if route.request.method == "PUT":
            answers.append((route, route.fetch()))
        else:
            route.continue_()

    room.page.route(f"**/api/users/{alice.id}", hold)
    change_password(room, alice, new_password())
    while not (errors and answers):  # the server has closed the socket and answered
        room.page.wait_for_timeout(20)
    ((route, answer),) = answers
    route.fulfill(response=answer)
    expect(room.note).to_contain_text("signed out everywhere else")
    room.say(word)
    room.hears(word)


def test_a_sign_in_that_the_operator_ends_is_asked_for_again_at_once(
    room: Room, stack: Stack, alice: Person
) -> None:
    expect(room.participants).to_contain_text(alice.nickname)
    assert stack.request("DELETE", "/api/tokens", token=alice.token).status_code == 204
    expect(room.note).to_contain_text("Your sign-in has ended.")
    expect(room.enter).to_be_visible()
    expect(room.box).to_be_hidden()


def test_signing_out_ends_the_token_and_the_presence(
    room: Room, stack: Stack, alice: Person
) -> None:
    expect(room.participants).to_contain_text(alice.nickname)
    with room.page.expect_response("**/api/tokens"):
        account(room, alice).get_by_role("button", name="Sign out").click()
    expect(room.note).to_have_text("You are signed out.")
    expect(room.password).to_be_focused()
    expect(room.box).to_be_hidden()
    expect(room.participants).not_to_contain_text(alice.nickname)
    assert stack.get("/api/users", token=alice.token).status_code == 401


def test_two_tabs_share_a_sign_in_and_a_sign_out(
    make_room: MakeRoom, alice: Person, word: str
) -> None:
    one = make_room().open()
    two = make_room(beside=one).open()
    one.fill_sign_in(alice.nickname, alice.password)
    two.say(word)
    one.hears(word)
    two.hears(word)
    account(two, alice).get_by_role("button", name="Sign out").click()
    expect(one.enter).to_be_visible()


def test_two_tabs_send_what_is_unsent_once(
    tapped: Tapped, make_room: MakeRoom, stack: Stack, word: str
) -> None:
    one, tap = tapped
    tap.passes_up = lambda frame: frame["event"] != "post_message"
    one.say(word)
    expect(one.unsent).to_have_count(1)
    two = make_room(beside=one).open()
    two.hears(word)
    one.hears(word)
    expect(one.unsent).to_have_count(0)
    assert len([m for m in stack.messages() if m["source"] == word]) == 1
