"""The log: its order, its lines, where the reader is in it, and how much of it there can be."""

import re
from dataclasses import replace
from urllib.parse import urlsplit

from playwright.sync_api import Route, expect

from comparison.contract.client import Person
from tests.browser.history import remember
from tests.browser.room import MakeRoom, Room
from tests.browser.tap import Tap
from tests.running import Stack


def scroll_up(room: Room) -> None:
    """Go to where the log begins, as far as it is there."""
    room.log.evaluate("log => { log.scrollTop = 0 }")


def test_messages_of_one_author_are_grouped_under_one_name(
    make_room: MakeRoom, alice: Person, bob: Person, stack: Stack, word: str
) -> None:
    room = make_room().open()
    for author in (alice, alice, bob, alice):
        stack.posted(author, word)
    expect(room.article(word)).to_have_count(4)
    widths = (
        room.article(word).locator(".author").evaluate_all("all => all.map(e => e.offsetWidth)")
    )
    assert [width > 1 for width in widths] == [True, False, True, True]
    assert room.article(word).locator(".author").all_text_contents() == [
        person.nickname for person in (alice, alice, bob, alice)
    ]


def test_names_and_mentions_of_people_who_left_are_known(
    make_room: MakeRoom, alice: Person, bob: Person, stack: Stack, word: str
) -> None:
    stack.posted(bob, f"{word} first")
    stack.posted(alice, f"{word} thanks @{bob.nickname}!")
    room = make_room()
    asked: list[str] = []
    room.page.on("request", lambda r: asked.append(r.url) if "/api/users" in r.url else None)
    room.page.route("**/api/users?online=1&*", lambda route: route.fulfill(json={"users": []}))
    with room.page.expect_request("**/api/users?updated_since=*"):
        room.open()
    expect(room.hears(f"{word} first")).to_contain_text(bob.nickname)
    queries = [urlsplit(url).query.partition("=")[0] for url in asked]
    assert queries[:3] == ["online", "ids", "updated_since"]  # one request for all authors
    expect(room.hears(f"{word} thanks").locator("mark")).to_have_text(f"@{bob.nickname}")


def test_a_user_who_signs_in_sees_earlier_mentions_marked_and_counted(
    make_room: MakeRoom, alice: Person, bob: Person, stack: Stack, word: str
) -> None:
    stack.posted(bob, f"{word} for @{alice.nickname}!")
    room = make_room()

    def without_alice(route: Route) -> None:
        """Answer as if she had not been here for long."""
        users = route.fetch().json()["users"]
        route.fulfill(json={"users": [user for user in users if user["id"] != alice.id]})

    for query in ("online", "updated_since", "ids"):
        room.page.route(f"**/api/users?{query}=*", without_alice)
    tap = Tap(room.page)
    room.open()
    expect(room.hears(word).locator("mark")).to_have_count(0)
    room.fill_sign_in(alice.nickname, alice.password)
    expect(room.account).to_be_visible()
    user = stack.user(alice.id)
    tap.tell({"event": "updated_model", "data": {"class": "User", "model": user}})
    expect(room.article(word).locator("mark.me")).to_have_text(f"@{alice.nickname}")


def test_yesterday_is_the_day_before_also_after_a_day_of_23_hours(make_room: MakeRoom) -> None:
    monday = 1_774_823_400  # 30 March 2026 00:30 in Berlin, where the clocks changed on Sunday
    room = make_room(timezone_id="Europe/Berlin", locale="en-GB")
    room.page.clock.install(time=monday)
    remember(room.page, 3, end=monday, pause=12 * 3600)
    room.open()
    days = room.page.locator(".day").all_text_contents()
    assert [day.partition(" ")[0].strip(",") for day in days] == ["Saturday", "Yesterday", "Today"]


def test_times_are_local_and_full_on_hover_and_days_are_parted(make_room: MakeRoom) -> None:
    room = make_room(timezone_id="Pacific/Auckland", locale="en-NZ")
    remember(room.page, 3, pause=3600)
    room.open()
    times = room.page.get_by_role("article").get_by_role("time")
    # 12:00 UTC is past midnight there.
    assert times.all_text_contents() == ["11:00 pm", "12:00 am", "1:00 am"]
    expect(times.first).to_have_attribute(
        "title", re.compile("Wednesday,? 15 November 2023.*11:00")
    )
    expect(times.first).to_have_attribute("datetime", "2023-11-15T10:00:00.000Z")
    days = room.page.locator(".day").all_text_contents()
    assert [day.split(",")[0].split()[0] for day in days] == ["Wednesday", "Thursday"]


def test_the_log_stays_at_the_bottom_when_the_reader_is_there(
    make_room: MakeRoom, alice: Person, stack: Stack, word: str
) -> None:
    room = make_room(viewport={"width": 600, "height": 400}).open()
    for number in range(12):
        stack.posted(alice, f"{word} {number}")
        expect(room.article(f"{word} {number}").last).to_be_in_viewport()


