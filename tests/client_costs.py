"""Print what one client, message or page can cost, as the table of docs/SECURITY.md.

`python -m tests.client_costs` starts Flack for the rows about sockets, which read the memory of a
node. The others run in this process, on a database file of their own.
"""

import asyncio
import os
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import django
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from comparison.usage import arguments
from tests.running import Stack

T = TypeVar("T")
MIB = 2**20
SECONDS = {"one": 60.0, "eight": 4.0}  # that sockets send, as in the measurement before
FRAME = {"event": "x", "ref": "r" * 100_000}


def show(what: str, bound: str, before: str, now: str) -> None:
    """Print a row."""
    print(f"| {what} | {bound} | {before} | {now} |", flush=True)


def cpu(function: Callable[[], T]) -> tuple[float, T]:
    """Return the CPU seconds of a call, and its result."""
    began = time.process_time()
    result = function()
    return time.process_time() - began, result


# --- Sockets, on running nodes --------------------------------------------------------------------


async def flood(socket: ClientConnection, frame: dict[str, str], seconds: float) -> None:
    """Send a frame again and again, and read nothing."""
    text = orjson.dumps(frame).decode()
    try:
        async with asyncio.timeout(seconds):
            while True:
                await socket.send(text)
    except (TimeoutError, ConnectionClosed):
        return


async def growth(stack: Stack, *work: Awaitable[object]) -> float:
    """Return by how many MiB the two nodes grow at most while something is done."""
    nodes = [stack.part(name) for name in ("node.1", "node.2")]

    def memory() -> float:
        return sum(node.memory_info().rss for node in nodes) / MIB

    before = most = memory()
    task = asyncio.gather(*work)
    while not task.done():
        most = max(most, memory())
        await asyncio.sleep(0.1)
    await task
    return most - before


