"""Pictures of the page for the README: `python -m tests.browser.screenshots URL FOLDER`.

Needs a server of its own, without limits: it registers users there and posts as them.
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, expect

from comparison.contract.client import Flack, Person, new_password
from tests.browser.browser import open_browser
from tests.browser.room import Room

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
TALK = [
    ("Grace", "Morning! I moved the fan-out into the hub: *one* subscription a process."),
    (
        "Grace",
        "- the text is serialised **once**\n- slow sockets are bounded, others never wait",
    ),
    ("Linus", "> slow sockets are bounded\n\nAnd then? Does such a client come back by itself?"),
    ("Ada", "It does. It is closed with `1013`, waits a random moment, and catches up:"),
    (
        "Ada",
        "```\nasync def catch_up(since):\n    for message in await fetch(since):\n"
        "        merge(message)  # by id, the newest version wins\n```",
    ),
    ("Zoë", "Lovely. ~~Shall we~~ We shall write that down, @Ada."),
    ("Linus", "Also see https://www.djangoproject.com/ for what is below all this"),
    ("Grace", "@Linus @Zoë lunch?"),
    ("Zoë", "In five minutes."),
]


def main(url: str, folder: str) -> None:
    """Post a conversation to the server at `url`, and save the pictures in `folder`."""
    flack = Flack(url, patience=20)
    people = {name: register(flack, name) for name in ("Ada", "Grace", "Linus", "Zoë")}
    for name, source in TALK:
        flack.posted(people[name], source)
    with open_browser() as browser:
        for person in people.values():  # so that they are online
            Room(browser.new_context(), url).open(person)
        for size in SIZES:
            for scheme in ("light", "dark"):
                take(browser, url, people["Ada"], size, scheme, Path(folder))


def register(flack: Flack, nickname: str) -> Person:
    """Register a user with exactly this nickname."""
    password = new_password()
    user = flack.post("/api/users", json={"nickname": nickname, "password": password}).json()
    return Person(user["id"], nickname, password, flack.sign_in(nickname, password))


def take(browser: Browser, url: str, person: Person, size: str, scheme: str, folder: Path) -> None:
    """Take one picture of the page of a user."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=2,
    )
    room = Room(context, url).open(person)
    expect(room.page.locator("#participants li")).to_have_count(4)
    expect(room.article(TALK[-1][1])).to_be_in_viewport()
    room.page.screenshot(path=folder / f"{size}-{scheme}.png")
    context.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
