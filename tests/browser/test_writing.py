"""The box to write in, and editing."""

from playwright.sync_api import Route, expect

from comparison.contract.client import Person
from tests.browser.room import MakeRoom, Room
from tests.running import Stack


def test_enter_sends_and_shift_enter_breaks_the_line(room: Room, word: str) -> None:
    room.box.press_sequentially(word)
    low = room.box.evaluate("box => box.clientHeight")
    room.box.press("Shift+Enter")
    room.box.press_sequentially("second line")
    expect(room.box).to_have_value(f"{word}\nsecond line")
    assert room.box.evaluate("box => box.clientHeight") > low
    room.box.press("Enter")
    expect(room.box).to_have_value("")
    body = room.hears(word).locator(".body")
    assert body.evaluate("body => body.innerText") == f"{word}\nsecond line"
    expect(room.box).to_be_focused()
    assert room.box.evaluate("box => box.clientHeight") == low


def test_the_log_stays_at_the_bottom_while_the_box_grows(
    make_room: MakeRoom, alice: Person, stack: Stack, word: str
) -> None:
    for number in range(30):
        stack.posted(alice, f"{word} {number}")
    room = make_room().open(alice)
    expect(room.article(f"{word} 29")).to_be_in_viewport()
    room.box.fill("line\n" * 30)
    expect(room.article(f"{word} 29")).to_be_in_viewport()
    expect(room.page.get_by_role("button", name="To the newest")).to_be_hidden()
    room.log.hover()
    room.page.mouse.wheel(0, -300)
    expect(room.page.get_by_role("button", name="To the newest")).to_be_visible()


def test_the_button_sends_too(room: Room, word: str) -> None:
    room.box.fill(word)
    room.page.get_by_role("button", name="Send").click()
    room.hears(word)
    expect(room.box).to_be_focused()


def test_nothing_is_sent_when_nothing_is_written(room: Room, alice: Person, word: str) -> None:
    room.say(" \n ")
    room.say(word)
    room.hears(word)
    expect(room.page.locator(f'article[data-user="{alice.id}"]')).to_have_count(1)


def test_up_edits_the_last_message_and_escape_leaves_it_as_it_was(
    room: Room, bob: Person, stack: Stack, word: str
) -> None:
    room.say(f"{word} mine")
    room.hears(f"{word} mine")
    stack.posted(bob, f"{word} other")
    room.hears(f"{word} other")
    room.box.press("ArrowUp")
    editor = room.page.get_by_role("textbox", name="Edit text")
    expect(editor).to_be_focused()
    expect(editor).to_have_value(f"{word} mine")
    editor.press("Escape")
    expect(editor).to_have_count(0)
    expect(room.box).to_be_focused()
    assert room.texts(word) == [f"{word} mine", f"{word} other"]


def test_the_buttons_of_the_editor_save_and_cancel(room: Room, word: str) -> None:
    room.say(word)
    room.hears(word)
    editor = room.page.get_by_role("textbox", name="Edit text")
    save, cancel = (room.page.get_by_role("button", name=name) for name in ("Save", "Cancel"))
    for button in (cancel, save):  # nothing is changed
        room.box.press("ArrowUp")
        expect(editor).to_have_value(word)
        button.click()
        expect(editor).to_have_count(0)
        expect(room.box).to_be_focused()
    room.box.press("ArrowUp")
    editor.fill("")
    save.press("Enter")
    expect(room.article(word).get_by_role("alert")).to_contain_text("blank")
    expect(save).to_be_focused()
    editor.fill(f"{word} better")
    save.press("Enter")
    room.hears(f"{word} better")
    expect(editor).to_have_count(0)


def test_an_edit_that_is_refused_shows_why_and_keeps_the_text(room: Room, word: str) -> None:
    room.say(word)
    room.hears(word)
    room.box.press("ArrowUp")
    editor = room.page.get_by_role("textbox", name="Edit text")
    editor.fill("")
    editor.press("Enter")
    expect(room.article(word).get_by_role("alert")).to_contain_text("blank")
    room.context.set_offline(True)
    editor.fill(f"{word} better")
    editor.press("Enter")
    alert = room.page.get_by_role("article").get_by_role("alert")
    expect(alert).to_contain_text("cannot be reached")
    expect(editor).to_have_value(f"{word} better")
    room.context.set_offline(False)
    editor.press("Enter")
    room.hears(f"{word} better")


def post_and_limit_the_edit(room: Room, word: str) -> None:
    """Post a message, whose first edit a limit refuses for 7 s, and stop the clock of the page."""
    room.say(word)
    room.hears(word)
    limit = {"error": "Too many requests. Try again in 7 s.", "retry_after": 7}
    room.page.route(
        "**/api/messages/*", lambda route: route.fulfill(status=429, json=limit), times=1
    )
    room.stop_clock()


def test_an_edit_that_a_rate_limit_refuses_is_saved_when_it_ends(room: Room, word: str) -> None:
    post_and_limit_the_edit(room, word)
    room.box.press("ArrowUp")
    editor = room.page.get_by_role("textbox", name="Edit text")
    editor.fill(f"{word} better")
    editor.press("Enter")
    alert = room.page.get_by_role("article").get_by_role("alert")
    expect(alert).to_have_text("Too many messages: saved again in 7 s.")
    expect(alert.locator("[aria-live=off]")).to_have_text("7 s.")  # not read out each second
    expect(editor).not_to_be_editable()
    room.page.clock.run_for(1000)
    expect(alert).to_have_text("Too many messages: saved again in 6 s.")
    room.page.clock.run_for(6000)
    room.hears(f"{word} better")
    expect(editor).to_have_count(0)


