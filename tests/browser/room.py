"""The page of one user, found by the roles and names of the contract."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Locator, Page, expect

from comparison.contract.client import Person
from tests.browser.tap import Tap

# Chromium's own reports of refused requests and lost connections, which some tests cause.
EXPECTED = ("Failed to load resource", "WebSocket connection to")

# Good news stays for 16 s instead of 4: a busy machine may look for it late.
LASTING = """
    const natural = setTimeout
    window.setTimeout = (act, milliseconds, ...values) => {
        const ends = ['showNote', 'banner'].includes(act?.name) && values[0] === ''
        return natural(act, ends ? 4 * milliseconds : milliseconds, ...values)
    }
"""


class Room:
    """A tab of a browser for the chat."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context, self.url = context, url
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.add_init_script(LASTING)
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        role = self.page.get_by_role
        self.log = role("log", name="Messages")
        self.box = role("textbox", name="Message")
        self.status = role("status")
        self.participants = role("list", name="Participants")
        self.nickname = role("textbox", name="Nickname", exact=True)
        self.password = self.page.get_by_label("Password", exact=True)
        self.enter = role("button", name="Register or Sign In")
        self.account = self.page.locator("[data-action=account]")
        self.error = self.page.locator("small.error:not(:empty)")
        self.note = self.page.locator("#note")
        self.unsent = self.page.locator("article[data-state]")

    def keep(self, key: str, value: Any) -> None:
        """Put a value into the browser's storage before the page is loaded for the first time."""
        name, item = json.dumps(key), json.dumps(json.dumps(value))
        self.page.add_init_script(
            f"if (!sessionStorage[{name}]) localStorage[{name}] = {item};"
            f"sessionStorage[{name}] = 'kept'"
        )

    def load(self, person: Person | None = None) -> None:
        """Load the page, signed in if a person is given."""
        if person:
            session = {"token": person.token, "id": person.id, "nickname": person.nickname}
            self.keep("flack.session", session)
        self.page.goto(self.url)

    def open(self, person: Person | None = None) -> "Room":
        """Load the page, signed in if a person is given, and wait until it is live."""
        self.load(person)
        self.is_live()
        return self

    def is_live(self) -> None:
        """Wait until the first messages are shown, which happens after the socket is connected."""
        begun = self.page.locator("#begin:not([hidden]), .entry")
        expect(begun.first).to_be_attached()

    def tick_often(self) -> None:
        """Let the page's worker, which the page's clock does not reach, tick ten times a second."""
        body = "setInterval(() => postMessage(0), 100)"
        self.page.route(
            "**/ticker.js", lambda route: route.fulfill(content_type="text/javascript", body=body)
        )

    def stop_clock(self) -> None:
        """Stop the clock of the page; only `clock.run_for` moves it and calls its timers."""
        self.page.clock.install()
        with suppress(Error):  # the second is over, but the clock has stopped
            return self._pause_clock()
        self._pause_clock()

    def _pause_clock(self) -> None:
        self.page.clock.pause_at(self.page.evaluate("Date.now() / 1000 + 1"))

    def fill_sign_in(self, nickname: str, password: str) -> None:
        """Fill the form and press its button."""
        self.nickname.fill(nickname)
        self.password.fill(password)
        self.enter.click()

    def open_account(self) -> None:
        """Open the account dialog, which is loaded on demand."""
        self.account.click()
        expect(self.page.get_by_role("dialog", name="Your account")).to_be_visible()

    def say(self, text: str) -> None:
        """Write a message and send it."""
        self.box.fill(text)
        self.box.press("Enter")

    def article(self, text: str) -> Locator:
        """Return the messages that contain a text."""
        return self.page.get_by_role("article").filter(has_text=text)

    def hears(self, text: str) -> Locator:
        """Wait until exactly one message contains a text and is stored; return it."""
        expect(self.article(text)).to_have_count(1)
        expect(self.article(text)).not_to_have_attribute("data-state", "pending")
        return self.article(text)

    def texts(self, containing: str) -> list[str]:
        """Return the texts of the messages that contain a text, in the order of the log."""
        return self.article(containing).locator(".body").all_text_contents()

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            self.complaints.append(message.text)


MakeRoom = Callable[..., Room]
Tapped = tuple[Room, Tap]
