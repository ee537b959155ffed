"""Chromium, and rooms in it. Every browser test talks to the whole stack."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext

from comparison.contract.client import Person
from tests.browser.browser import open_browser
from tests.browser.room import Room
from tests.running import Stack


# One a file: while it runs, its event loop stands in the way of the asynchronous tests of others.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium, without a window."""
    with open_browser() as browser:
        yield browser


@pytest.fixture
def make_room(stack: Stack, chromium: Browser) -> Iterator[Callable[..., Room]]:
    """Return a function that gives a tab, in a browser of its own or as the next one of `beside`.

    In the end no page may have had an error, or done what its Content-Security-Policy forbids.
    """
    rooms: list[Room] = []
    contexts: list[BrowserContext] = []

    def make_room(beside: Room | None = None, **options: Any) -> Room:
        if beside is None:
            contexts.append(chromium.new_context(**options))
        rooms.append(Room(beside.context if beside else contexts[-1], stack.url))
        return rooms[-1]

    yield make_room
    for context in contexts:
        context.close()
    assert [complaint for room in rooms for complaint in room.complaints] == []


@pytest.fixture
def word() -> str:
    """A word that nobody has said before."""
    return uuid4().hex


@pytest.fixture
def alice(stack: Stack) -> Person:
    """Somebody who is registered."""
    return stack.person("Alice")


@pytest.fixture
def bob(stack: Stack) -> Person:
    """Somebody else."""
    return stack.person("Bob")