def test_an_edit_that_is_saved_late_leaves_the_focus_where_the_user_is_by_then(
    room: Room, word: str
) -> None:
    post_and_limit_the_edit(room, word)
    room.article(word).hover()
    room.article(word).locator("[data-action=edit]").click()
    editor = room.page.get_by_role("textbox", name="Edit text")
    editor.fill(f"{word} better")
    editor.press("Enter")
    expect(editor).not_to_be_editable()
    room.box.click()
    room.page.clock.run_for(8000)
    room.hears(f"{word} better")
    expect(editor).to_have_count(0)
    expect(room.box).to_be_focused()


def test_an_edit_that_the_server_queues_ends_when_the_worker_has_answered(
    room: Room, word: str
) -> None:
    def queued(route: Route) -> None:
        route.continue_(headers={**route.request.headers, "Prefer": "respond-async"})

    room.say(word)
    room.hears(word)
    room.page.route("**/api/messages/*", queued)
    room.box.press("ArrowUp")
    editor = room.page.get_by_role("textbox", name="Edit text")
    editor.fill("")
    editor.press("Enter")
    expect(room.article(word).get_by_role("alert")).to_contain_text("blank")
    editor.fill(f"{word} better")
    with room.page.expect_response("**/tasks/status/*"):
        editor.press("Enter")
    expect(editor).to_have_count(0)
    room.hears(f"{word} better")


def test_a_push_does_not_take_the_editor_away(
    room: Room, alice: Person, stack: Stack, word: str
) -> None:
    message = stack.posted(alice, word)
    room.hears(word)
    room.box.press("ArrowUp")
    editor = room.page.get_by_role("textbox", name="Edit text")
    editor.fill("half a thou")
    source = {"source": f"{word} elsewhere"}
    stack.put(f"/api/messages/{message['id']}", token=alice.token, json=source)
    expect(room.article(f"{word} elsewhere")).to_have_count(1)
    expect(editor).to_have_value("half a thou")
    expect(editor).to_be_focused()


def test_a_nickname_is_completed_and_a_mention_is_marked(
    rooms: tuple[Room, Room], bob: Person
) -> None:
    here, there = rooms
    expect(here.participants).to_contain_text(bob.nickname)
    here.box.press_sequentially(f"hello @{bob.nickname[:-1].lower()}")
    options = here.page.get_by_role("listbox", name="People to mention").get_by_role("option")
    expect(options).to_have_text([bob.nickname])
    here.box.press("Enter")
    expect(here.box).to_have_value(f"hello @{bob.nickname} ")
    expect(options).to_have_count(0)
    here.box.press("Enter")
    mark = there.hears(f"hello @{bob.nickname}").locator("mark")
    expect(mark).to_have_text(f"@{bob.nickname}")
    expect(mark).to_have_class("me")
    expect(here.article(f"hello @{bob.nickname}").locator("mark")).not_to_have_class("me")


def test_the_name_of_an_emoji_is_completed(room: Room) -> None:
    options = room.page.get_by_role("listbox", name="Emoji").get_by_role("option")
    room.box.press_sequentially("at 10:30 :smi")
    expect(options.first).to_have_text("\U0001f603 smiley")
    room.box.press("ArrowDown")
    room.box.press("Enter")
    expect(room.box).to_have_value("at 10:30 \U0001f604 ")
    room.box.press_sequentially(":tada:")
    room.box.press_sequentially(":x:")
    expect(room.box).to_have_value("at 10:30 \U0001f604 \U0001f389\u274c")
    room.box.press_sequentially(" :no_such_name: 12:34 std::tada http://x")
    expect(options).to_have_count(0)
    expect(room.box).to_have_value(
        "at 10:30 \U0001f604 \U0001f389\u274c :no_such_name: 12:34 std::tada http://x"
    )


def test_the_arrows_choose_a_nickname_and_escape_chooses_none(
    make_room: MakeRoom, stack: Stack
) -> None:
    first, second = stack.person("Zed"), stack.person("Zed")
    room = make_room().open(first)
    expect(room.participants).to_contain_text(second.nickname)
    names = sorted([first.nickname, second.nickname])
    room.box.press_sequentially("@zed-")
    options = room.page.get_by_role("option")
    expect(options.filter(has_text=names[0])).to_have_attribute("aria-selected", "true")
    room.box.press("ArrowDown")
    expect(options.filter(has_text=names[1])).to_have_attribute("aria-selected", "true")
    active = room.box.get_attribute("aria-activedescendant")
    expect(room.page.locator(f"#{active}")).to_have_text(names[1])
    combobox = room.page.get_by_role("combobox")
    expect(combobox).to_have_attribute("aria-expanded", "true")
    room.box.press("Escape")
    expect(options).to_have_count(0)
    expect(combobox).to_have_attribute("aria-expanded", "false")
    room.box.press_sequentially("x")
    room.box.press("Backspace")
    room.box.press("ArrowDown")
    room.box.press("Tab")
    expect(room.box).to_have_value(f"@{names[1]} ")


def test_a_count_appears_near_the_limit(room: Room) -> None:
    room.box.fill("x" * 9000)
    expect(room.page.get_by_text("of 10000 characters")).to_have_count(0)
    room.box.fill("😀" * 9001)
    expect(room.page.get_by_text("9001 of 10000 characters")).to_be_visible()


def test_help_for_markdown_is_one_button_away(room: Room) -> None:
    room.page.get_by_role("button", name="Formatting").click()
    help_ = room.page.get_by_role("dialog", name="Formatting")
    expect(help_).to_contain_text("**word**")
    room.page.keyboard.press("Escape")
    expect(help_).to_be_hidden()
