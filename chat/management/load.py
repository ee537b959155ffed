"""The load generator behind `loadchat`: users who post over sockets."""

import asyncio
import json
import random
import time
from collections import deque
from contextlib import suppress
from statistics import quantiles
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from chat.management.demo import random_text

PING = 30  # seconds
dice = random.Random()  # noqa: S311


class LoadGenerator:
    """One user per token, each of whom posts every `pause` seconds on average."""

    def __init__(self, url: str, tokens: list[str], pause: float) -> None:
        self.url = url.rstrip("/").replace("http", "ws", 1) + "/ws/"
        self.tokens, self.pause = tokens, pause
        self.open = self.posted = self.received = self.refused = 0
        self.waits: deque[float] = deque(maxlen=1000)  # seconds from a post to its ack

    async def run(self, seconds: float | None) -> None:
        """Post for `seconds`, or until cancelled; raise OSError if no server answers at first."""
        async with self._connect():  # fails here, once, if the address is wrong
            pass
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                for token in self.tokens:
                    group.create_task(self._stay_connected(token))

    def counts(self) -> dict[str, Any]:
        """Return the counters of all users."""
        p50 = quantiles(self.waits, n=2)[0] if len(self.waits) > 1 else 0.0
        return {
            "open": self.open,
            "posted": self.posted,
            "received": self.received,
            "refused": self.refused,
            "ack_p50_ms": round(1000 * p50, 1),
        }

    def __str__(self) -> str:
        counts = self.counts()
        return (
            f"{len(self.tokens)} users posted {counts['posted']:,} messages and received "
            f"{counts['received']:,} pushes. An ack took {counts['ack_p50_ms']} ms (p50); "
            f"{counts['refused']:,} posts were rejected."
        )

    def __rich__(self) -> str:
        return f"Open sockets: {self.open:,}. {self}"

    def _connect(self) -> connect:
        """Return a connection past any proxy; Ctrl-C waits a second for the server to close it."""
        return connect(self.url, proxy=None, close_timeout=1)

    async def _stay_connected(self, token: str) -> None:
        """Post over a socket; connect again, after a random pause, when it is lost."""
        while True:
            await asyncio.sleep(dice.uniform(0, min(self.pause, 10)))
            with suppress(ConnectionClosed, InvalidHandshake, OSError, TimeoutError):
                async with self._connect() as socket:
                    self.open += 1
                    try:
                        await self.post(socket, token)
                    finally:
                        self.open -= 1

    async def post(self, socket: ClientConnection, token: str) -> None:
        """Post over a connection until it is closed or the task is cancelled."""
        sent: dict[str, float] = {}
        ping_at = 0.0
        post_at = time.monotonic() + dice.expovariate(1 / self.pause)
        while True:
            now = time.monotonic()
            if now >= ping_at:
                ping_at = now + PING
                await socket.send(json.dumps({"event": "ping_user", "token": token}))
            if now >= post_at:
                post_at = now + dice.expovariate(1 / self.pause)
                ref = uuid4().hex
                sent[ref] = now
                frame = {"event": "post_message", "data": {"source": random_text(dice)}, "ref": ref}
                await socket.send(json.dumps(frame))
                self.posted += 1
            with suppress(TimeoutError):
                # `wait_for` can swallow a cancellation on Python 3.11: Ctrl-C would do nothing.
                async with asyncio.timeout(min(ping_at, post_at) - now):
                    text = await socket.recv()
                self._receive(json.loads(text), sent)

    def _receive(self, frame: dict[str, Any], sent: dict[str, float]) -> None:
        if frame["event"] == "ack":
            self.waits.append(time.monotonic() - sent.pop(frame["ref"]))
        elif frame["event"] == "error":
            self.refused += 1
        else:
            self.received += 1
