"""Chromium and its tabs. Every browser test uses the whole stack."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from chat.models import DeletedKey, Deletion, Message, Token, User
from comparison.contract.client import Person
from tests.browser.browser import open_browser
from tests.browser.room import MakeRoom, Room, Tapped
from tests.browser.tap import Tap
from tests.running import Stack

# Milliseconds in which the page must show what is expected: a slow machine is not a failure.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


# Not for the session: while it runs, its event loop prevents asynchronous tests in other folders.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Chromium, without a window."""
    with open_browser() as browser:
        yield browser


@pytest.fixture
def make_room(stack: Stack, chromium: Browser) -> Iterator[MakeRoom]:
    """Return a function that opens a tab, in a new browser context or in that of `beside`.

    After the test no page may have had an error or violated its Content-Security-Policy, and the
    room is empty again.
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
    empty(stack)
    assert [complaint for room in rooms for complaint in room.complaints] == []


def empty(stack: Stack) -> None:
    """Delete all messages and all users but operators, while no page shows them.

    Each page would otherwise show those of the tests before, on which a test must not depend, and
    which takes a fifth of Chromium's CPU time.
    """
    path = stack.var / "db.sqlite3"
    with closing(sqlite3.connect(path, timeout=PATIENCE / 1000)) as database, database:
        for model in (Message, Deletion, DeletedKey, Token):
            database.execute(f"DELETE FROM {model._meta.db_table}")
        database.execute(f"DELETE FROM {User._meta.db_table} WHERE NOT is_staff")


@pytest.fixture
def room(make_room: MakeRoom, alice: Person) -> Room:
    """The page of Alice, live."""
    return make_room().open(alice)


@pytest.fixture
def rooms(room: Room, make_room: MakeRoom, bob: Person) -> tuple[Room, Room]:
    """The pages of Alice and of Bob, live."""
    return room, make_room().open(bob)


@pytest.fixture
def tapped(make_room: MakeRoom, alice: Person) -> Tapped:
    """The page of Alice, live, and the tap on its socket."""
    room = make_room()
    tap = Tap(room.page)
    return room.open(alice), tap


@pytest.fixture
def word() -> str:
    """A text that no other test uses."""
    return uuid4().hex


@pytest.fixture
def alice(stack: Stack) -> Person:
    """A registered user."""
    return stack.person("Alice")


@pytest.fixture
def bob(stack: Stack) -> Person:
    """Another registered user."""
    return stack.person("Bob")