async def sockets(stack: Stack) -> None:
    """Measure sockets whose clients send and do not read."""
    url = stack.url.replace("http", "ws", 1) + "/ws/"
    options = {"proxy": None, "max_queue": 1, "close_timeout": 1, "max_size": None}
    async with connect(url, **options) as socket:  # type: ignore[arg-type]
        grown = await growth(stack, flood(socket, FRAME, SECONDS["one"]))
    show("a socket that sends for 60 s and reads nothing",
         "16 messages or 256 KiB wait; a `ref` has 200 characters",
         "363 MiB", f"{grown:.0f} MiB")  # fmt: skip
    token = stack.person("susan").token
    post = {"event": "post_message", "token": token, "data": {"source": "hi"}}
    opened = [await connect(url, **options) for _ in range(8)]  # type: ignore[arg-type]
    with closing(sqlite3.connect(stack.var / "db.sqlite3", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")  # makes the first frames slow
        for socket in opened:
            await socket.send(orjson.dumps(post).decode())
        grown = await growth(stack, *(flood(one, FRAME, SECONDS["eight"]) for one in opened))
        database.execute("ROLLBACK")
    for socket in opened:
        await socket.close()
    show("8 sockets that send for 4 s behind a slow first frame", "the same",
         "705 MiB", f"{grown:.0f} MiB")  # fmt: skip


# --- Lists, messages and pages, in this process ---------------------------------------------------


def lists() -> None:
    """Measure the list of 100,000 messages, and that of 1,000 long ones."""
    from django.test import Client

    from chat.content.markup import render
    from chat.models import Message, User, timestamp

    user, client = User.objects.create(nickname="susan"), Client(SERVER_NAME="127.0.0.1")
    text, now = {"source": "hello *world*!", "html": "hello <em>world</em>!"}, timestamp()
    Message.objects.bulk_create(  # ten in a second
        (Message(user=user, updated_at=now - n // 10, **text) for n in range(100_000)), 1000
    )

    def show_list(
        what: str, bound: str, before: str, *, accept: str = "application/json", query: str = ""
    ) -> None:
        began = time.process_time()
        page = client.get(f"/api/messages{query}", headers={"Accept": accept}).content
        seconds = time.process_time() - began
        now = f"{len(page) / 1e6:.2f} MB, {seconds:.2f} s of CPU"
        show(f"the list of {what}", bound, before, now)

    rows = "1,000 rows, and those of the same second"
    show_list("100,000 messages as JSON", rows, "57 MB")
    show_list("100,000 messages as a browsable page", "50 rows", "8.9 s of CPU", accept="text/html")
    user, source = User.objects.create(nickname="bob"), f"[a]({'😀' * 9_995})"
    text = {"source": source, "html": render(source)}
    Message.objects.bulk_create(
        (Message(user=user, updated_at=now - n, **text) for n in range(1000)), 100
    )
    bound = "8 Mi characters of source and html, or 200 rows"
    show_list("1,000 messages of 10,000 emoji", bound, "160 MB", query=f"?user_id={user.pk}")


def messages() -> None:
    """Measure messages whose html is large or slow to make, and a long post."""
    from chat import actions
    from chat.content.markup import render
    from chat.models import User
    from chat.search import words

    bound = "20 times the source and 1,000 characters, at most 200,000"
    url = "http://a.io/" + "x" * 2400
    references = (f"[a]: {url}\n\n" + "[a]" * 10_000)[:10_000]
    seconds, html = cpu(lambda: render(references))
    now = f"{len(html) / 1e6:.2f} MB, {seconds:.2f} s of CPU"
    show("a message that uses one link reference 2,500 times", bound, "74.8 MB", now)
    title = f'[a](/b "{"&" * 9_980}")'
    seconds, _ = cpu(lambda: render(title))
    show("a message with a link title of ampersands", bound, "4.2 s of CPU",
         f"{seconds:.2f} s of CPU")  # fmt: skip
    marks = "\u0f73" * 10_000  # each is two when it is decomposed, in the wrong order
    seconds, _ = cpu(lambda: words(marks))
    show("the words of a message of 10,000 combining marks", "marks are sorted 30 at a time",
         "0.30 s of CPU", f"{seconds:.3f} s of CPU")  # fmt: skip
    user = User.objects.get(nickname="susan")
    text = ("*a* `b` [c](/d) " * 700)[:10_000]
    prepared, save = cpu(lambda: actions.prepare_post(author=user, source=text))
    saved, _ = cpu(save)
    now = f"{1000 * saved:.0f} ms of CPU and a sync, after {1000 * prepared:.0f} ms without it"
    bound = "Markdown is rendered before the lock is taken"
    show("a post of 10,000 characters, which holds SQLite's write lock", bound, "182 ms", now)


def nicknames() -> None:
    """Measure a registration whose nickname is as long as a request may be."""
    from django.core.exceptions import ValidationError

    from chat import actions

    nickname = "a" + "\u0301\u0316" * 65_000

    def register() -> None:
        with suppress(ValidationError):
            actions.register(nickname=nickname, password=secrets.token_hex(8))

    seconds, _ = cpu(register)
    show("a registration with a nickname of 130,000 accents", "128 characters are looked at",
         "12.7 s of CPU", f"{seconds:.3f} s of CPU")  # fmt: skip


def pages() -> None:
    """Measure the preview of a page with many attributes."""
    from chat.content.previews import describe

    page = "<meta " + " ".join(f"a{n:x}" for n in range(40_000))[:117_000] + "><title>x</title>"
    seconds, _ = cpu(lambda: describe(page.encode(), ""))
    show("a linked page of 117 kB, all attributes of one tag",
         "64 KiB are parsed, and no tag over 8 KiB", "minutes of CPU",
         f"{seconds:.2f} s of CPU")  # fmt: skip


def main() -> None:
    """Measure all rows."""
    print("| What | Bound | Before | Now |\n|---|---|--:|--:|")
    with tempfile.TemporaryDirectory(prefix="flack-costs-") as name:
        stack = Stack(Path(name) / "var")
        try:
            asyncio.run(sockets(stack))
        finally:
            stack.stop()
        os.environ.update(
            SECRET_KEY=secrets.token_hex(32),
            DATABASE_URL=f"sqlite:///{name}/db.sqlite3",
            FLACK_RATE_LIMITS="0",
            DJANGO_SETTINGS_MODULE="flack_project.settings",
        )
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        lists()
        messages()
        nicknames()
        pages()


if __name__ == "__main__":
    arguments(__doc__)
    main()
