"""The hub: one subscription per process, and fan-out to its sockets.

With plain Channels each consumer has a channel in the group, so every push is copied, decoded and
framed once per socket. Here the process has one channel, and each text is sent to every socket
unchanged.
"""

import asyncio
import logging
import math
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from channels.layers import get_channel_layer
from django.db import Error as DatabaseError

from chat import throttling
from chat.errors import UNAUTHENTICATED, error_frame
from chat.observability import metrics
from chat.realtime import push, repair
from chat.realtime.gaps import SILENT, Gaps
from chat.realtime.publisher import GROUP, HEARTBEAT, Publisher
from chat.realtime.roster import roster
from chat.realtime.socket import Message, Socket
from chat.threads import in_thread

SOCKETS_A_TURN = 100  # written to before HTTP requests, pings and posts are served again
REPAIR_EVERY = 1.0  # seconds, while the channel layer is unavailable; gaps wait as long
LATE = 0.5  # seconds after which a message of this process that did not come back is missing
RESYNC_PAUSE = 5.0  # seconds from one `resync` to the next; smaller gaps are repaired meanwhile
RETRY = 1.0  # seconds until a new subscription, and until a failed task starts again
MAX_QUEUE = 1024 * 1024  # characters that wait for a fan-out; more are dropped, and repaired
MAX_FAILURES = 5  # of the hub's tasks, within `FAILURES_WITHIN` seconds
FAILURES_WITHIN = 60.0
RECENT = 2 * repair.MAX_ROWS  # texts that a repair does not send again
RESYNC = orjson.dumps({"event": "resync", "data": {}}).decode()

logger = logging.getLogger(__name__)


