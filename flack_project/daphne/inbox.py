"""The queue between a connection and its application."""

import asyncio
from typing import Any

from flack_project.daphne.websocket import Message, WebSocketProtocol

MAX_MESSAGES = 16
MAX_SIZE = 256 * 1024  # characters of text, bytes of binary frames


class Inbox:
    """Messages that an application has not received yet, in a tenth of the memory of a Queue.

    While more than `MAX_MESSAGES` or `MAX_SIZE` of a socket wait, nothing is read from it. What was
    read before is added still: at most 64 KiB of frames, the size of one read.
    """

    __slots__ = ("_full", "_messages", "_size", "_wake", "protocol")

    def __init__(self, protocol: Any) -> None:
        self.protocol = protocol if isinstance(protocol, WebSocketProtocol) else None
        self._messages: list[Message] = []
        self._size = 0
        self._full = False
        self._wake: asyncio.Future[None] | None = None

    def put_nowait(self, message: Message) -> None:
        """Add a message; stop reading from a socket that sends faster than it is received."""
        self._messages.append(message)
        self._size += size(message)
        self._throttle()
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def get(self) -> Message:
        """Remove and return the first message; wait until there is one."""
        while not self._messages:
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        message = self._messages.pop(0)
        self._size -= size(message)
        self._throttle()
        return message

    def _throttle(self) -> None:
        full = len(self._messages) > MAX_MESSAGES or self._size > MAX_SIZE
        if full != self._full and self.protocol is not None:
            self._full = full
            self.protocol.read(not full)


def size(message: Message) -> int:
    """Return the length of what a `websocket.receive` message holds."""
    return len(message.get("text") or message.get("bytes") or "")
