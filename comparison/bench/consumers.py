"""What Flack's consumer and pool of threads save, each beside the default of Channels.

`python -m comparison.bench.overrides` measures them. The frames are nonsense, so that only the way
to the handler and back counts.
"""

import asyncio
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from chat.consumers import ChatConsumer, Receive
from chat.realtime.socket import Send, Socket
from chat.threads import in_thread

FRAMES, CALLS, SOCKETS = 2000, 2000, 500
AT_ONCE = 8  # calls
executor = ThreadPoolExecutor(AT_ONCE)


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


class ChannelsDisconnect(ChatConsumer):
    """The consumer with Channels' own end of a socket: a hop into a thread for each."""

    websocket_disconnect = AsyncWebsocketConsumer.websocket_disconnect


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


async def openings(consumer: type[ChatConsumer]) -> float:
    """Return the CPU time of a socket that opens and closes at once, in microseconds."""

    async def send(message: dict[str, Any]) -> None:
        pass

    began = time.process_time()
    for _ in range(SOCKETS):
        close = {"type": "websocket.disconnect", "code": 1000}
        inbox: Iterator[dict[str, Any]] = iter([{"type": "websocket.connect"}, close])

        async def receive(inbox: Iterator[dict[str, Any]] = inbox) -> dict[str, Any]:
            return next(inbox)

        await consumer()(SCOPE, receive, send)
    return (time.process_time() - began) / SOCKETS * 1e6


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
    """Return the CPU time of a call in a thread, of `AT_ONCE` at a time, in microseconds."""
    began = time.process_time()
    for _ in range(CALLS // AT_ONCE):
        await asyncio.gather(*(call(abs, -1) for _ in range(AT_ONCE)))
    return (time.process_time() - began) / CALLS * 1e6


# What is measured, the variant, the measurement and what it is given.
ROWS: list[tuple[str, str, Callable[[Any], Coroutine[Any, Any, float]], Any]] = [
    ("frame, µs", "ChatConsumer", frames, ChatConsumer),
    ("frame, µs", "Channels' __call__", frames, ChannelsCall),
    ("frame, µs", "Channels' dispatch", frames, ChannelsDispatch),
    ("opening and closing, µs", "ChatConsumer", openings, ChatConsumer),
    ("opening and closing, µs", "Channels' disconnect", openings, ChannelsDisconnect),
    ("idle socket, KiB", "ChatConsumer", idle, ChatConsumer),
    ("idle socket, KiB", "Channels' __call__", idle, ChannelsCall),
    ("call in a thread, µs", "in_thread", calls, in_thread),
    ("call in a thread, µs", "database_sync_to_async", calls, database_call),
]