class Hub:
    """The sockets of this process, and the pushes they receive."""

    def __init__(self, publisher: Publisher) -> None:
        """Take the publisher of this process."""
        self.publisher = publisher
        self.sockets: set[Socket] = set()
        self.addresses: Counter[str] = Counter()
        self.subscribed = asyncio.Event()
        self._gaps = Gaps()
        self._resync_at = -math.inf  # in terms of `time.monotonic()`; not before
        # When the oldest text was queued that was not sent to all, or the gap began that it
        # repairs: of `_queue`, and of the fan-out under way.
        self._queued_since = self._sending_since = math.inf
        self._queue: list[str] = []
        self._size = 0  # characters in `_queue`
        self._recent: dict[int, None] = {}  # hashes of the texts sent last, oldest first
        self._deletions: deque[str] = deque(maxlen=RECENT)  # received since the last repair began
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._failures: deque[float] = deque(maxlen=MAX_FAILURES)

    def start(self) -> None:
        """Subscribe, from the running event loop; every further call does nothing."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._loop, self._wake, self.subscribed = loop, asyncio.Event(), asyncio.Event()
        roster.start()
        work = (self._receive, self._fan_out, self._repair, roster.write, roster.write_arrivals)
        self._tasks = [loop.create_task(self._supervise(task)) for task in work]
        self.publisher.start(loop)

    async def stop(self) -> None:
        """End all tasks, and wait until they have ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _supervise(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await work()
            except Exception:
                logger.exception("A task of the hub failed task=%s", work.__name__)
            metrics.FAILURES.labels(work.__name__.strip("_")).inc()
            self._failures.append(time.monotonic())
            self._drop()
            await asyncio.sleep(RETRY)

    def is_broken(self) -> bool:
        """Return True if the tasks of the hub ended, or fail however often they are started."""
        often = len(self._failures) == MAX_FAILURES
        often = often and self._failures[0] > time.monotonic() - FAILURES_WITHIN
        return often or any(task.done() for task in self._tasks)

    def state(self) -> str:
        """Return "ok", "unavailable", or "not used" before `start`; callable from any thread."""
        if not self._tasks:
            return "not used"
        is_cut_off = not self.subscribed.is_set() or self.publisher.late_by() > 2 * HEARTBEAT
        return "unavailable" if is_cut_off or self.is_broken() else "ok"

    def join(self, socket: Socket) -> None:
        """Add a socket; it receives every push from now on."""
        self.sockets.add(socket)
        socket.on_close = self.leave
        metrics.SOCKETS.inc()
        self.addresses.update(network for network, _ in throttling.networks(socket.address))

    def leave(self, socket: Socket) -> None:
        """Remove a socket, if it is still here."""
        if socket in self.sockets:
            self.sockets.remove(socket)
            metrics.SOCKETS.dec()
            for network, _ in throttling.networks(socket.address):
                self.addresses[network] -= 1
                if not self.addresses[network]:
                    del self.addresses[network]

    async def _receive(self) -> None:
        while True:
            layer = get_channel_layer()
            try:
                async with asyncio.timeout(SILENT):
                    channel = await layer.new_channel()
                    await layer.group_add(GROUP, channel)
                self._gaps.subscribe()
                self.subscribed.set()
                while True:
                    # Without this process's own heartbeats the connection is dead.
                    async with asyncio.timeout(SILENT):
                        message = await layer.receive(channel)
                    self._handle(message)
            except Exception as error:  # each layer has errors of its own
                logger.warning("Cannot receive pushes, subscribing again error=%r", error)
            self.subscribed.clear()
            self._gaps.unsubscribe()
            try:
                async with asyncio.timeout(SILENT):
                    await layer.flush()  # drops the connection
            except Exception as error:  # each layer has errors of its own
                logger.warning("Cannot close the channel layer error=%r", error)
            await asyncio.sleep(RETRY)

    def _handle(self, message: dict[str, Any]) -> None:
        try:
            name, number, last = message["publisher"], message["number"], message.get("last", False)
            texts, ended = list(message["texts"]), frozenset(message.get("ended", ()))
            if not (isinstance(name, str) and isinstance(number, int)):
                raise TypeError("publisher or number")
            if not all(isinstance(text, str) for text in texts):
                raise TypeError("texts")
        except (AttributeError, KeyError, TypeError) as error:
            metrics.FAILURES.labels("message").inc()
            logger.warning("Dropped a malformed message of the group error=%r", error)
            return
        self._gaps.receive(name, number, last=bool(last))
        if name == self.publisher.name:
            self.publisher.confirm(number)
        self._deletions.extend(filter(push.is_deletion, texts))
        self._send(texts)
        if ended:
            self._end(ended)

    async def _repair(self) -> None:
        while True:
            await asyncio.sleep(REPAIR_EVERY)
            if self.publisher.late_by() > LATE:
                self._gaps.add(self._gaps.pushed_after(self.publisher.name))
            self._gaps.look()
            if self._gaps.since == math.inf:
                continue
            try:
                await self._repair_gap()
            except DatabaseError as error:
                logger.warning("Cannot read missed pushes, trying again error=%s", error)

    async def _repair_gap(self) -> None:
        """Send what changed in the gap, or `resync` if that is too much, so that clients fetch.

        Sockets whose tokens ended in the gap are closed. A row may be deleted right after it was
        read: deletions that are received meanwhile are sent again after the rows.
        """
        since, began = self._gaps.take(), time.monotonic()
        self._deletions.clear()
        digests = [socket.digest for socket in self.sockets if socket.digest]
        try:
            ended = await in_thread(repair.ended, digests) if digests else frozenset()
            texts = await in_thread(repair.changes, since) if self.sockets else []
        except Exception:
            self._gaps.add(since)
            raise
        self._end(ended)
        if len(self._deletions) == RECENT:  # some may have been dropped
            texts = None
        if texts is None and began < self._resync_at:
            self._gaps.add(since)
            return
        self._gaps.close(began)
        if texts is None:
            logger.warning("Missed too many pushes, sending resync sockets=%d", len(self.sockets))
            metrics.RESYNCED.inc(len(self.sockets))
            self._resync_at = began + RESYNC_PAUSE
            self._send([RESYNC], since)
            return
        missed = [text for text in texts if hash(text) not in self._recent]
        metrics.REPAIRED.inc(len(missed))
        self._send(missed + list(self._deletions), since)

    def _send(self, texts: list[str], since: float = math.inf) -> None:
        if not texts or not self.sockets:
            return
        self._queued_since = min(self._queued_since, since, time.monotonic())
        self._queue += texts
        self._size += sum(map(len, texts))
        self._wake.set()
        for text in texts:
            self._recent[hash(text)] = None
        while len(self._recent) > RECENT:
            del self._recent[next(iter(self._recent))]
        if self._size > MAX_QUEUE:
            logger.warning(
                "Pushes came faster than they are sent, dropping texts=%d", len(self._queue)
            )
            self._drop()

    def _drop(self) -> None:
        """Drop the texts that were not sent yet; the next repair reads them from the database."""
        self._queue, self._size = [], 0
        self._recent.clear()  # some were not sent
        self._gaps.reopen(min(self._sending_since, self._queued_since, time.monotonic()))
        self._queued_since = self._sending_since = math.inf

    def _end(self, digests: frozenset[str]) -> None:
        """Close the sockets of tokens that have ended; clients may reconnect anonymously."""
        for socket in tuple(self.sockets):
            if socket.digest in digests:
                socket.close(1008, text=error_frame(401, UNAUTHENTICATED))

    async def _fan_out(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            texts, self._queue, self._size = self._queue, [], 0
            if not texts:  # they were dropped
                continue
            self._sending_since, self._queued_since = self._queued_since, math.inf
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
            self._sending_since = math.inf


hub = Hub(push.publisher)
