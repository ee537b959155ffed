"""Where the CPU time of a request goes, by layer: `python -m comparison.bench.layers`.

The requests run in this process, one after the other, through the event loop and the pool of
threads, on the database of `DATABASE_URL`, or else on SQLite in a temporary folder. A layer is a
few functions; the time of those of another layer that they call is not counted twice. The best of
`ROUNDS` rounds, in µs. `make bench` writes the tables to comparison/BENCH.md.
"""

import asyncio
import functools
import importlib
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import django

from comparison.markdown import table
from comparison.usage import arguments

REQUESTS, ROUNDS = 200, 7
TOKEN = "a" * 64
# The functions of each layer, by module and name.
LAYERS = {
    "Markdown": ["chat.actions.messages:render", "chat.actions.messages:links"],
    "ASGI request and response, signals": ["flack_project.daphne.handler:HTTPHandler.respond"],
    "middleware": ["django.core.handlers.base:BaseHandler.get_response"],
    "URL": ["flack_project.daphne.handler:HTTPHandler.resolve_request"],
    "view": ["django.core.handlers.base:BaseHandler._get_response"],
    "authentication": ["api.authentication:TokenAuthentication.authenticate"],
    "ORM": [
        "django.db.models.query:QuerySet._fetch_all",
        "django.db.models.query:RawQuerySet.__iter__",
        "django.db.models.base:Model.save_base",
        "chat.models:MessageQuerySet.to_dicts",
    ],
    "database": [
        "django.db.backends.utils:CursorWrapper.execute",
        "django.db.backends.base.base:BaseDatabaseWrapper.commit",
        "chat.models:Message.insert",  # with SQLite's commit, in `fetchone`
    ],
    "push": ["chat.realtime.publisher:Publisher.publish", "chat.realtime.push:_frame"],
    "JSON": ["api.renderers:JSONRenderer.render"],
}
REST = "event loop, hop into a thread and back"

spent: Counter[str] = Counter()  # nanoseconds
running = threading.local()


def measured(layer: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, which then adds its CPU time to a layer and takes it from the outer."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        outer, running.layer = getattr(running, "layer", None), layer
        began = time.thread_time_ns()
        try:
            return function(*args, **kwargs)
        finally:
            took = time.thread_time_ns() - began
            running.layer = outer
            spent[layer] += took
            if outer:
                spent[outer] -= took

    return call


def install() -> None:
    """Measure the functions of `LAYERS`, before other modules import them by name."""
    for layer, names in LAYERS.items():
        for name in names:
            module, _, path = name.partition(":")
            *owners, attribute = path.split(".")
            owner = functools.reduce(getattr, owners, importlib.import_module(module))
            setattr(owner, attribute, measured(layer, getattr(owner, attribute)))


def fill() -> int:
    """Create a user with a token and 100 messages, old enough for a tag; return the user's id."""
    from django.core.management import call_command

    from chat.models import Message, Token, User, timestamp

    call_command("migrate", verbosity=0)
    user = User.objects.create(nickname="susan")
    Token.objects.create(digest=Token.digest_of(TOKEN), user=user)
    for _ in range(100):
        user.messages.create(source="hello *world*!", html="hello <em>world</em>!")
    Message.objects.update(updated_at=timestamp() - 5)
    return user.pk


async def send(application: Any, method: str, path: str, body: bytes = b"",
               headers: Iterable[tuple[bytes, bytes]] = ()) -> dict[str, Any]:  # fmt: skip
    """Send a request and return the start of the response."""
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "http_version": "1.1", "scheme": "http", "query_string": b"", "root_path": "",
        "headers": [(b"host", b"localhost"), *headers], "client": ["127.0.0.1", 1234],
        "server": ["127.0.0.1", 8000],
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def keep(message: dict[str, Any]) -> None:
        sent.append(message)

    await application(scope, receive, keep)
    return sent[0]


async def main() -> None:
    """Print a table with a column for each kind of request."""
    from chat.threads import in_thread

    user_id = await in_thread(fill)
    from flack_project.asgi import application

    bearer = (b"authorization", b"Bearer " + TOKEN.encode())
    json = (b"content-type", b"application/json")
    listed = await send(application, "GET", "/api/messages")
    known = (b"if-none-match", dict(listed["headers"])[b"ETag"])
    kinds: dict[str, tuple[Any, ...]] = {
        "GET 100 messages": ("GET", "/api/messages"),
        "the same, unchanged": ("GET", "/api/messages", b"", [known]),
        "GET user with token": ("GET", f"/api/users/{user_id}", b"", [bearer]),
        "POST message": ("POST", "/api/messages", b'{"source": "hello *world*"}', [bearer, json]),
    }
    columns: list[dict[str, int]] = []
    for request in kinds.values():
        rounds = []
        for _ in range(ROUNDS):
            spent.clear()
            began = time.process_time_ns()
            for _ in range(REQUESTS):
                await send(application, *request)
            total = time.process_time_ns() - began
            rounds.append({"total": total, REST: total - sum(spent.values()), **spent})
        columns.append(min(rounds, key=lambda each: each["total"]))
    rows = [
        [layer, *(f"{column.get(layer, 0) / REQUESTS / 1000:.0f}" for column in columns)]
        for layer in (REST, *LAYERS, "total")
    ]
    print(table(["Layer", *kinds], rows))


if __name__ == "__main__":
    arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        database = os.environ.get("DATABASE_URL") or f"sqlite:///{Path(folder) / 'db.sqlite3'}"
        os.environ |= {
            "SECRET_KEY": "of-a-measurement-and-of-no-server-at-all",
            "DATABASE_URL": database,
            "DJANGO_SETTINGS_MODULE": "flack_project.settings",
            "FLACK_RATE_LIMITS": "0",
        }
        django.setup()
        install()
        asyncio.run(main())
