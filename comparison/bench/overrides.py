"""What each override of Channels and asgiref saves: `python -m comparison.bench.overrides`.

CPU time of this process, threads included, per frame, call or idle socket, in the middle of five
interleaved runs. The frames are nonsense, so that only the way to the handler and back counts.
"""

import asyncio
import os
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import django

os.environ.setdefault("SECRET_KEY", "of-a-measurement-and-of-no-server-at-all")
os.environ["DATABASE_URL"] = "sqlite://:memory:"
os.environ["FLACK_RATE_LIMITS"] = "0"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flack_project.settings")
django.setup()

from channels.consumer import AsyncConsumer  # noqa: E402
from channels.db import database_sync_to_async  # noqa: E402

from chat.consumers import ChatConsumer, Receive  # noqa: E402
from chat.realtime.socket import Send, Socket  # noqa: E402
from chat.threads import in_thread  # noqa: E402

FRAMES, CALLS, SOCKETS, RUNS = 2000, 2000, 500, 5
executor = ThreadPoolExecutor(8)


class ChannelsCall(ChatConsumer):
    """The consumer with Channels' own `__call__`: a task for each message."""

    channel_layer_alias = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Run as Channels does, with the socket that the handlers use."""
        self.socket = Socket(send, "local", texts=False)
        await AsyncConsumer.__call__(self, scope, receive, send)


class ChannelsDispatch(ChatConsumer):
    """The consumer with Channels' own `dispatch`: a hop into a thread for each message."""

    dispatch = AsyncConsumer.dispatch


SCOPE = {"type": "websocket", "path": "/ws/", "headers": []}


async def frames(consumer: type[ChatConsumer]) -> float:
    """Return the CPU time of a frame of nonsense and its error, in microseconds."""
    messages: list[dict[str, Any]] = [{"type": "websocket.connect"}]
    messages += [{"type": "websocket.receive", "text": "nonsense"}] * FRAMES
    messages += [{"type": "websocket.disconnect", "code": 1000}]
    inbox = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(inbox)

    async def send(message: dict[str, Any]) -> None:
        pass

    began = time.process_time()
    await consumer()(SCOPE, receive, send)
    return (time.process_time() - began) / FRAMES * 1e6


async def idle(consumer: type[ChatConsumer]) -> float:
    """Return the memory of an open socket whose client is silent, in KiB."""
    opened = asyncio.Semaphore(0)

    async def open_socket() -> None:
        inbox = iter([{"type": "websocket.connect"}])

        async def receive() -> dict[str, Any]:
            for message in inbox:
                return message
            opened.release()
            return await asyncio.get_running_loop().create_future()

        async def send(message: dict[str, Any]) -> None:
            pass

        await consumer()(SCOPE, receive, send)

    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tasks = [asyncio.create_task(open_socket()) for _ in range(SOCKETS)]
    for _ in tasks:
        await opened.acquire()
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return used / SOCKETS / 1024


async def database_call(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function in an executor, as `database_sync_to_async` does."""
    return await database_sync_to_async(function, thread_sensitive=False, executor=executor)(*args)


async def calls(call: Callable[..., Awaitable[Any]]) -> float:
    """Return the CPU time of a call in the pool, in microseconds."""
    began = time.process_time()
    for _ in range(CALLS):
        await call(abs, -1)
    return (time.process_time() - began) / CALLS * 1e6


async def main() -> None:
    """Print one line for each override."""
    rows: list[tuple[str, str, Callable[[], Awaitable[float]]]] = [
        ("frame", "Flack", lambda: frames(ChatConsumer)),
        ("frame", "with Channels' __call__", lambda: frames(ChannelsCall)),
        ("frame", "with Channels' dispatch", lambda: frames(ChannelsDispatch)),
        ("idle socket", "Flack", lambda: idle(ChatConsumer)),
        ("idle socket", "with Channels' __call__", lambda: idle(ChannelsCall)),
        ("call in a thread", "in_thread", lambda: calls(in_thread)),
        ("call in a thread", "database_sync_to_async", lambda: calls(database_call)),
    ]
    results: dict[tuple[str, str], list[float]] = {}
    for _ in range(RUNS):
        for what, variant, measure in rows:
            results.setdefault((what, variant), []).append(await measure())
    for (what, variant), values in results.items():
        unit = "KiB" if what == "idle socket" else "us"
        print(f"{what:17} {variant:25} {median(values):7.1f} {unit}")


if __name__ == "__main__":
    asyncio.run(main())
