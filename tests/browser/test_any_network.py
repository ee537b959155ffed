"""The page on networks that block WebSockets: it polls and posts over HTTP."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from comparison.contract.client import Person
from tests.browser.room import MakeRoom, Room
from tests.browser.test_deleting import delete_message
from tests.running import Stack

REFUSED = """
    const Open = WebSocket
    window.block = true
    window.WebSocket = class extends Open {
        constructor(url) { super(window.block ? url.replace('/ws/', '/blocked/') : url) }
    }
"""

COUNTED = """
    const ask = window.fetch
    window.asked = 0
    window.fetch = (...request) => {
        if (!window.isOut) return ask(...request)
        window.asked += 1
        return Promise.reject(new TypeError('no network'))
    }
"""


def refuse_handshakes(room: Room) -> None:
    room.page.add_init_script(REFUSED)


def close_at_once(room: Room) -> None:
    room.page.route_web_socket(re.compile("/ws/$"), lambda socket: socket.close(code=1006))


@pytest.mark.parametrize("block", [refuse_handshakes, close_at_once])
def test_without_websockets_messages_are_shown_and_posted(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str, block: Callable
) -> None:
    stack.posted(bob, f"{word} before")
    room = make_room()
    block(room)
    room.page.clock.install()
    room.open(alice)
    room.hears(f"{word} before")
    expect(room.participants).to_contain_text(alice.nickname)
    room.say(f"{word} mine")
    room.hears(f"{word} mine")
    expect(room.unsent).to_have_count(0)
    stack.posted(bob, f"{word} after")
    room.page.clock.run_for(5000)  # the longest pause between two polls
    expect(room.article(f"{word} after")).to_have_count(1)
    expect(room.status).to_contain_text("Refreshing every few seconds")
    stored = [m["source"] for m in stack.messages("limit=200") if word in m["source"]]
    assert stored == room.texts(word) == [f"{word} {what}" for what in ("before", "mine", "after")]


@pytest.mark.parametrize(
    ("hidden", "least", "most"), [("false", 3000, 5000), ("true", 22500, 37500)]
)
def test_a_hidden_page_polls_less_often(
    make_room: MakeRoom, alice: Person, hidden: str, least: int, most: int
) -> None:
    """The pause is set in the same step as the banner."""
    room = make_room()
    refuse_handshakes(room)
    room.page.add_init_script(f"""
        Object.defineProperty(document, 'hidden', {{ value: {hidden} }})
        const later = setTimeout
        window.setTimeout = (act, wait, ...values) => {{
            const {{ textContent }} = document.querySelector('#status') ?? {{}}
            if (act.name === 'poll' && textContent) document.body.dataset.pause ??= wait
            return later(act, wait, ...values)
        }}
    """)
    room.open(alice)
    body = room.page.locator("body")
    expect(body).to_have_attribute("data-pause", re.compile("."))
    assert least <= float(body.get_attribute("data-pause") or 0) <= most


def test_a_page_asks_no_more_often_the_longer_an_outage_lasts(
    make_room: MakeRoom, alice: Person
) -> None:
    room = make_room()
    refuse_handshakes(room)
    room.page.add_init_script(COUNTED)
    room.page.clock.install()
    room.open(alice)
    expect(room.status).to_contain_text("Refreshing every few seconds")
    room.stop_clock()
    room.page.evaluate("window.isOut = true")
    asked = []
    for _ in range(2):
        for _ in range(60):
            room.page.clock.run_for(1000)
        asked.append(room.page.evaluate("window.asked"))
    # Two polls are 3 s apart or more, and a failed one is repeated after 1 s or more.
    assert 0 < asked[1] - asked[0] <= 60 / 3 + 60 / 1


def test_a_loop_of_polls_that_was_stopped_does_not_go_on_beside_the_next(
    make_room: MakeRoom, alice: Person
) -> None:
    """A socket opens and closes again while an answer is under way."""
    room = make_room()
    room.page.clock.install()
    room.open(alice)
    room.page.evaluate("""async () => {
        const polling = await import('/static/chat/polling.js')
        window.polling = polling
        window.answers = []
        const catchUp = () => new Promise((done) => answers.push(done))
        polling.setUpPolling({ catchUp, polled() {} })
        polling.stopPolling()
        polling.startPolling(0)
    }""")
    room.page.clock.run_for(100)
    room.page.evaluate("polling.stopPolling(); polling.startPolling(0)")
    room.page.clock.run_for(100)
    assert room.page.evaluate("answers.length") == 2
    room.page.evaluate("answers.forEach((done) => done(true))")
    room.page.clock.run_for(6000)
    assert room.page.evaluate("answers.length") == 3
    room.page.evaluate("polling.stopPolling()")
    room.page.clock.run_for(60_000)
    assert room.page.evaluate("answers.length") == 3


def test_a_page_that_polls_keeps_each_deletion_once_and_not_all_for_ever(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    room = make_room()
    refuse_handshakes(room)
    room.page.clock.install()
    message = stack.posted(bob, word)
    room.open(alice)
    room.hears(word)
    delete_message(stack, bob, message["id"])
    room.page.clock.run_for(5000)
    expect(room.article(word)).to_have_count(0)
    for _ in range(2):
        with room.page.expect_response("**/api/users?updated_since=*"):  # after the deletions
            room.page.clock.run_for(5000)
    counts = """import('/static/chat/store.js').then(({ deletions, keepDeletions }) => {
        const once = new Set(deletions.Message.map(({ first }) => first)).size
        const kept = deletions.Message.length
        for (let id = -1; id > -2000; id--)
            keepDeletions([{ class: 'Message', first: id, last: id }])
        return [kept - once, deletions.Message.length]
    })"""
    assert room.page.evaluate(counts) == [0, 1000]


def test_the_page_returns_to_the_socket_when_it_opens(
    make_room: MakeRoom, stack: Stack, alice: Person, bob: Person, word: str
) -> None:
    room = make_room()
    refuse_handshakes(room)
    room.open(alice)
    expect(room.status).to_contain_text("Refreshing every few seconds")
    with room.page.expect_websocket(lambda socket: socket.url.endswith("/ws/")):
        room.page.evaluate("window.block = false; dispatchEvent(new Event('online'))")
    expect(room.status).to_contain_text("Connected again")
    stack.posted(bob, word)
    room.hears(word)


def test_a_refused_post_over_http_shows_its_error(
    make_room: MakeRoom, stack: Stack, alice: Person, word: str
) -> None:
    stack.posted(alice, "in an empty room a post waits for the next poll")
    room = make_room()
    refuse_handshakes(room)
    room.page.clock.install()
    room.page.route(
        "**/api/messages", lambda route: route.fulfill(status=403, json={"error": "No."})
    )
    room.open(alice)
    room.say(word)
    expect(room.unsent).to_contain_text("Not sent. No.")
    room.page.unroute("**/api/messages")
    room.stop_clock()
    limit = {"error": "Too many messages.", "retry_after": 60}
    room.page.route("**/api/messages", lambda route: route.fulfill(status=429, json=limit), times=1)
    room.page.get_by_role("button", name="Retry").click()
    expect(room.unsent).to_contain_text("sent again in 60 s.")
    room.page.clock.run_for(60_000)
    room.hears(word)


@pytest.mark.parametrize("status", [0, 502, 503])
def test_a_post_over_http_is_sent_again_after_an_outage(
    make_room: MakeRoom, stack: Stack, alice: Person, word: str, status: int
) -> None:
    room, posts = make_room(), []
    refuse_handshakes(room)

    def fail_once(route: Route) -> None:
        posts.append(route.request.headers["idempotency-key"])
        if len(posts) > 1:
            route.continue_()
        elif status:
            route.fulfill(status=status, body="<html>")
        else:
            route.abort()

    room.page.route("**/api/messages", fail_once)
    room.open(alice)
    room.say(word)
    room.say(f"{word} next")
    expect(room.unsent).to_have_count(0)
    assert room.texts(word) == [word, f"{word} next"]
    assert posts[0] == posts[1]


def test_the_page_of_a_hotel_instead_of_answers_is_no_answer(
    make_room: MakeRoom, alice: Person, word: str
) -> None:
    """A captive portal answers each request with its own page, and 200."""
    room = make_room()
    refuse_handshakes(room)
    room.open()
    room.nickname.focus()
    expect(room.page.locator("#nickname-error")).to_be_attached()
    room.page.route("**/api/**", lambda route: route.fulfill(body="<h1>Welcome to our hotel</h1>"))
    room.fill_sign_in(alice.nickname, alice.password)
    expect(room.note).to_have_text("The server cannot be reached. Try again.")
    expect(room.status).to_contain_text("Trying to reconnect")
    room.page.unroute("**/api/**")
    room.enter.click()
    expect(room.box).to_be_visible()
    room.page.route("**/api/messages", lambda route: route.fulfill(body="<h1>Pay</h1>"), times=1)
    room.say(word)
    room.hears(word)