def test_a_reader_farther_up_sees_how_much_is_new(
    make_room: MakeRoom, alice: Person, bob: Person, stack: Stack, word: str
) -> None:
    room = make_room(viewport={"width": 600, "height": 400})
    room.page.clock.install()
    room.open(alice)
    for number in range(12):
        stack.posted(bob, f"{word} old {number}")
    room.hears(f"{word} old 11")
    room.log.evaluate("log => { log.scrollTop -= 200 }")
    button = room.page.get_by_role("button", name="To the newest")
    expect(button).to_be_visible()
    where = room.log.evaluate("log => log.scrollTop")
    for number in range(3):
        stack.posted(bob, f"{word} new {number}")
    button = room.page.get_by_role("button", name="3 new messages")
    expect(button).to_be_visible()
    expect(room.page).to_have_title("(3) Flack")
    assert room.log.evaluate("log => log.scrollTop") == where
    button.click()
    expect(room.article(f"{word} new 2")).to_be_in_viewport()
    expect(button).to_be_hidden()
    expect(room.page).to_have_title("Flack")
    entry = room.page.locator(".entry", has=room.page.locator(".new"))
    expect(entry).to_contain_text(f"{word} new 0")


def test_a_line_is_drawn_where_reading_stopped(
    room: Room, make_room: MakeRoom, alice: Person, bob: Person, stack: Stack, word: str
) -> None:
    stack.posted(bob, f"{word} read")
    room.hears(f"{word} read")
    later = make_room(beside=room)
    room.page.close()
    stack.posted(alice, f"{word} own")
    for number in range(40):
        stack.posted(bob, f"{word} missed {number}")
    room = later.open()
    entry = room.page.locator(".entry", has=room.page.locator(".new"))
    expect(entry).to_contain_text(f"{word} missed 0")
    expect(entry).to_be_in_viewport()
    expect(room.page).to_have_title("(40) Flack")


def test_history_loads_on_scrolling_up_without_a_jump(make_room: MakeRoom) -> None:
    room = make_room()
    remember(room.page, 130)
    room.open()
    expect(room.page.get_by_role("article")).to_have_count(50)
    place = "body => body.getBoundingClientRect().top"
    # Not of the article: its name goes once the message above it, by the same author, is there.
    body = room.page.locator('article[data-id="81"] .body')
    scroll_up(room)
    before = body.evaluate(place)
    expect(room.page.get_by_role("article")).to_have_count(100)
    assert abs(body.evaluate(place) - before) < 3
    scroll_up(room)
    expect(room.page.get_by_role("article")).to_have_count(130)
    scroll_up(room)
    expect(room.page.get_by_text("This is where the room begins.")).to_be_visible()


def test_code_keeps_its_lines_and_does_not_widen_the_page(
    make_room: MakeRoom, alice: Person, word: str
) -> None:
    room = make_room(viewport={"width": 320, "height": 600}).open(alice)
    room.box.fill(
        f"```\n{word}\n  {'x' * 300}\n```\n> quoted\n\n- listed\n\n{'y' * 300}\nnext line"
    )
    room.box.press("Enter")
    article = room.hears(word)
    pre = article.locator("pre")
    # A long line wraps, and its spaces stay: a block that scrolls would be a stop for the Tab key.
    assert pre.evaluate("e => getComputedStyle(e).whiteSpace") == "pre-wrap"
    assert pre.evaluate("e => e.scrollWidth <= e.clientWidth && e.tabIndex") == -1
    for tag in ("blockquote", "li"):
        expect(article.locator(tag)).to_have_count(1)
    assert room.page.evaluate("document.documentElement.scrollWidth") == 320
    heights = article.locator("p").last.evaluate(
        "p => p.clientHeight / parseFloat(getComputedStyle(p).lineHeight)"
    )
    assert heights > 2  # the long word breaks, and the newline is a new line


def test_what_is_typed_in_an_editor_is_kept_when_the_page_drops_its_row(
    make_room: MakeRoom, alice: Person, word: str
) -> None:
    """The page holds 2,000 messages at most; she has the id of an author of the made-up past."""
    room = make_room()
    remember(room.page, 3000)
    room.open(replace(alice, id=1))
    room.page.evaluate(
        """async () => {
            const log = document.querySelector('#log');
            while (log.getElementsByTagName('article').length < 2050) {
                log.scrollTop = 0;
                await new Promise(requestAnimationFrame);
            }
            const { edit } = await import('/static/chat/lazy/editor.js');
            edit(1201);
        }"""
    )
    room.page.get_by_role("textbox", name="Edit text").fill("half a thou")
    room.say(word)
    expect(room.page.locator('article[data-id="1201"]')).to_have_count(0)
    expect(room.box).to_have_value("half a thou")
    expect(room.note).to_have_text(
        "The page no longer holds the message. Your edit is in the message box."
    )
