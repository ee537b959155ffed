"""Push: publish to every node, through the channel layer, that something changed.

A push is a hint; the database is the truth. It is serialised once and sent after commit, and a
failure here never fails what was committed: the messages of a process are numbered, so each node's
hub detects what it missed (`chat/realtime/hub.py`). The same messages list tokens that have ended,
whose sockets every hub closes.
"""

import asyncio
import atexit
import contextlib
import itertools
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
from channels.layers import get_channel_layer
from django.db import transaction

from chat.observability import metrics

if TYPE_CHECKING:
    from chat.models import Deletion, Message, User

GROUP = "push"
HEARTBEAT = 2.0  # seconds
RETRY = 1.0  # seconds after a failure in which nothing is sent
FLUSH = 5.0  # seconds that a process waits at its end until its last pushes are sent

logger = logging.getLogger(__name__)


def push_model(instance: "User | Message") -> None:
    """Push a model's representation, as it is now, to every connected client after commit."""
    _push(updated_model(instance))


def push_deletion(deletion: "Deletion") -> None:
    """Push the ids of deleted rows to every connected client after commit."""
    _push(deleted_model(deletion))


def updated_model(instance: "User | Message") -> str:
    """Return the text of the push of a model's representation."""
    return _frame("updated_model", {"class": type(instance).__name__, "model": instance.to_dict()})


def deleted_model(deletion: "Deletion") -> str:
    """Return the text of the push of a deletion."""
    return _frame("deleted_model", deletion.to_dict())


def _frame(event: str, data: dict[str, Any]) -> str:
    return orjson.dumps({"event": event, "data": data}).decode()


def _push(text: str) -> None:
    transaction.on_commit(lambda: publisher.publish(text), robust=True)


def end_sockets(digests: list[str]) -> None:
    """Close the sockets of the tokens with these digests, on every node, after commit.

    If this message is lost, a socket receives pushes, as an anonymous one does, until its next
    frame is answered with 401.
    """
    transaction.on_commit(lambda: publisher.end(digests), robust=True)


class Publisher:
    """Sends the pushes of one process into the channel layer, in order, from one event loop.

    `async_to_sync(group_send)` would make a loop and a connection per push; this keeps one. Queued
    texts are sent in one message. Each message carries the publisher's name and a number that goes
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
        self._ended: deque[str] = deque()
        self._leaving = self._is_gone = False
        self._left: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
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
        if not self._add(self._texts, [text]):
            metrics.LOST.inc()
            logger.warning("A push is lost, because this process has left")

    def end(self, digests: Iterable[str]) -> None:
        """Queue the digests of tokens that have ended, as `publish` queues a text."""
        self._add(self._ended, digests)

    def _add(self, queue: deque[str], items: Iterable[str]) -> bool:
        self.start()
        with self._lock:
            if self._is_gone:
                return False
            queue.extend(items)
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._wake.set)
        return True

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
        layer, retry_at = get_channel_layer(), 0.0
        for number in itertools.count(1):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT):
                    await self._wake.wait()
            self._wake.clear()
            with self._lock:
                last = self._is_gone = self._leaving
                texts, ended = _emptied(self._texts), _emptied(self._ended)
            self._number = number
            if self._unconfirmed_since is None:
                self._unconfirmed_since = time.monotonic()
            # While the layer is unavailable texts are dropped: the gap in the numbers shows it.
            lost = len(texts)
            if time.monotonic() >= retry_at:
                message = {"type": "push", "publisher": self.name, "number": number, "texts": texts}
                if ended:
                    message["ended"] = ended
                if last:
                    message["last"] = True
                try:
                    async with asyncio.timeout(HEARTBEAT):
                        await layer.group_send(GROUP, message)
                    lost = 0
                except Exception as error:  # each layer has errors of its own
                    retry_at = time.monotonic() + RETRY
                    logger.warning("Pushes are lost, hubs will repair: %r", error)
            if lost:
                metrics.LOST.inc(lost)
            if last:
                return

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


publisher = Publisher()
