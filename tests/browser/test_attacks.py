"""What tries to run in the page of those who read it. A canary sings if anything does."""

import time
from collections.abc import Iterator
from html import escape
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Request, expect

from comparison.contract.client import Person, eventually, new_password
from comparison.contract.pages import Pages
from tests.browser.corpus_scripts import NICKNAMES, SOURCES
from tests.browser.room import MakeRoom, Room
from tests.running import Stack

AT_ONCE = 5  # links of one message that are expanded
ENOUGH = 40  # fewer songs than the canary sings where no policy stops it

# What a reader does to everything there is; a link of the web is not followed.
TOUCH = """root => {
    document.addEventListener('click', (event) => {
        const link = event.target.closest?.('a')
        if (/^(https?|mailto):/.test(link?.protocol)) event.preventDefault()
    })
    const events = 'mouseover mouseenter mousemove focus focusin animationstart toggle click'
    for (const element of root.querySelectorAll('*')) {
        if (element.closest('form, button')) continue
        for (const name of events.split(' ')) {
            element.dispatchEvent(new MouseEvent(name, { bubbles: true, cancelable: true }))
        }
    }
}"""
# What elements and attributes messages brought to the page.
FOUND = """root => {
    const found = new Set()
    for (const element of root.querySelectorAll('.body *')) {
        if (element.closest('pre > [data-action=copy]')) continue
        found.add(element.localName)
        for (const { name } of element.attributes) found.add(`${element.localName} ${name}`)
        if (element.localName === 'a') found.add(`a href=${element.protocol}`)
    }
    return [...found]
}"""
ALLOWED = {
    *"a abbr acronym b blockquote code em i li mark ol p pre s strong ul".split(),
    *("a href", "a rel", "a target", "a title", "abbr title", "acronym title", "ol start"),
    *("blockquote data-host", "mark class", "mark data-user", "a tabindex"),
    *("a href=http:", "a href=https:", "a href=mailto:", "a href=:"),  # the last has no href
}


