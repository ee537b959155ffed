"""The page in any script and with any keyboard."""

import unicodedata
from typing import Literal

import pytest
from playwright.sync_api import expect

from comparison.contract.client import Person
from tests.browser.room import MakeRoom, Room, Tapped
from tests.running import Stack

# Lower-casing changes the length of some of these, and upper-casing that of others.
LETTERS = [
    "i\u0307",
    "\u0130",
    "\u00df",
    "\u1e9e",
    "\u0149",
    "\ufb01",
    "\u0390",
    "\u212a",
    "\u01f0",
    "\U00010400",
]


def test_a_mention_in_any_case_never_breaks_the_page(
    room: Room, stack: Stack, alice: Person, word: str
) -> None:
    for number, letter in enumerate(LETTERS):
        person, mark = stack.person(letter), f"{word} {number}."
        name = stack.user(person.id)["nickname"]  # in NFC
        expect(room.participants).to_contain_text(name)
        cases = (name, name.lower(), name.upper(), letter.lower(), letter.upper(), name + letter)
        forms: tuple[Literal["NFC", "NFD", "NFKC"], ...] = ("NFC", "NFD", "NFKC")
        texts = {name} | {unicodedata.normalize(form, text) for form in forms for text in cases}
        stack.posted(alice, "\n\n".join([mark, *(f"a @{text}" for text in texts)]))
        stack.posted(alice, "\n\n".join([*(f"@{text} a @{text}" for text in texts), mark]))
        room.say(f"{mark} last")
        room.hears(f"{mark} last")
        expect(room.article(mark)).to_have_count(3)
        expect(room.article(mark).locator("p")).to_have_count(2 * len(texts) + 2)
        assert f"@{name}" in room.article(mark).locator("mark").all_text_contents()


def test_an_exact_nickname_is_mentioned_before_one_in_another_case(
    make_room: MakeRoom, stack: Stack, alice: Person, word: str
) -> None:
    person = stack.person("Case")
    room = make_room().open(alice)
    expect(room.participants).to_contain_text(person.nickname)
    stack.posted(alice, f"{word} @{person.nickname.upper()}, @{person.nickname}!")
    marks = room.hears(word).locator("mark")
    expect(marks).to_have_text([f"@{person.nickname.upper()}", f"@{person.nickname}"])
    assert marks.evaluate_all("all => all.map(mark => mark.dataset.user)") == [str(person.id)] * 2


def test_a_message_that_cannot_be_rendered_does_not_stop_the_others(
    make_room: MakeRoom, stack: Stack, alice: Person, word: str
) -> None:
    room = make_room()
    room.page.add_init_script("""
        const walk = document.createTreeWalker
        Document.prototype.createTreeWalker = function (node, ...rest) {
            if (node.textContent.includes('unrenderable')) throw new Error('unrenderable')
            return walk.call(this, node, ...rest)
        }
    """)
    for text in ("first", "*unrenderable*", "last"):
        stack.posted(alice, f"{word} {text}")
    room.open(alice)
    room.hears(f"{word} last")
    assert room.texts(word) == [f"{word} first", f"{word} *unrenderable*", f"{word} last"]
    assert [complaint for complaint in room.complaints if "unrenderable" in complaint]
    room.complaints.clear()


def test_ten_thousand_mentions_among_5000_people_are_marked_in_linear_time(
    room: Room, stack: Stack, alice: Person, word: str
) -> None:
    """By the work that marking does: lookups in maps and copies of text."""
    expect(room.participants).to_contain_text(alice.nickname)
    source = f"@{alice.nickname} " + "@" * (9_000 - len(word)) + word
    stack.posted(alice, source)
    expect(room.hears(word).locator("mark")).to_have_count(1)
    work = room.page.evaluate(
        """async () => {
        const { showHtml } = await import('/static/chat/html.js')
        const { users } = await import('/static/chat/store.js')
        const letters = 'abcdefghij'
        for (let id = 1e6; id < 1e6 + 5000; id += 1) {
            const digits = [...String(id)].map((digit) => letters[digit]).join('')
            users.merge({ id, updated_at: 1, nickname: digits.padEnd(8 + (id % 25), 'x') })
        }
        let count = 0
        for (const [type, name] of [[Map, 'get'], [String, 'slice']]) {
            const original = type.prototype[name]
            type.prototype[name] = function (...values) {
                count += 1
                return original.apply(this, values)
            }
        }
        const of = (text) => {
            count = 0
            showHtml(document.createElement('div'), `<p>${text}</p>`)
            return count
        }
        of('@') // the nicknames are indexed
        return ['@', '@ ', '@bob,'].map((unit) =>
            [1000, 10000].map((length) => of(unit.repeat(length).slice(0, length))))
    }"""
    )
    for short, long in work:
        assert 1_000 < short < long < 10.1 * short


def test_the_numbers_of_a_list_are_never_cut(room: Room, word: str) -> None:
    for number in ("1", "1999", "123456789", "- 98765"):
        room.say(f"{number}. {word} {number}\n\n   and more")
        room.hears(f"{word} {number}")
        for width in (360, 1280):  # of a phone and of a desktop
            room.page.set_viewport_size({"width": width, "height": 800})
            # The number stands in the padding, as wide as its text and the space behind it. Found
            # and measured in one step, as the push of the message renders it anew.
            missing = room.page.evaluate(
                """words => {
                const rows = [...document.querySelectorAll('article')]
                const list = rows.find((row) => row.textContent.includes(words)).querySelector('ol')
                const text = document.createElement('span')
                text.textContent = `${list.start}. `
                text.style.cssText = 'position: absolute; white-space: pre'
                list.append(text)
                const width = text.getBoundingClientRect().width
                text.remove()
                return width - parseFloat(getComputedStyle(list).paddingInlineStart)
            }""",
                f"{word} {number}",
            )
            assert missing <= 0, (number, width)


