"""The publisher: sends the pushes of one process into the channel layer, numbered and in order."""

import asyncio
import atexit
import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from uuid import uuid4

from channels.layers import get_channel_layer

from chat.observability import metrics

GROUP = "push"
HEARTBEAT = 2.0  # seconds
JOIN = 0.02  # seconds from one message to the next: pushes of a busy process are joined
TIMEOUT = 2.0  # seconds that sending may take
RETRY = 1.0  # seconds after a failure in which nothing is sent
MAX_SIZE = 4 * 1024 * 1024  # characters that may be queued; more are dropped, and hubs repair
MAX_ENDED = 10_000  # tokens; if more end at once, hubs look up the tokens of their sockets
FLUSH = 5.0  # seconds that a process waits at its end until its last pushes are sent

logger = logging.getLogger(__name__)


class Publisher:
    """Sends texts from one event loop; they are queued by any thread.

    `async_to_sync(group_send)` would make a loop and a connection per push; this keeps one. A text
    is sent at once, unless a message was sent less than `JOIN` seconds before: those queued until
    then are sent in one message. Each message carries the publisher's name and a number that goes
    up by one, also when sending fails, and an empty message is sent every `HEARTBEAT` seconds, so
    any loss is soon visible as a gap in the numbers. The last message is marked as such: a
    publisher that falls silent without it was killed, perhaps between a commit and its push.

    The hub of the same process confirms each number that comes back. While the newest does not,
    the channel layer is unavailable, whatever the reason.
    """

    def __init__(self) -> None:
        self.name = ""
        self._number = 0
        self._unconfirmed_since: float | None = None
        self._lock = threading.Lock()
        self._texts: deque[str] = deque()
        self._size = 0  # characters in `_texts`
        self._is_full = False  # True once a text or an ended token did not fit
        self._ended: deque[str] = deque()
        self._retry_at = 0.0
        self._leaving = self._is_gone = False
        self._left: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._is_woken = False  # True once the loop was asked to send what is queued
        self._join_until = 0.0  # by the clock of the loop
        self._pid = 0

    def start(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Run on `loop`, or in a thread with a loop of its own; later calls do nothing.

        A forked process has none of its parent's threads, so there the first call starts anew.
        """
        with self._lock:
            if self._pid == os.getpid():
                return
            self._pid, self._wake = os.getpid(), asyncio.Event()
            self.name, self._number, self._unconfirmed_since = uuid4().hex, 0, None
            self._leaving, self._is_gone, self._left = False, False, Future()
            self._is_full, self._is_woken, self._retry_at, self._join_until = False, False, 0.0, 0.0
            self._loop = loop or asyncio.new_event_loop()
            if loop is None:
                threading.Thread(target=self._run_alone, name="push", daemon=True).start()
                atexit.register(self._leave_at_exit)
            else:
                self._left = asyncio.run_coroutine_threadsafe(self._run(), loop)

    def publish(self, text: str) -> None:
        """Queue a text for sending. Does not block; safe to call from any thread.

        After the last message it counts as lost: hubs repair what a process did after it left.
        """
        self.start()
        with self._lock:
            if self._is_gone or self._size + len(text) > MAX_SIZE:
                metrics.LOST.inc()
                self._lose()
                return
            self._texts.append(text)
            self._size += len(text)
            self._start_sending()

    def end(self, digests: Sequence[str]) -> None:
        """Queue the digests of tokens that have ended, as `publish` queues a text.

        Lost ones are a gap too: a repair closes the sockets of all tokens that have ended.
        """
        self.start()
        with self._lock:
            if self._is_gone or len(self._ended) + len(digests) > MAX_ENDED:
                self._lose()
            else:
                self._ended.extend(digests)
            if not self._is_gone:
                self._start_sending()

    def _lose(self) -> None:
        if not self._is_full:  # one line for all
            logger.warning("A push is lost: the process has left, or the queue is full")
        self._is_full = True

    def _start_sending(self) -> None:
        assert self._loop is not None
        if not self._is_woken:  # waking a loop from another thread costs more than a comparison
            self._loop.call_soon_threadsafe(self._wake_soon)
            self._is_woken = True

    def _wake_soon(self) -> None:
        assert self._loop is not None
        if self._loop.time() < self._join_until:
            self._loop.call_at(self._join_until, self._wake.set)
        else:
            self._wake.set()

    def confirm(self, number: int) -> None:
        """Note that the hub received this number."""
        self._unconfirmed_since = None if number == self._number else time.monotonic()

    def late_by(self) -> float:
        """Return for how many seconds a message has been on its way to the hub."""
        since = self._unconfirmed_since
        return 0.0 if since is None else time.monotonic() - since

    def _run_alone(self) -> None:
        assert self._loop is not None
        try:
            self._loop.run_until_complete(self._run())
        finally:
            self._loop.close()
            self._left.set_result(None)

    async def _run(self) -> None:
        while not self._is_gone:
            try:
                await self._send_next()
            except Exception:  # a defect; its number is missing, so hubs repair
                logger.exception("The publisher failed, starting it again")
                metrics.FAILURES.labels("publish").inc()
                await asyncio.sleep(RETRY)

    async def _send_next(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT):
                await self._wake.wait()
        self._wake.clear()
        with self._lock:
            last = self._is_gone = self._leaving
            texts, ended, self._size = _emptied(self._texts), _emptied(self._ended), 0
            # What did not fit in the queue is a gap too: their number is left out.
            self._number += 2 if self._is_full else 1
            self._is_full = self._is_woken = False
        self._join_until = asyncio.get_running_loop().time() + JOIN
        if self._unconfirmed_since is None:
            self._unconfirmed_since = time.monotonic()
        # While the layer is unavailable texts are dropped: the gap in the numbers shows it.
        lost = len(texts)
        if time.monotonic() >= self._retry_at:
            message = {
                "type": "push",
                "publisher": self.name,
                "number": self._number,
                "texts": texts,
            }
            if ended:
                message["ended"] = ended
            if last:
                message["last"] = True
            try:
                async with asyncio.timeout(TIMEOUT):
                    await get_channel_layer().group_send(GROUP, message)
                lost = 0
            except Exception as error:  # each layer has errors of its own
                self._retry_at = time.monotonic() + RETRY
                logger.warning("Pushes are lost, hubs will repair error=%r", error)
        if lost:
            metrics.LOST.inc(lost)

    def leave(self) -> "Future[None]":
        """Send queued texts and the last message; the future is done once they are sent."""
        self._leaving = True
        if self._pid != os.getpid():  # it was not started, or in another process
            self._left = Future()
            self._left.set_result(None)
        elif not self._left.done():
            assert self._loop is not None
            with contextlib.suppress(RuntimeError):  # the loop was closed a moment ago
                self._loop.call_soon_threadsafe(self._wake.set)
        return self._left

    def _leave_at_exit(self) -> None:
        """Wait at the end of a command until its pushes are sent, for at most `FLUSH` seconds."""
        with contextlib.suppress(TimeoutError, CancelledError):
            self.leave().result(FLUSH)


def _emptied(queue: deque[str]) -> list[str]:
    return [queue.popleft() for _ in range(len(queue))]
