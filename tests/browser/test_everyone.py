"""The page by keyboard, for screen readers, on small screens, with large text, and its weight."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from comparison.contract.client import Person, new_nickname, new_password
from comparison.contract.pages import Pages
from tests.browser.room import MakeRoom, Room
from tests.browser.tap import Tap
from tests.running import ROOT, Stack

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
CHAT = ROOT / "chat"
RICH = """# A title
*one* **two** ~~three~~ `four`

> quoted

- listed

```
a long line of code {long}
```
"""


def test_the_keyboard_alone_signs_in_writes_and_edits(make_room: MakeRoom, word: str) -> None:
    room, nickname = make_room().open(), new_nickname()
    keys = room.page.keyboard
    tab_to(room.page, room.nickname)
    keys.type(nickname)
    keys.press("Tab")
    keys.type(new_password())
    keys.press("Enter")
    expect(room.box).to_be_focused()
    keys.type(f"{word} frist")
    keys.press("Enter")
    room.hears(f"{word} frist")
    tab_to(room.page, room.log, backwards=True)
    keys.press("ArrowUp")
    expect(room.article(word)).to_be_focused()
    tab_to(room.page, room.article(word).get_by_role("button", name="Edit"))
    keys.press("Enter")
    expect(room.page.get_by_label("Edit text")).to_be_focused()
    keys.press("ControlOrMeta+a")
    keys.type(f"{word} first")
    keys.press("Enter")
    room.hears(f"{word} first")
    expect(room.article(word)).to_be_focused()
    keys.press("Escape")
    expect(room.box).to_be_focused()
    tab_to(room.page, room.account)
    keys.press("Enter")
    tab_to(room.page, room.page.get_by_role("button", name="Sign out"))
    keys.press("Enter")
    expect(room.enter).to_be_visible()


def test_every_focus_is_visible(room: Room, stack: Stack, bob: Person) -> None:
    stack.posted(bob, "https://example.com/")
    room.hears("https://example.com/")
    for _ in range(12):
        room.page.keyboard.press("Tab")
        assert room.page.evaluate(
            """() => {
                const shown = (e) => parseFloat(getComputedStyle(e).outlineWidth) > 0
                    && getComputedStyle(e).outlineStyle !== 'none';
                const focused = document.activeElement;
                return focused === document.body
                    || shown(focused) || shown(focused.closest('.box') ?? focused);
            }"""
        )


def test_new_messages_are_announced_and_history_is_not(
    room: Room, bob: Person, stack: Stack, word: str
) -> None:
    expect(room.log).to_have_attribute("aria-live", "polite")
    stack.posted(bob, word)
    room.hears(word)
    expect(room.log).to_have_attribute("aria-live", "polite")
    message = room.page.get_by_role("article", name=f"{bob.nickname}, ")
    expect(message).to_have_accessible_name(re.compile(r", \d+:\d\d"))
    expect(message).to_have_accessible_description(word)
    # No time in the log ever changes: what a screen reader has read stays true.
    before = room.page.get_by_role("time").all_text_contents()
    room.page.clock.install()
    room.page.clock.run_for("05:00:00")
    assert room.page.get_by_role("time").all_text_contents() == before


def test_a_new_version_of_a_message_is_not_announced_again(
    room: Room, bob: Person, stack: Stack, word: str
) -> None:
    message = stack.posted(bob, word)
    room.hears(word)
    room.page.clock.install()
    source = {"source": f"{word} edited"}
    stack.put(f"/api/messages/{message['id']}", token=bob.token, json=source)
    room.hears(f"{word} edited")
    expect(room.log).to_have_attribute("aria-live", "off")
    room.page.clock.run_for(2000)
    expect(room.log).to_have_attribute("aria-live", "polite")


def test_what_is_chosen_and_marked_can_be_seen_in_forced_colours(
    make_room: MakeRoom, alice: Person, bob: Person, stack: Stack
) -> None:
    room = make_room(forced_colors="active").open(alice)
    stack.posted(bob, f"for @{alice.nickname}")
    mark = room.page.locator("mark.me")
    expect(mark).to_be_visible()
    row = room.page.locator("article", has=mark)
    assert row.evaluate("row => getComputedStyle(row).borderInlineStartWidth") == "3px"
    expect(room.participants).to_contain_text(alice.nickname)
    room.box.press_sequentially("@")
    chosen = room.page.get_by_role("option", selected=True)
    colour = "element => getComputedStyle(element).backgroundColor"
    assert chosen.evaluate(colour) != room.box.evaluate(colour)


def test_axe_finds_nothing(
    make_room: MakeRoom, alice: Person, bob: Person, stack: Stack, pages: Pages, word: str
) -> None:
    size: ViewportSize = {"width": 900, "height": 700}
    room = make_room(color_scheme="light", viewport=size, reduced_motion="reduce")
    tap = Tap(room.page)
    for _ in range(5):
        stack.posted(bob, f"{word} " + RICH.format(long="x" * 300))
    stack.posted(bob, f"{word} @{alice.nickname} see {pages.add('<title>A page</title>')}")

    def look(state: str) -> None:
        audit(room.page, state)
        # In dark only the colours differ: the page has no script that asks for the scheme.
        room.page.emulate_media(color_scheme="dark")
        audit(room.page, f"{state}, dark", only=("color-contrast",))
        room.page.emulate_media(color_scheme="light")

    room.open()
    look("a stranger reads")
    room.fill_sign_in(alice.nickname, "wrong")
    expect(room.error).to_contain_text("another password")
    look("signing in failed")
    room.fill_sign_in(alice.nickname, alice.password)
    expect(room.note).to_contain_text("Welcome")
    expect(room.article(f"@{alice.nickname}").locator("mark")).to_have_class("me")
    look("signed in")
    dialog = room.page.get_by_role("dialog")
    room.page.get_by_role("button", name="Formatting").click()
    expect(dialog).to_be_visible()
    look("help")
    room.page.keyboard.press("Escape")
    room.open_account()
    look("account")
    room.page.keyboard.press("Escape")
    room.participants.get_by_role("button").first.click()
    expect(dialog).to_be_visible()
    look("card of a person")
    room.page.keyboard.press("Escape")
    room.page.set_viewport_size({"width": 390, "height": 700})
    room.page.locator("[data-action=people]").click()
    look("sheet of people")
    room.page.keyboard.press("Escape")
    room.page.set_viewport_size(size)
    tap.passes_up = lambda frame: frame["event"] != "post_message"
    room.say(f"{word} unsent")
    expect(room.unsent).to_have_count(1)
    look("pending")
    refusal = {"status": 400, "error": "No."}
    tap.tell({"event": "error", "ref": tap.posted[0]["ref"], "data": refusal})
    expect(room.unsent).to_contain_text("Not sent.")
    look("failed")
    tap.release()
    room.page.get_by_role("button", name="Retry").click()
    room.hears(f"{word} unsent").hover()
    look("hovering")
    room.box.press("ArrowUp")
    expect(room.page.get_by_label("Edit text")).to_be_focused()
    look("editing")
    room.page.keyboard.press("Escape")
    room.say("x" * 10_001)
    expect(room.note).to_contain_text("Too long")
    room.box.press_sequentially(" @")
    expect(room.page.get_by_role("option").first).to_be_visible()
    look("too long, and completing a nickname")
    room.box.fill("")
    room.log.evaluate("log => { log.scrollTop = 0 }")
    for number in range(3):
        stack.posted(bob, f"{word} {number}")
    expect(room.page.get_by_role("button", name="3 new messages")).to_be_visible()
    look("new messages below")
    room.context.set_offline(True)
    expect(room.status).to_contain_text("Connection lost")
    look("without a connection")


def test_the_page_fits(
    make_room: MakeRoom, alice: Person, bob: Person, stack: Stack, word: str
) -> None:
    room = make_room(viewport={"width": 320, "height": 700})
    stack.posted(bob, f"{word} {'w' * 200} " + RICH.format(long="x" * 300))
    room.open(alice)
    for width, zoom in ((320, 1), (390, 1), (700, 1), (1280, 1), (640, 2)):
        room.page.set_viewport_size({"width": width, "height": 700})
        # What a browser does when its reader sets the text to 200 %.
        room.page.evaluate(f"document.documentElement.style.fontSize = '{zoom * 100}%'")
        assert room.page.evaluate("document.documentElement.scrollWidth") <= width
        for control in (room.box, room.page.get_by_role("button", name="Send"), room.account):
            expect(control).to_be_in_viewport()
        if width <= 704 * zoom:  # a phone has a sheet of people instead of a column
            room.page.locator("[data-action=people]").click()
            expect(room.page.get_by_role("searchbox", name="Find people")).to_be_in_viewport()
            room.page.keyboard.press("Escape")
            expect(room.participants).to_be_hidden()
        else:
            expect(room.participants).to_be_in_viewport()
        assert room.log.evaluate("log => log.clientHeight") > 150
        room.say(f"{word} said at {width}")
        expect(room.hears(f"{word} said at {width}")).to_be_in_viewport()


def test_the_page_is_smaller_than_93_kb() -> None:
    """What is in the folder `lazy` is loaded when a user first needs it."""
    files = [*CHAT.glob("static/chat/*.js"), *CHAT.glob("static/chat/*.css")]
    assert sum(len(f.read_bytes()) for f in [*files, CHAT / "templates/chat/index.html"]) < 93_000


def test_what_can_wait_is_not_loaded_at_the_start(make_room: MakeRoom) -> None:
    room, asked = make_room(), list[str]()
    room.page.on("request", lambda request: asked.append(request.url))
    room.open()
    assert any(url.endswith("/main.js") for url in asked)
    assert [url for url in asked if "/lazy/" in url] == []
    room.nickname.focus()
    expect(room.page.locator("#nickname-error")).to_be_attached()
    assert any(url.endswith("/lazy/signin.js") for url in asked)


def test_the_page_names_no_other_origin_and_runs_nothing_inline(
    make_room: MakeRoom, alice: Person
) -> None:
    room = make_room()
    asked: list[str] = []
    room.page.on("request", lambda request: asked.append(request.url))
    with room.page.expect_response(room.url) as answer:
        room.open(alice)
    policy = answer.value.header_value("content-security-policy") or ""
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert [url for url in asked if not url.startswith(room.url)] == []


def tab_to(page: Page, wanted: Any, *, backwards: bool = False) -> None:
    """Press Tab until something has the focus."""
    for _ in range(300):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if wanted.count() and wanted.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"{wanted} cannot be reached")


def audit(
    page: Page, state: str, besides: tuple[str, ...] = (), only: tuple[str, ...] = ()
) -> None:
    """Check the page with axe: all rules `besides` some, or `only` some."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    # Without the style sheets once more, which a page of the admin lets no script insert; and
    # without describing what passes, which takes most of the time.
    options = {"preload": False, "resultTypes": ["violations"]}
    options |= {"runOnly": only} if only else {}
    found = page.evaluate("(options) => axe.run(options).then((got) => got.violations)", options)
    problems = [
        f"{rule['id']}: {node['html']} {node['failureSummary']}"
        for rule in found
        if rule["id"] not in besides
        for node in rule["nodes"]
    ]
    assert not problems, f"{state}: {json.dumps(problems, indent=1)}"