class Canary:
    """Sings of every script that runs, every other origin that is asked, every page that opens."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url, self.songs = url, list[str]()
        context.on("requestfinished", self._request)
        context.on("requestfailed", self._request)
        context.on("dialog", self._dialog)

    def watch(self, page: Page) -> None:
        """Sing also when a page leads to another one, or opens it."""
        page.on("popup", lambda popup: self.songs.append(f"opened {popup.url}"))
        page.on("framenavigated", lambda frame: self._navigated(frame.url))

    def _navigated(self, url: str) -> None:
        if not url.startswith(self.url):
            self.songs.append(f"went to {url}")

    def _request(self, request: Request) -> None:
        ours = request.url.startswith(self.url) or not request.url.startswith("http")
        if not ours and request.failure != "csp":  # the policy stopped that: nothing left
            self.songs.append(f"asked for {request.url}")

    def _dialog(self, dialog: Dialog) -> None:
        self.songs.append(f"ran {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def attacked(make_room: MakeRoom, stack: Stack) -> Iterator[tuple[Room, Canary]]:
    """A room with a canary, whose page must in the end be as it should."""
    room = make_room()
    canary = Canary(room.context, stack.url)
    canary.watch(room.page)
    yield room, canary
    room.log.evaluate(TOUCH)
    room.participants.evaluate(TOUCH)
    room.page.wait_for_timeout(100)
    assert set(room.log.evaluate(FOUND)) <= ALLOWED
    assert canary.songs == []


@pytest.mark.attack("XSS: messages, live, edited and read again")
def test_no_message_runs_in_the_page(
    attacked: tuple[Room, Canary], stack: Stack, alice: Person, record_property: Any
) -> None:
    room, _ = attacked
    record_property("tried", len(SOURCES))
    room.open(alice)
    for source in SOURCES[:-1]:
        if "\0" not in source:  # which is refused, by a 400
            last = stack.posted(alice, source)
    stack.put(f"/api/messages/{last['id']}", token=alice.token, json={"source": SOURCES[0]})
    room.say(SOURCES[-1])
    expect(room.page.locator("article[data-state]")).to_have_count(0)
    expect(room.page.get_by_role("article")).not_to_have_count(0)
    room.log.evaluate(TOUCH)
    room.box.press("ArrowUp")  # the source, in the editor
    room.page.reload()
    room.is_live()


@pytest.mark.attack("XSS: titles and descriptions of linked pages")
def test_no_page_that_is_linked_runs_in_the_page(
    attacked: tuple[Room, Canary], stack: Stack, pages: Pages, alice: Person, record_property: Any
) -> None:
    room, _ = attacked
    room.open(alice)
    urls = []
    for text in SOURCES:
        text = text.encode(errors="replace").decode()
        said = f'<title>{escape(text)}</title><meta name=description content="{escape(text)}">'
        urls += [
            pages.add(said),
            pages.add(f"<title>{text}</title><meta property=og:title {text}>"),
        ]
    record_property("tried", len(urls))
    for first in range(0, len(urls), AT_ONCE):
        stack.posted(alice, " ".join(urls[first : first + AT_ONCE]))
    cards = room.page.locator(".body blockquote > p:first-child > a")
    all_hrefs = "links => links.map((link) => link.href)"
    eventually(lambda: set(urls) <= set(cards.evaluate_all(all_hrefs)), "all cards", 60)


@pytest.mark.attack("XSS: nicknames")
def test_no_nickname_runs_in_the_page(
    attacked: tuple[Room, Canary], stack: Stack, record_property: Any
) -> None:
    room, _ = attacked
    record_property("tried", len(NICKNAMES))
    people = [registered(stack, nickname) for nickname in NICKNAMES]
    room.open(people[0])
    for person in people:
        stack.posted(person, f"I am @{person.nickname}")
        expect(room.participants).to_contain_text(person.nickname)
    expect(room.article("I am @")).to_have_count(len(people))
    room.box.press_sequentially("@<")
    expect(room.page.get_by_role("option").first).to_be_visible()
    room.box.fill("")
    room.account.click()
    dialog = room.page.get_by_role("dialog", name="Your account")
    dialog.get_by_role("textbox", name="New nickname").fill("<svg onload=alert(2)>")
    dialog.get_by_role("button", name="Rename").click()
    expect(room.note).to_have_text("You are <svg onload=alert(2)> now.")
    room.page.reload()
    room.is_live()


def registered(stack: Stack, nickname: str) -> Person:
    """Register a user with exactly this nickname."""
    password = new_password()
    answer = stack.post("/api/users", json={"nickname": nickname, "password": password})
    assert answer.status_code == 201, answer.text
    return Person(answer.json()["id"], nickname, password, stack.sign_in(nickname, password))


PUT_IN = """sources => {
    for (const source of sources) {
        const place = document.createElement('div')
        document.body.append(place)
        place.innerHTML = source
    }
}"""


@pytest.mark.attack("XSS: unsafe html in the page, stopped by its policy alone")
def test_the_policy_stops_what_the_renderer_might_let_through(
    chromium: Browser, stack: Stack, record_property: Any
) -> None:
    record_property("tried", len(SOURCES))
    songs = {bypass: sung(chromium, stack, bypass) for bypass in (False, True)}
    assert len(songs[True]) > ENOUGH  # without the policy the canary sings
    assert songs[False] == []


def sung(chromium: Browser, stack: Stack, bypass: bool) -> list[str]:
    """Put the sources into a page as html, with or without its policy, and return the songs."""
    context = chromium.new_context(bypass_csp=bypass)
    canary, page = Canary(context, stack.url), context.new_page()
    page.goto(stack.url)
    page.evaluate(PUT_IN, SOURCES)
    page.wait_for_timeout(500)
    page.locator("body").evaluate(TOUCH)
    page.wait_for_timeout(500)
    ends = time.monotonic() + 30
    while bypass and len(canary.songs) <= ENOUGH and time.monotonic() < ends:
        page.wait_for_timeout(50)
    context.close()
    return canary.songs
