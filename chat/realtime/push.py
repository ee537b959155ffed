"""Push: tell every browser, through the channel layer, that something changed.

A push is a hint; the database is the truth. It leaves after commit, serialised once, and a failure
here never fails what was committed: every message of a process is numbered, so each node's hub sees
what it missed and tells its sockets to fetch (`chat/realtime/hub.py`). The same messages name
tokens that have ended, whose sockets every hub closes.
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

logger = logging.getLogger(__name__)


def push_model(instance: "User | Message") -> None:
    """Push a model's representation, as it is now, to every connected client after commit."""
    _push("updated_model", {"class": type(instance).__name__, "model": instance.to_dict()})


def push_deletion(deletion: "Deletion") -> None:
    """Tell every connected client after commit that rows are gone."""
    _push("deleted_model", deletion.to_dict())


def _push(event: str, data: dict[str, Any]) -> None:
    text = orjson.dumps({"event": event, "data": data}).decode()
    transaction.on_commit(lambda: publisher.publish(text), robust=True)


def end_sockets(digests: list[str]) -> None:
    """Close the sockets of the tokens with these digests, on every node, after commit.

    Where this message is lost, a socket hears pushes, as anyone may, until its next frame is 401.
    """
    transaction.on_commit(lambda: publisher.end(digests), robust=True)


class Publisher:
    """Sends the pushes of one process into the channel layer, in order, from one event loop.

    `async_to_sync(group_send)` would make a loop and a connection for each push; this keeps one.
    What is waiting leaves together. Each message carries this publisher's name and a number that
    goes up by one, also when sending fails, and every `HEARTBEAT` seconds there is one without
    texts: so any loss shows as a gap in the numbers, soon after it happened. The last one says that
    it is: who falls silent without it was killed, perhaps between a commit and its push.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[str] = deque()
        self._ended: deque[str] = deque()
        self._leaving = False
        self._left: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._pid = 0

    def start(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Run on `loop`, or on a thread of its own; only the first call of a process counts."""
        with self._lock:
            if self._pid == os.getpid():
                return
            self._pid, self._wake = os.getpid(), asyncio.Event()
            self._loop = loop or asyncio.new_event_loop()
            if loop is None:
                threading.Thread(target=self._loop.run_forever, name="push", daemon=True).start()
                atexit.register(self._leave_at_exit)
            self._left = asyncio.run_coroutine_threadsafe(self._run(), self._loop)

    def publish(self, text: str) -> None:
        """Take a text to send. Never waits for the channel layer; callable from any thread."""
        self._take(self._waiting, [text])

    def end(self, digests: Iterable[str]) -> None:
        """Take the digests of tokens that have ended, as `publish` takes a text."""
        self._take(self._ended, digests)

    def _take(self, waiting: deque[str], items: Iterable[str]) -> None:
        self.start()
        waiting.extend(items)
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        layer, name, retry_at = get_channel_layer(), uuid4().hex, 0.0
        for number in itertools.count(1):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), HEARTBEAT)
            self._wake.clear()
            last = self._leaving
            texts, ended = _emptied(self._waiting), _emptied(self._ended)
            # While the layer is away the texts are dropped: the gap in the numbers will tell.
            lost = len(texts)
            if time.monotonic() >= retry_at:
                message = {"type": "push", "publisher": name, "number": number, "texts": texts}
                if ended:
                    message["ended"] = ended
                if last:
                    message["last"] = True
                try:
                    await layer.group_send(GROUP, message)
                    lost = 0
                except Exception as error:  # each layer has errors of its own
                    retry_at = time.monotonic() + HEARTBEAT
                    logger.warning("Pushes are lost, browsers will be told to fetch: %s", error)
            if lost:
                metrics.LOST.inc(lost)
            if last:
                return

    def leave(self) -> "Future[None]":
        """Send what waits, and that nothing comes after it; the future is done when that is."""
        self._leaving = True
        if self._pid == os.getpid() and self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._wake.set)
        elif not self._left.done():
            self._left.set_result(None)  # it has not begun, or in another process
        return self._left

    def _leave_at_exit(self) -> None:
        """Before a command ends: wait until what it pushed has left, for 5 seconds at most."""
        with contextlib.suppress(TimeoutError, CancelledError):
            self.leave().result(5)


def _emptied(waiting: deque[str]) -> list[str]:
    return [waiting.popleft() for _ in range(len(waiting))]


publisher = Publisher()
