"""What one can do with a message: reply, copy its link, edit, delete; and what finds it again."""

import re
from typing import Any

from playwright.sync_api import Route, expect

from comparison.contract.client import Person
from tests.browser.history import message, remember
from tests.browser.room import MakeRoom, Room
from tests.browser.test_everyone import audit
from tests.running import Stack


def act(room: Room, text: str, action: str) -> None:
    """Press a button of the message that contains a text."""
    room.article(text).hover()
    room.article(text).locator(f"[data-action={action}]").click()


def test_a_message_is_quoted_copied_edited_and_deleted_from_its_bar(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    stack.posted(alice, f"{word} stays")
    theirs = stack.posted(bob, f"{word} theirs\nsecond\n> old quote")
    room = make_room(permissions=["clipboard-read", "clipboard-write"]).open(alice)
    buttons = room.article(f"{word} theirs").locator(".actions button")
    room.article(f"{word} theirs").hover()
    expect(buttons).to_have_text(["Reply", "Copy link"])
    act(room, f"{word} theirs", "reply")
    expect(room.box).to_have_value(f"> {word} theirs\n> second\n\n@{bob.nickname} ")
    expect(room.box).to_be_focused()
    room.box.fill("")
    act(room, f"{word} theirs", "link")
    expect(room.note).to_have_text("The link is copied.")
    link = room.page.evaluate("navigator.clipboard.readText()")
    assert link == f"{stack.url}/#m{theirs['id']}"
    time = room.article(f"{word} theirs").locator("a", has=room.page.get_by_role("time"))
    expect(time).to_have_attribute("href", f"#m{theirs['id']}")
    mine = room.article(f"{word} mine")
    room.say(f"{word} mine frist")
    room.hears(f"{word} mine frist")
    expect(mine.locator(".edited")).to_have_count(0)
    act(room, f"{word} mine", "edit")
    expect(room.page.get_by_label("Edit text")).to_be_focused()
    room.page.keyboard.press("ControlOrMeta+a")
    room.page.keyboard.type(f"{word} mine first")
    room.page.keyboard.press("Enter")
    expect(mine.locator(".body")).to_have_text(f"{word} mine first")
    expect(mine.locator(".edited")).to_contain_text("(edited ")
    expect(mine.locator(".edited time")).to_have_attribute("datetime", re.compile("^20.*Z$"))
    act(room, f"{word} mine", "delete")
    expect(mine).to_contain_text("Delete this message?")
    audit(room.page, "asking whether to delete")
    mine.get_by_role("button", name="Keep").click()
    expect(mine).not_to_contain_text("Delete this message?")
    act(room, f"{word} mine", "delete")
    room.stop_clock()
    mine.locator("[data-action=confirm]").click()
    undo = room.page.get_by_role("button", name="Undo")
    expect(mine.locator(".body")).to_be_hidden()
    undo.click()
    expect(mine.locator(".body")).to_be_visible()
    act(room, f"{word} mine", "delete")
    mine.locator("[data-action=confirm]").click()
    expect(undo).to_be_visible()
    room.page.clock.resume()  # axe needs timers
    audit(room.page, "deleted, and undo")
    room.page.clock.run_for(7000)
    expect(mine).to_have_count(0)
    assert [m for m in stack.messages("limit=200") if f"{word} mine" in m["source"]] == []


def test_a_deletion_that_is_refused_shows_why_and_operators_delete_any_message(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    theirs = stack.posted(bob, f"{word} theirs")
    room = make_room()
    me = {**stack.user(alice.id), "is_banned": False, "is_staff": True}
    room.page.route("**/api/users/me", lambda route: route.fulfill(json=me))
    refusals: list[dict[str, Any]] = [{"status": 403, "json": {"error": "No."}}, {"status": 204}]
    room.page.route(
        f"**/api/messages/{theirs['id']}", lambda route: route.fulfill(**refusals.pop(0))
    )
    room.open(alice)
    act(room, f"{word} theirs", "delete")
    room.stop_clock()
    room.article(word).locator("[data-action=confirm]").click()
    expect(room.page.get_by_role("button", name="Undo")).to_be_visible()
    room.page.clock.run_for(7000)
    expect(room.article(word)).to_contain_text("Not deleted. No.")
    room.article(word).locator("[data-action=confirm]").click()
    expect(room.page.get_by_role("button", name="Undo")).to_be_visible()
    room.page.clock.run_for(7000)
    expect(room.article(word)).to_have_count(0)


def test_a_banned_user_sees_so_before_writing(
    make_room: MakeRoom, alice: Person, stack: Stack
) -> None:
    room = make_room()
    me = {**stack.user(alice.id), "is_banned": True, "is_staff": False}
    room.page.route("**/api/users/me", lambda route: route.fulfill(json=me))
    room.open(alice)
    expect(room.page.get_by_text("You are banned: you may read, but not write.")).to_be_visible()
    expect(room.box).to_be_hidden()
    audit(room.page, "banned")


def test_rights_that_could_not_be_fetched_are_asked_for_again(
    make_room: MakeRoom, alice: Person, stack: Stack
) -> None:
    room = make_room()
    me = {**stack.user(alice.id), "is_banned": True, "is_staff": False}
    answers: list[dict[str, Any]] = [{"json": me}, {"status": 503, "json": {"error": "Away."}}]
    room.page.route("**/api/users/me", lambda route: route.fulfill(**answers.pop()))
    room.open(alice)
    expect(room.page.get_by_text("You are banned: you may read, but not write.")).to_be_visible()


def test_authors_that_could_not_be_fetched_are_asked_for_again(
    make_room: MakeRoom, stack: Stack, bob: Person, word: str
) -> None:
    stack.posted(bob, word)
    room = make_room()
    failures = [1, 2, 3]

    def answer(route: Route) -> None:
        if "ids=" not in route.request.url:
            route.fulfill(json={"users": []})
        elif failures:
            failures.pop()
            route.abort()
        else:
            route.continue_()

    room.page.route("**/api/users?*", answer)
    room.open()
    expect(room.article(word).locator(".author")).to_have_text(bob.nickname)


def test_a_phone_that_hides_the_page_deletes_what_was_confirmed(
    make_room: MakeRoom, stack: Stack, alice: Person, word: str
) -> None:
    stack.posted(alice, word)
    room = make_room(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    room.open(alice)
    room.article(word).tap()
    room.article(word).locator("[data-action=delete]").click()
    room.stop_clock()  # so the time for an undo never ends
    room.article(word).locator("[data-action=confirm]").click()
    expect(room.page.get_by_role("button", name="Undo")).to_be_visible()
    room.page.evaluate("""() => {
        Object.defineProperty(document, 'hidden', { value: true })
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
    }""")
    expect(room.article(word)).to_have_count(0)


def test_a_tap_opens_the_actions_below_the_text(
    make_room: MakeRoom, stack: Stack, alice: Person, word: str
) -> None:
    stack.posted(alice, f"{word} one")
    stack.posted(alice, f"{word} two")
    room = make_room(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    room.open(alice)
    one, two = (room.article(f"{word} {number}").locator(".actions") for number in ("one", "two"))
    expect(one).to_be_hidden()
    room.article(f"{word} one").tap()
    expect(one).to_be_visible()
    body = room.article(f"{word} one").locator(".body").bounding_box()
    bar = one.bounding_box()
    assert body and bar
    assert bar["y"] >= body["y"] + body["height"]
    audit(room.page, "actions on a phone")
    room.article(f"{word} two").tap()
    expect(two).to_be_visible()
    expect(one).to_be_hidden()


def test_a_click_in_a_narrow_window_hits_what_it_is_aimed_at(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    """The bar of actions opens with the focus, and moves the end of the log up."""
    message = stack.posted(bob, f"{word}\n" * 60)
    room = make_room(viewport={"width": 390, "height": 844}).open(alice)
    row = room.hears(word)
    row.hover()
    expect(row.locator(".actions")).to_be_attached()
    row.get_by_role("button", name="Show all").click()
    expect(row.get_by_role("button", name="Show less")).to_be_visible()
    room.box.focus()
    row.get_by_role("button", name="Show less").click()
    expect(row.get_by_role("button", name="Show all")).to_be_visible()
    room.box.focus()
    row.locator(".author").click()
    expect(room.page.get_by_role("dialog", name=bob.nickname)).to_be_visible()
    room.page.keyboard.press("Escape")
    room.box.focus()
    row.get_by_role("link").click()
    expect(row).to_have_attribute("aria-current", "true")
    assert room.page.url == f"{stack.url}/#m{message['id']}"


def test_a_permalink_loads_the_history_around_its_message_and_marks_it(
    make_room: MakeRoom,
) -> None:
    room = make_room(viewport={"width": 900, "height": 500})
    remember(room.page, 400)
    room.page.goto(f"{room.url}/#m150")
    target = room.page.locator('article[data-id="150"]')
    expect(target).to_be_in_viewport()
    expect(target).to_have_attribute("aria-current", "true")
    expect(target).to_be_focused()
    audit(room.page, "a message of a permalink")
    # What follows is loaded when its place comes near, and does not move what is read.
    held = room.page.locator('article[data-id="174"]')
    held.scroll_into_view_if_needed()
    expect(room.page.locator('article[data-id="220"]')).to_have_count(1)
    expect(held).to_be_in_viewport()
    room.page.evaluate("location.hash = '#m2'")
    expect(room.page.locator('article[data-id="2"]')).to_be_in_viewport()
    ids = room.page.locator("article").evaluate_all("all => all.map((row) => +row.dataset.id)")
    assert ids == sorted(ids)
    room.page.evaluate("location.hash = '#m999'")
    expect(room.note).to_have_text("That message was deleted, or never existed.")
    room.page.get_by_role("button", name="To the newest").click()
    expect(room.page.locator('article[data-id="400"]')).to_be_in_viewport()
    assert room.page.url == f"{room.url}/"


def test_a_permalink_and_the_history_that_loads_beside_it_leave_nothing_out(
    make_room: MakeRoom,
) -> None:
    """The window is so tall that both ask for messages before the same one."""
    room = make_room(viewport={"width": 900, "height": 4000})
    remember(room.page, 400)
    room.page.goto(f"{room.url}/#m270")
    target = room.page.locator('article[data-id="270"]')
    expect(target).to_have_attribute("aria-current", "true")
    expect(room.note).to_have_text("")
    room.page.evaluate("location.hash = '#m210'")
    expect(room.page.locator('article[data-id="210"]')).to_have_attribute("aria-current", "true")
    ids = room.page.locator("article").evaluate_all("all => all.map((row) => +row.dataset.id)")
    assert ids == sorted(set(ids))


def test_days_long_messages_code_and_emoji(
    make_room: MakeRoom, stack: Stack, alice: Person
) -> None:
    room = make_room(
        viewport={"width": 900, "height": 600}, permissions=["clipboard-read", "clipboard-write"]
    )
    now = int(stack.user(alice.id)["created_at"])
    bodies = {
        1: (now - 3 * 86400, "Old."),
        2: (now - 86400, "\n".join(f"line {number}" for number in range(60))),
        3: (now, "<pre><code>one\ntwo</code></pre>"),
        4: (now, "\U0001f389 \U0001f44d\U0001f3fd"),
        5: (now, "123"),
    }
    rows = [{**message(n, at), "html": html} for n, (at, html) in bodies.items()]
    room.page.route(
        "**/api/messages?before=*", lambda route: route.fulfill(json={"messages": rows})
    )
    room.open(alice)
    days = room.page.locator("#list .day")
    expect(days).to_have_count(3)
    assert days.all_text_contents()[1:] == ["Yesterday", "Today"]
    sizes = [
        room.page.locator(f'article[data-id="{n}"] .body').evaluate(
            "body => parseFloat(getComputedStyle(body).fontSize)"
        )
        for n in (4, 5)
    ]
    assert sizes[0] > 2 * sizes[1]
    room.page.locator("pre").hover()
    room.page.get_by_role("button", name="Copy code").click()
    expect(room.note).to_have_text("The code is copied.")
    assert room.page.evaluate("navigator.clipboard.readText()") == "one\ntwo"
    long = room.page.locator('article[data-id="2"]')
    height = long.evaluate("row => row.clientHeight")
    assert height < 450
    audit(room.page, "a folded message")
    long.get_by_role("button", name="Show all").click()
    assert long.evaluate("row => row.clientHeight") > 1000
    long.locator(".body").evaluate("body => body.scrollIntoView()")
    room.log.evaluate("log => { log.scrollTop += 300 }")
    sticky = room.page.locator("#day")
    expect(sticky).to_have_text("Yesterday")
    expect(sticky).to_be_visible()
    long.get_by_role("button", name="Show less").click()
    assert long.evaluate("row => row.clientHeight") == height


def test_an_update_leaves_a_message_unfolded_and_the_focus_where_it_is(
    room: Room, stack: Stack, bob: Person, word: str
) -> None:
    long = f"{word} first\n" * 60
    path = f"/api/messages/{stack.posted(bob, long)['id']}"
    row = room.hears(word)

    def update(source: str) -> None:
        stack.put(path, token=bob.token, json={"source": source})
        expect(row.locator(".body")).to_contain_text(source)

    more, less = (row.get_by_role("button", name=f"Show {what}") for what in ("all", "less"))
    more.click()
    less.focus()
    for what in ("second", "third"):
        update(f"{long}{word} {what}")
        expect(less).to_be_focused()
        expect(row.locator(".unfold + .edited")).to_have_count(1)
    less.click()
    expect(more).to_be_visible()
    row.get_by_role("button", name="Reply").focus()
    update(f"{word} short")
    expect(row).to_be_focused()
    expect(more).to_have_count(0)
    update(f"{long}{word} fourth")
    expect(more).to_be_visible()
