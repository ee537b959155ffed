"""Where Django, DRF or Channels lose against Flask as they come, beside what is done instead."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from channels_redis.core import RedisChannelLayer

from chat.realtime.publisher import GROUP
from comparison.bench import rows
from comparison.bench.rows import Numbers
from comparison.bench.servers import Server, Starter, push
from comparison.bench.site import Site
from comparison.compare.sides import Sides

SOCKETS, SECONDS = 300, 3
CORE = "channels_redis.core.RedisChannelLayer"
TUTORIAL = "daphne comparison.lessons.broadcast:application"


@dataclass
class Tutorial(Server):
    """A server with the channel layer of the tutorial: in Redis a queue for each process."""

    def publish(self, numbers: Sequence[int], padding: int = 0) -> None:
        """Tell the group."""
        data = [{"event": "updated_model", "data": push(each, padding)} for each in numbers]
        asyncio.run(self._tell([json.dumps(each) for each in data]))

    async def _tell(self, texts: list[str]) -> None:
        path = self.redis.connection_pool.connection_kwargs["path"]
        layer = RedisChannelLayer(hosts=[f"unix://{path}"])
        await layer.group_send(GROUP, {"type": "push", "texts": texts})
        await layer.close_pools()


@dataclass
class Lesson:
    """A piece of work, who does it, and what a unit of it is."""

    name: str
    unit: str
    work: Callable[[Server], Numbers]
    variants: dict[str, Server]


def show(server: Server) -> Numbers:
    """Show a user."""
    return Site(server).own_user()


def list_messages(server: Server) -> Numbers:
    """List 100 messages."""
    return Site(server).messages()


def lessons(sides: Sides, stack: ExitStack) -> list[Lesson]:
    """Start the variants; return each lesson with them, the Flask version and what we do."""
    flask, flack = (sides.direct[name][1].server for name in ("Flask", "Django"))
    url = sides.direct["Django"][1].database.url

    def started(server: str = "flack_project.daphne.server flack_project.asgi:application",
                **settings: str) -> Server:  # fmt: skip
        starter = stack.enter_context(Starter())
        starter.valkey()
        settings |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "comparison.lessons.settings"}
        return starter.flack(1, 1, server, **settings)

    core = Tutorial(**vars(started(TUTORIAL, LESSON_LAYER=CORE)))
    handler = started("flack_project.daphne.server comparison.lessons.handler:application")
    return [
        Lesson("Broadcast", "delivery", partial(rows.steady, count=SOCKETS, seconds=SECONDS), {
            "Flask": flask,
            "Channels' tutorial": core,
            "the same, with the pub/sub layer": started(TUTORIAL),
            "here: one subscription a process": flack,
        }),
        Lesson("A request: show a user", "request", show, {
            "Flask": flask,
            "Django's ASGI handler": handler,
            "here: its sync handler in a pool of threads": flack,
        }),
        Lesson("A list of 100 messages", "request", list_messages, {
            "Flask": flask,
            "DRF's list serializer": started(LESSON_URLS="comparison.lessons.serializer"),
            "here: values_list and orjson": flack,
        }),
    ]  # fmt: skip


def learn(sides: Sides, repeats: int) -> Iterator[dict[str, Any]]:
    """Measure each variant of each lesson, in turn."""
    with ExitStack() as stack:
        every = lessons(sides, stack)
        for repeat in range(1, repeats + 1):
            for lesson in every:
                for variant, server in lesson.variants.items():
                    numbers = lesson.work(server)
                    yield {
                        "lesson": lesson.name,
                        "unit": lesson.unit,
                        "variant": variant,
                        "repeat": repeat,
                        **{key: round(value, 3) for key, value in numbers.items()},
                    }
