"""Answers that arrive after the user of the page has changed belong to the previous user."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from comparison.contract.client import Person, new_nickname, new_password
from tests.browser.room import MakeRoom, Room, Tapped
from tests.running import Stack

Release = Callable[[], None]
ENDED = {"status": 401, "error": "Authentication required."}


def hold(page: Page, url: str, method: str) -> Release:
    """Hold back the answers to requests; return a function that waits for one and delivers it."""
    held: list[Route] = []
    is_released = False

    def answer(route: Route) -> None:
        if route.request.method == method and not is_released:
            held.append(route)
        else:
            route.continue_()

    page.route(url, answer)

    def release() -> None:
        nonlocal is_released
        while not held:
            page.wait_for_timeout(20)
        is_released = True
        (route,) = held
        with page.expect_event("requestfinished", lambda request: request == route.request):
            route.fulfill(response=route.fetch())

    return release


def sign_out(room: Room) -> None:
    """Sign out in the account dialog."""
    room.open_account()
    room.page.get_by_role("button", name="Sign out here").click()


def is_signed_in_as(room: Room, person: Person, text: str) -> None:
    """Post a message, and check whose it is."""
    expect(room.account).to_have_text(person.nickname)
    room.say(text)
    expect(room.hears(text)).to_have_attribute("data-user", str(person.id))
    expect(room.account).to_have_text(person.nickname)


def test_a_late_answer_to_a_sign_out_keeps_the_next_user_signed_in(
    room: Room, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    release = hold(room.page, "**/api/tokens", "DELETE")
    sign_out(room)
    # The socket may report the end of the token before the request is answered.
    stack.delete("/api/tokens", token=alice.token)
    room.fill_sign_in(bob.nickname, bob.password)
    expect(room.box).to_be_visible()
    release()
    is_signed_in_as(room, bob, word)
    expect(room.note).to_have_text("")


def test_a_late_sign_in_form_keeps_what_was_typed(room: Room, bob: Person, word: str) -> None:
    release = hold(room.page, "**/lazy/signin.js*", "GET")
    sign_out(room)
    room.fill_sign_in(bob.nickname, bob.password)
    release()
    is_signed_in_as(room, bob, word)


def test_a_late_sign_in_form_leaves_the_focus_where_it_is(room: Room) -> None:
    release = hold(room.page, "**/lazy/signin.js*", "GET")
    sign_out(room)
    room.nickname.focus()
    release()
    room.page.evaluate("import('/static/chat/lazy/signin.js').then(() => null)")
    expect(room.nickname).to_be_focused()
    expect(room.nickname).to_have_value("")


def test_a_late_sign_in_form_shows_its_own_errors(make_room: MakeRoom) -> None:
    room = make_room().open()
    release = hold(room.page, "**/lazy/signin.js*", "GET")
    room.fill_sign_in("", "")
    release()
    expect(room.error.first).to_have_text("Nickname: This cannot be empty.")


@pytest.mark.parametrize(
    ("field", "make", "button"),
    [
        ("New nickname", new_nickname, "Rename"),
        ("New password", new_password, "Change password"),
    ],
)
def test_a_late_answer_to_a_change_of_the_account_leaves_the_next_user_unchanged(
    room: Room, bob: Person, word: str, field: str, make: Callable[[], str], button: str
) -> None:
    release = hold(room.page, "**/api/users/*", "PUT")
    room.open_account()
    room.page.get_by_label(field).fill(make())
    room.page.get_by_role("button", name=button).click()
    room.page.get_by_role("button", name="Close").click()
    sign_out(room)
    room.fill_sign_in(bob.nickname, bob.password)
    expect(room.box).to_be_visible()
    release()
    is_signed_in_as(room, bob, word)


def test_a_password_is_changed_in_one_tab_at_a_time(
    room: Room, make_room: MakeRoom, alice: Person, word: str
) -> None:
    other = make_room(beside=room).open(alice)
    other.page.evaluate("addEventListener('storage', () => { document.body.dataset.told = '' })")
    release = hold(room.page, "**/api/users/*", "PUT")
    for tab in (room, other):
        if tab is other:
            expect(tab.page.locator("body")).to_have_attribute("data-told", "")
        tab.open_account()
        tab.page.get_by_label("New password").fill(new_password())
        tab.page.get_by_role("button", name="Change password").click()
    expect(other.page.get_by_role("alert")).to_have_text(
        "Another tab is changing the password. Try again."
    )
    release()
    expect(room.note).to_contain_text("Your password is changed.")
    other.page.keyboard.press("Escape")
    is_signed_in_as(other, alice, word)


@pytest.mark.parametrize("is_changed", [False, True])
def test_a_tab_closed_during_a_password_change_keeps_the_sign_in_or_asks_for_it(
    room: Room, make_room: MakeRoom, alice: Person, word: str, is_changed: bool
) -> None:
    password, held = new_password(), list[Route]()

    def never_answer(route: Route) -> None:
        # Chromium sends what is held when its tab is closed: hold what comes before the change.
        if route.request.method != ("PUT" if is_changed else "GET"):
            return route.continue_()
        if is_changed:
            route.fetch()
        held.append(route)

    room.page.route(f"**/api/users/{alice.id}", never_answer)
    room.open_account()
    room.page.get_by_label("New password").fill(password)
    room.page.get_by_role("button", name="Change password").click()
    while not held:
        room.page.wait_for_timeout(20)
    later = make_room(beside=room)
    room.page.close()
    later.open()
    if is_changed:
        expect(later.note).to_contain_text("Your sign-in has ended.")
        later.fill_sign_in(alice.nickname, password)
    is_signed_in_as(later, alice, word)


def test_a_tab_that_disappeared_during_a_password_change_leaves_no_empty_token(
    make_room: MakeRoom, alice: Person, word: str
) -> None:
    room = make_room()
    room.keep("flack.session", {"token": "", "id": alice.id, "nickname": alice.nickname})
    room.page.clock.install()
    room.open()
    room.say(word)
    expect(room.unsent).to_have_count(1)
    room.page.clock.fast_forward("01:00")
    expect(room.note).to_contain_text("Your sign-in has ended.")
    room.fill_sign_in(alice.nickname, alice.password)
    room.hears(word)


def test_a_late_401_of_an_earlier_token_keeps_the_user_signed_in(
    tapped: Tapped, alice: Person, word: str
) -> None:
    room, tap = tapped
    with room.page.expect_response("**/api/users/me"):
        tap.tell({"event": "error", "ref": None, "data": ENDED})
    is_signed_in_as(room, alice, word)


def test_a_401_of_a_token_that_another_tab_has_replaced_keeps_the_new_one(
    room: Room, stack: Stack, alice: Person, word: str
) -> None:
    """The event of the storage comes later than the end of the token."""
    token = stack.post("/api/tokens", auth=(alice.nickname, alice.password)).json()["token"]
    session = {"token": token, "id": alice.id, "nickname": alice.nickname}
    room.page.evaluate("value => localStorage['flack.session'] = JSON.stringify(value)", session)
    with room.page.expect_response(lambda response: response.status == 401):
        stack.delete("/api/tokens", token=alice.token)
    room.page.evaluate("dispatchEvent(new StorageEvent('storage', { key: 'flack.session' }))")
    is_signed_in_as(room, alice, word)


def test_a_page_opened_with_an_ended_token_does_not_report_a_deleted_account(
    make_room: MakeRoom, stack: Stack, alice: Person
) -> None:
    stack.delete("/api/tokens", token=alice.token)
    room = make_room()
    with room.page.expect_response(f"**/api/users/{alice.id}"):
        room.open(alice)
    expect(room.note).to_contain_text("Your sign-in has ended.")


def test_a_rate_limit_of_another_message_does_not_delay_this_one(tapped: Tapped, word: str) -> None:
    room, tap = tapped
    tap.passes_up = lambda frame: frame["event"] != "post_message"
    room.say(word)
    expect(room.unsent).to_have_count(1)
    limit = {"status": 429, "error": "Too many messages.", "retry_after": 600}
    tap.tell({"event": "error", "ref": "earlier", "data": limit})
    tap.release()
    tap.cut()
    room.hears(word)


def test_an_editor_is_closed_for_the_next_user_and_its_text_kept_for_the_last(
    room: Room, alice: Person, bob: Person, word: str
) -> None:
    room.say(word)
    room.hears(word)
    room.box.press("ArrowUp")
    editor = room.page.get_by_label("Edit text")
    editor.fill(f"{word} only Alice may read this")
    sign_out(room)
    expect(editor).to_have_count(0)
    expect(room.article(word).locator(".body")).to_be_visible()
    expect(room.password).to_be_focused()
    room.fill_sign_in(bob.nickname, bob.password)
    expect(room.account).to_have_text(bob.nickname)
    expect(room.box).to_have_value("")
    sign_out(room)
    room.fill_sign_in(alice.nickname, alice.password)
    expect(room.box).to_have_value(f"{word} only Alice may read this")


def test_an_editor_survives_the_end_of_a_sign_in(
    room: Room, stack: Stack, alice: Person, word: str
) -> None:
    room.say(word)
    room.hears(word)
    room.box.press("ArrowUp")
    editor = room.page.get_by_label("Edit text")
    editor.fill(f"{word} edited")
    stack.delete("/api/tokens", token=alice.token)
    room.fill_sign_in(alice.nickname, alice.password)
    expect(room.box).to_be_visible()
    editor.press("Enter")
    room.hears(f"{word} edited")


def test_an_editor_survives_the_end_of_a_sign_in_that_another_tab_met_first(
    room: Room, make_room: MakeRoom, stack: Stack, alice: Person, word: str
) -> None:
    other = make_room(beside=room).open(alice)
    other.say(word)
    other.hears(word)
    other.box.press("ArrowUp")
    editor = other.page.get_by_label("Edit text")
    editor.fill(f"{word} edited")
    other.page.route("**/api/**", lambda route: route.abort())
    stack.delete("/api/tokens", token=alice.token)
    expect(other.note).to_contain_text("Your sign-in has ended.")
    other.page.unroute("**/api/**")
    room.fill_sign_in(alice.nickname, alice.password)
    expect(other.box).to_be_visible()
    editor.press("Enter")
    other.hears(f"{word} edited")


def test_a_late_answer_to_an_edit_leaves_the_next_editor_open(room: Room, word: str) -> None:
    room.say(word)
    room.hears(word)
    release = hold(room.page, "**/api/messages/*", "PUT")
    room.box.press("ArrowUp")
    editor = room.page.get_by_label("Edit text")
    editor.fill(f"{word} once")
    editor.press("Enter")
    expect(editor).not_to_be_editable()  # what is typed now would be lost
    editor.press("Escape")
    room.box.press("ArrowUp")
    editor.fill(f"{word} twice")
    release()
    editor.press("Enter")
    room.hears(f"{word} twice")
    expect(editor).to_have_count(0)


def test_a_message_is_deleted_before_the_sign_out_that_follows(
    rooms: tuple[Room, Room], alice: Person, word: str
) -> None:
    room, other = rooms
    room.say(word)
    other.hears(word)
    room.hears(word).hover()
    room.article(word).get_by_role("button", name="Delete").click()
    room.article(word).locator("[data-action=confirm]").click()
    expect(room.article(word)).to_contain_text("Deleted.")
    sign_out(room)
    expect(other.article(word)).to_have_count(0)
    expect(room.article(word)).to_have_count(0)


def test_the_account_dialog_closes_when_the_sign_in_ends(
    room: Room, stack: Stack, alice: Person
) -> None:
    room.open_account()
    stack.delete("/api/tokens", token=alice.token)
    expect(room.page.get_by_role("dialog")).to_have_count(0)
    expect(room.password).to_be_focused()


def test_an_account_dialog_that_loads_after_the_sign_in_ended_stays_closed(
    room: Room, stack: Stack, alice: Person
) -> None:
    release = hold(room.page, "**/lazy/account.js*", "GET")
    room.account.click()
    stack.delete("/api/tokens", token=alice.token)
    expect(room.password).to_be_focused()
    release()
    expect(room.page.locator("#account")).to_be_attached()
    room.page.evaluate("import('/static/chat/lazy/account.js').then(() => null)")
    expect(room.page.get_by_role("dialog")).to_have_count(0)
