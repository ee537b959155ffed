"""The hub: one subscription for the process, fan-out to its sockets.

Channels' own way gives each consumer a channel of the group: every push is then copied, decoded and
framed once for each socket. Here a process has one, and each text goes on to every socket as it is.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from types import coroutine
from typing import Any

import orjson
from channels.layers import get_channel_layer

from chat.errors import UNAUTHENTICATED, error_frame
from chat.observability import metrics
from chat.realtime.push import GROUP, HEARTBEAT, publisher

Message = dict[str, Any]  # of ASGI
Send = Callable[[Message], Coroutine[Any, Any, None]]

MAX_WAITING = 1024 * 1024  # characters that may wait for one socket
SOCKETS_A_TURN = 100  # then HTTP, pings and posts get theirs
RESYNC_AFTER = 1.0  # seconds
SILENT = 3 * HEARTBEAT  # seconds in which each publisher is heard, unless it was killed
RESYNC = orjson.dumps({"event": "resync", "data": {}}).decode()
PARTING = 5.0  # seconds that a client gets to read why its socket is closed
# An ASGI extension that our server offers: `websocket.send` with `texts`, all in one write.
TEXTS = "websocket.send.texts"

logger = logging.getLogger(__name__)


class Socket:
    """One client's connection, as the hub sees it.

    A socket that takes what it is given costs one call. One that must wait gets a task and a
    backlog of its own, so no other socket ever waits for it, and past `MAX_WAITING` it is closed
    with 1013, try again later: its client will fetch what it missed.
    """

    __slots__ = ("_backlog", "_send", "_size", "_task", "address", "digest", "texts")

    def __init__(self, send: Send, address: str, *, texts: bool) -> None:
        """Take the ASGI `send`, the client's address, and whether the server offers `TEXTS`."""
        self.address = address
        self.texts = texts
        self.digest: str | None = None  # of the token that the client named last
        self._send = send
        self._backlog: list[Message] = []  # an empty deque would take ten times the memory
        self._size = 0
        self._task: asyncio.Task[None] | None = None

    def hold(self, opening: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Keep what is written meanwhile until `opening`, the accept of the socket, is done."""
        self._task = asyncio.create_task(self._finish(opening))
        return self._task

    def write(self, messages: list[Message], size: int) -> None:
        """Send ASGI messages, `size` characters in all, at once or as soon as the client reads."""
        if self._task is None:
            single = len(messages) == 1
            delivery = self._send(messages[0]) if single else self._deliver(messages)
            try:
                waiting_for = delivery.send(None)
            except StopIteration:
                return
            except Exception as error:  # each server has errors of its own
                self._lost(error)
                return
            self._task = asyncio.create_task(self._finish(_resume(delivery, waiting_for)))
        else:
            self._backlog += messages
            self._size += size
            if self._size > MAX_WAITING:
                logger.info("Closing a socket of %s that does not read", self.address)
                metrics.DROPPED.inc()
                self.close(1013)

    async def _deliver(self, messages: list[Message]) -> None:
        for message in messages:
            await self._send(message)

    async def _finish(self, delivery: Coroutine[Any, Any, None]) -> None:
        try:
            await delivery
            while self._backlog:
                message = self._backlog.pop(0)
                await self._send(message)
                self._size -= sum(map(len, message.get("texts") or [message["text"]]))
            self._task = None
        except Exception as error:  # each server has errors of its own
            self._lost(error)

    def close(self, code: int, *, text: str | None = None) -> None:
        """Leave the hub and close with a WebSocket code, after a last text."""
        hub.leave(self)
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._close(code, text))

    async def _close(self, code: int, text: str | None) -> None:
        try:
            if text is not None:
                with suppress(TimeoutError):
                    last = self._send({"type": "websocket.send", "text": text})
                    await asyncio.wait_for(last, PARTING)
            await self._send({"type": "websocket.close", "code": code})
        except Exception as error:  # each server has errors of its own
            self._lost(error)

    def _lost(self, error: Exception) -> None:
        logger.debug("Lost a socket of %s: %r", self.address, error)
        hub.leave(self)


@coroutine
def _resume(started: Coroutine[Any, Any, None], waiting_for: Any) -> Generator[Any, Any, None]:
    """Go on with a coroutine that was started by hand and now waits (an eager task, for 3.11)."""
    yield waiting_for
    yield from started


class Hub:
    """The sockets of this process, and what they are told."""

    def __init__(self) -> None:
        self.sockets: set[Socket] = set()
        self.addresses: Counter[str] = Counter()
        self._heard: dict[str, tuple[int, float]] = {}  # each publisher's last number, and when
        self._look_at = 0.0
        self._subscribed_at = 0.0
        self._waiting: list[str] = []
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._resync: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Subscribe, from the running event loop; every further call does nothing."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._loop, self._wake = loop, asyncio.Event()
        self._tasks = [loop.create_task(self._receive()), loop.create_task(self._fan_out())]
        publisher.start(loop)

    def join(self, socket: Socket) -> None:
        """Add a socket: from now on it gets every push."""
        self.sockets.add(socket)
        metrics.SOCKETS.inc()
        self.addresses[socket.address] += 1

    def leave(self, socket: Socket) -> None:
        """Remove a socket, if it is still here."""
        if socket in self.sockets:
            self.sockets.remove(socket)
            metrics.SOCKETS.dec()
            self.addresses[socket.address] -= 1
            if not self.addresses[socket.address]:
                del self.addresses[socket.address]

    async def _receive(self) -> None:
        layer, failed = get_channel_layer(), False
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                self._subscribed_at = time.monotonic()
                if failed:
                    self._resync_soon()
                while True:
                    message = await layer.receive(channel)
                    if self._missed(message["publisher"], message["number"]):
                        self._resync_soon()
                    if message.get("last"):
                        del self._heard[message["publisher"]]
                    if self._fell_silent():
                        self._resync_soon()
                    self._take(message["texts"])
                    if "ended" in message:
                        self._end(frozenset(message["ended"]))
            except Exception as error:  # each layer has errors of its own
                failed = True
                logger.warning("Cannot hear pushes, trying again: %s", error)
                await asyncio.sleep(1)

    def _missed(self, name: str, number: int) -> bool:
        """Say whether a message of this publisher was lost before this one.

        A publisher not heard of is an old one until each had time for a heartbeat; later it is new,
        and its numbers begin with 1.
        """
        last, now = self._heard.get(name), time.monotonic()
        self._heard[name] = number, now
        if last is not None:
            return number != last[0] + 1
        return number != 1 and now > self._subscribed_at + SILENT

    def _fell_silent(self) -> bool:
        """Say whether a publisher was killed, with a push of what it had committed perhaps."""
        now = time.monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + HEARTBEAT
        silent = [name for name, (_, heard_at) in self._heard.items() if heard_at < now - SILENT]
        for name in silent:
            del self._heard[name]
        return bool(silent)

    def _resync_soon(self) -> None:
        """Tell every socket to fetch, once for all gaps that show within `RESYNC_AFTER`."""
        if self._resync is None:
            self._resync = asyncio.get_running_loop().call_later(RESYNC_AFTER, self._resync_now)

    def _resync_now(self) -> None:
        self._resync = None
        logger.warning("Missed pushes: telling %d sockets to fetch", len(self.sockets))
        metrics.RESYNCED.inc(len(self.sockets))
        self._take([RESYNC])

    def _take(self, texts: list[str]) -> None:
        if texts and self.sockets:
            self._waiting += texts
            self._wake.set()

    def _end(self, digests: frozenset[str]) -> None:
        """Close the sockets of tokens that have ended; each may come back, as nobody."""
        for socket in tuple(self.sockets):
            if socket.digest in digests:
                socket.close(1008, text=error_frame(401, UNAUTHENTICATED))

    async def _fan_out(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            texts, self._waiting = self._waiting, []
            single: list[Message] = [{"type": "websocket.send", "text": text} for text in texts]
            joined = single if len(texts) == 1 else [{"type": "websocket.send", "texts": texts}]
            size = sum(map(len, texts))
            began, sockets = time.perf_counter(), tuple(self.sockets)
            for turn, socket in enumerate(sockets, 1):
                socket.write(joined if socket.texts else single, size)
                if turn % SOCKETS_A_TURN == 0:
                    await asyncio.sleep(0)
            metrics.FAN_OUT.observe(time.perf_counter() - began)
            metrics.DELIVERIES.inc(len(sockets) * len(texts))


hub = Hub()
