"""What passes between a page and its server's socket, for a test to hold back, change or cut."""

import json
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route, WebSocketRoute

Frame = dict[str, Any]


def is_no_change_of_a_user(frame: Frame) -> bool:
    """Return True unless a user of the shared stack comes, goes or is renamed in this frame."""
    return frame.get("event") != "updated_model" or frame["data"]["class"] != "User"


class Tap:
    """Set up before the page is loaded; without further orders everything passes."""

    def __init__(self, page: Page) -> None:
        self.posted: list[Frame] = []
        self.passes_up: Callable[[Frame], bool] = lambda frame: True
        self.passes_down: Callable[[Frame], bool] = lambda frame: True
        self._held: list[str] = []
        self._tapped = page
        page.route_web_socket(re.compile("/ws/$"), self._connect)

    def cut(self) -> None:
        """Close the connection, as a server does that is gone."""
        self._page.close(code=1012)

    def tell(self, frame: Frame) -> None:
        """Send the page a frame that did not come from the server."""
        self._page.send(json.dumps(frame))

    def answer_late(self, messages: list[Frame], meanwhile: Callable[[], None]) -> None:
        """Let the page ask for what is new, and do `meanwhile` before these messages come back."""
        asked = "**/api/messages?updated_since=*"

        def answer(route: Route) -> None:
            meanwhile()
            route.fulfill(json={"messages": messages})

        self._tapped.route(asked, answer, times=1)
        with self._tapped.expect_response(asked):
            self.tell({"event": "resync", "data": {}})

    def release(self) -> None:
        """Let everything pass from now on, first what was held back on its way to the page."""
        self.passes_up = self.passes_down = lambda frame: True
        while self._held:
            self._page.send(self._held.pop(0))

    def forget(self) -> None:
        """Let everything pass from now on, but nothing of what was held back."""
        self._held.clear()
        self.release()

    def _connect(self, page: WebSocketRoute) -> None:
        self._page, self._server = page, page.connect_to_server()
        page.on_message(lambda text: self._up(str(text)))
        self._server.on_message(lambda text: self._down(str(text)))

    def _up(self, text: str) -> None:
        frame: Frame = json.loads(text)
        if frame["event"] == "post_message":
            self.posted.append(frame)
        if self.passes_up(frame):
            self._server.send(text)

    def _down(self, text: str) -> None:
        if self.passes_down(json.loads(text)):
            self._page.send(text)
        else:
            self._held.append(text)


def is_about_messages(frame: Frame) -> bool:
    """Return True for an ack or the push of a message."""
    return frame["event"] == "ack" or frame["data"].get("class") == "Message"