def test_names_and_texts_keep_their_own_direction(
    make_room: MakeRoom, stack: Stack, alice: Person, word: str
) -> None:
    person = stack.person("\u05d3\u05e0\u05d4")
    stack.posted(person, f"\u05e9\u05dc\u05d5\u05dd {word}")
    room = make_room().open(alice)
    article = room.hears(word)
    direction = "element => getComputedStyle(element).direction"
    assert article.locator(".body").evaluate(direction) == "rtl"
    assert article.evaluate(direction) == "ltr"
    assert article.locator("header bdi").inner_text() == person.nickname
    room.box.fill("\u05e9\u05dc\u05d5\u05dd")
    assert room.box.evaluate(direction) == "rtl"
    stack.posted(person, f"\u05e9\u05dc\u05d5\u05dd\n\n```\nx = 1  # {word} code\n```")
    code = room.hears(f"{word} code").locator("pre")
    assert code.evaluate(direction) == "ltr"
    assert code.evaluate("element => getComputedStyle(element).textAlign") == "left"


def test_stacked_accents_stay_inside_their_own_line(
    make_room: MakeRoom, stack: Stack, alice: Person, word: str
) -> None:
    accents = "".join(map(chr, range(0x300, 0x308)))
    person = stack.person(f"a{accents}")
    stack.posted(person, f"a{accents} {word}")
    room = make_room().open(alice)
    article = room.hears(word)
    is_clipped = """(element) => {
        const { overflow, display } = getComputedStyle(element)
        return overflow === 'clip' && display !== 'inline'
    }"""
    for line in (article.locator("header"), article.locator(".body")):
        assert line.evaluate(is_clipped)
    assert room.page.locator("#people li button").first.evaluate(is_clipped)
    room.page.keyboard.press("ControlOrMeta+k")
    room.page.get_by_label("Words to find").fill(word)
    result = room.page.get_by_role("list", name="Results").get_by_role("link")
    expect(result).to_have_count(1)
    assert result.evaluate(is_clipped)
    assert result.locator("span").evaluate(is_clipped)


def test_the_enter_that_ends_a_composition_never_sends(tapped: Tapped, word: str) -> None:
    room, tap = tapped
    room.box.fill(word)
    for options in ("isComposing: true", "keyCode: 229"):  # Chromium's order of events, Safari's
        event = f"new KeyboardEvent('keydown', {{key: 'Enter', bubbles: true, {options}}})"
        room.box.evaluate(f"box => box.dispatchEvent({event})")
    expect(room.box).to_have_value(word)
    assert tap.posted == []
    room.box.press("Enter")
    room.hears(word)


def test_enter_breaks_the_line_on_a_touch_keyboard(
    make_room: MakeRoom, alice: Person, word: str
) -> None:
    room = make_room(is_mobile=True, has_touch=True, viewport={"width": 390, "height": 700})
    room.open(alice)
    room.box.fill(word)
    room.box.press("Enter")
    room.box.press_sequentially("second")
    expect(room.box).to_have_value(f"{word}\nsecond")
    room.page.get_by_role("button", name="Send").click()
    room.hears(word)


def test_half_a_surrogate_pair_is_repaired_and_the_queue_goes_on(room: Room, word: str) -> None:
    room.box.evaluate(f"box => {{ box.value = '{word} \\ud83d cut' }}")
    room.box.press("Enter")
    room.hears(f"{word} \ufffd cut")
    room.say(f"{word} next")
    room.hears(f"{word} next")


def test_an_error_without_a_ref_does_not_stop_the_queue(tapped: Tapped, word: str) -> None:
    room, tap = tapped
    tap.passes_up = lambda frame: frame["event"] != "post_message"
    room.say(f"{word} refused")
    expect(room.unsent).to_have_count(1)
    tap.release()
    tap.tell({"event": "error", "ref": None, "data": {"status": 400, "error": "No JSON."}})
    expect(room.unsent).to_contain_text("Not sent. No JSON.")
    room.say(f"{word} next")
    room.hears(f"{word} next")


@pytest.mark.parametrize("field", ["Nickname", "New nickname"])
def test_a_phone_does_not_change_a_nickname_while_it_is_typed(
    make_room: MakeRoom, alice: Person, field: str
) -> None:
    room = make_room().open(alice if field == "New nickname" else None)
    if field == "New nickname":
        room.open_account()
    box = room.page.get_by_label(field, exact=True)
    for name, value in {
        "autocapitalize": "none",
        "autocorrect": "off",
        "spellcheck": "false",
    }.items():
        expect(box).to_have_attribute(name, value)
    assert box.get_attribute("maxlength") is None


def test_a_nickname_that_is_too_long_is_refused_and_not_cut(make_room: MakeRoom, word: str) -> None:
    room = make_room().open()
    nickname = "\U0001f600" * 33
    room.fill_sign_in(nickname, word)
    expect(room.error).to_contain_text("Nickname: Ensure this value has at most 32 characters")
    expect(room.nickname).to_be_focused()
    expect(room.nickname).to_have_value(nickname)
