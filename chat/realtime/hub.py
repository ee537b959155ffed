"""The hub: one subscription per process, and fan-out to its sockets.

With plain Channels each consumer has a channel in the group, so every push is copied, decoded and
framed once per socket. Here the process has one channel, and each text is sent to every socket
unchanged.
"""

import asyncio
import logging
import time
from collections import Counter
from typing import Any

import orjson
from channels.layers import get_channel_layer

from chat.errors import UNAUTHENTICATED, error_frame
from chat.observability import metrics
from chat.realtime import push
from chat.realtime.push import GROUP, HEARTBEAT, Publisher
from chat.realtime.socket import Message, Socket

SOCKETS_A_TURN = 100  # written to before HTTP requests, pings and posts are served again
RESYNC_AFTER = 1.0  # seconds
SILENT = 3 * HEARTBEAT  # seconds in which every publisher sends a message, unless it was killed
RESYNC = orjson.dumps({"event": "resync", "data": {}}).decode()

logger = logging.getLogger(__name__)


class Hub:
    """The sockets of this process, and the pushes they receive."""

    def __init__(self, publisher: Publisher) -> None:
        """Take the publisher of this process, which runs on the same event loop."""
        self.publisher = publisher
        self.sockets: set[Socket] = set()
        self.addresses: Counter[str] = Counter()
        self.subscribed = asyncio.Event()
        self._heard: dict[str, tuple[int, float]] = {}  # each publisher's last number, and when
        self._look_at = 0.0
        self._subscribed_at = 0.0
        self._queue: list[str] = []
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
        self.publisher.start(loop)

    async def stop(self) -> None:
        """End the subscription and the fan-out, and wait until both have ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def join(self, socket: Socket) -> None:
        """Add a socket; it receives every push from now on."""
        self.sockets.add(socket)
        socket.on_close = self.leave
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
                self.subscribed.set()
                if failed:
                    self._resync_soon()
                while True:
                    self._handle(await layer.receive(channel))
            except Exception as error:  # each layer has errors of its own
                failed = True
                logger.warning("Cannot receive pushes, subscribing again: %s", error)
                await asyncio.sleep(1)

    def _handle(self, message: dict[str, Any]) -> None:
        if self._missed(message["publisher"], message["number"]):
            self._resync_soon()
        if message.get("last"):
            del self._heard[message["publisher"]]
        if self._fell_silent():
            self._resync_soon()
        self._send(message["texts"])
        if "ended" in message:
            self._end(frozenset(message["ended"]))

    def _missed(self, name: str, number: int) -> bool:
        """Return True if a message of this publisher was lost before this one.

        A publisher without an entry is an old one until each had time for a heartbeat; after that
        it is new, and its numbers begin with 1.
        """
        last, now = self._heard.get(name), time.monotonic()
        self._heard[name] = number, now
        if last is not None:
            return number != last[0] + 1
        return number != 1 and now > self._subscribed_at + SILENT

    def _fell_silent(self) -> bool:
        """Return True if a publisher was killed, perhaps between a commit and its push."""
        now = time.monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + HEARTBEAT
        silent = [name for name, (_, heard_at) in self._heard.items() if heard_at < now - SILENT]
        for name in silent:
            del self._heard[name]
        return bool(silent)

    def _resync_soon(self) -> None:
        """Send `resync` to every socket, once for all gaps found within `RESYNC_AFTER`."""
        if self._resync is None:
            self._resync = asyncio.get_running_loop().call_later(RESYNC_AFTER, self._resync_now)

    def _resync_now(self) -> None:
        self._resync = None
        logger.warning("Missed pushes, sending resync: sockets=%d", len(self.sockets))
        metrics.RESYNCED.inc(len(self.sockets))
        self._send([RESYNC])

    def _send(self, texts: list[str]) -> None:
        if texts and self.sockets:
            self._queue += texts
            self._wake.set()

    def _end(self, digests: frozenset[str]) -> None:
        """Close the sockets of tokens that have ended; clients may reconnect anonymously."""
        for socket in tuple(self.sockets):
            if socket.digest in digests:
                socket.close(1008, text=error_frame(401, UNAUTHENTICATED))

    async def _fan_out(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            texts, self._queue = self._queue, []
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


hub = Hub(push.publisher)
