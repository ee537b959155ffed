"""A socket as the hub uses it: messages are sent at once, or wait in a bounded backlog."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any

from chat.observability import metrics

Message = dict[str, Any]  # of ASGI
Send = Callable[[Message], Coroutine[Any, Any, None]]

MAX_BACKLOG = 1024 * 1024  # characters that may wait for one socket
PARTING = 5.0  # seconds that a client has to read why its socket is closed, and to answer
# An ASGI extension that our server offers: `websocket.send` with `texts`, all in one write.
TEXTS = "websocket.send.texts"

logger = logging.getLogger(__name__)


class Socket:
    """One client's connection.

    Sending to a client that reads costs one call. A client that is behind gets a task and a backlog
    of its own, so it delays no other client. Past `MAX_BACKLOG` its socket is closed with 1013, try
    again later: the client reconnects and fetches what it missed.
    """

    __slots__ = ("_backlog", "_send", "_size", "_task", "address", "digest", "on_close", "texts")

    def __init__(self, send: Send, address: str, *, texts: bool) -> None:
        """Wrap the ASGI `send` of a client at `address`; `texts`: the server offers `TEXTS`."""
        self.address = address
        self.texts = texts
        self.digest: str | None = None  # of the token that the client sent last
        self.on_close: Callable[[Socket], None] | None = None  # set by the hub
        self._send = send
        self._backlog: list[Message] = []  # an empty deque would take ten times the memory
        self._size = 0
        self._task: asyncio.Task[None] | None = None

    def hold(self, opening: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `opening`, the accept of the socket; messages written meanwhile are sent after it."""
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
            if self._size > MAX_BACKLOG:
                logger.info("Closing a socket whose client does not read address=%s", self.address)
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
        """Close with a WebSocket code, after a last text; the backlog is dropped."""
        self._closed()
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._close(code, text))

    async def _close(self, code: int, text: str | None) -> None:
        try:
            if text is not None:
                try:
                    async with asyncio.timeout(PARTING):
                        await self._send({"type": "websocket.send", "text": text})
                except TimeoutError:
                    logger.debug(
                        "A closed socket did not read its last text address=%s", self.address
                    )
            await self._send({"type": "websocket.close", "code": code})
        except Exception as error:  # each server has errors of its own
            self._lost(error)

    def _lost(self, error: Exception) -> None:
        logger.debug("Lost a socket address=%s error=%r", self.address, error)
        self._closed()

    def _closed(self) -> None:
        if self.on_close is not None:
            self.on_close(self)


@coroutine
def _resume(started: Coroutine[Any, Any, None], waiting_for: Any) -> Generator[Any, Any, None]:
    """Continue a coroutine that was started by hand and now waits (an eager task, for 3.11)."""
    yield waiting_for
    yield from started
