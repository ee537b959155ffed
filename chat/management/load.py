"""People who talk over sockets, as many as `loadchat` is told."""

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

from chat.management.demo import say

PING = 30  # seconds
dice = random.Random()  # noqa: S311


class Chatter:
    """So many people as there are tokens, each of whom posts every `pause` seconds on average."""

    def __init__(self, url: str, tokens: list[str], pause: float) -> None:
        self.url = url.rstrip("/").replace("http", "ws", 1) + "/ws/"
        self.tokens, self.pause = tokens, pause
        self.open = self.posted = self.heard = self.refused = 0
        self.waits: deque[float] = deque(maxlen=1000)  # seconds from a post to its ack

    async def run(self, seconds: float | None) -> None:
        """Talk, for so many seconds or for ever; OSError if nobody can be reached at the start."""
        async with connect(self.url):  # says at once what is wrong with the address
            pass
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                for token in self.tokens:
                    group.create_task(self._live(token))

    def counts(self) -> dict[str, Any]:
        """Return what happened so far."""
        p50 = quantiles(self.waits, n=2)[0] if len(self.waits) > 1 else 0.0
        return {
            "open": self.open,
            "posted": self.posted,
            "heard": self.heard,
            "refused": self.refused,
            "ack_p50_ms": round(1000 * p50, 1),
        }

    def __str__(self) -> str:
        counts = self.counts()
        return (
            f"{len(self.tokens)} people posted {counts['posted']:,} messages and heard "
            f"{counts['heard']:,} pushes. An ack took {counts['ack_p50_ms']} ms (p50); "
            f"{counts['refused']:,} posts were refused."
        )

    def __rich__(self) -> str:
        return f"{self.open} sockets are open. {self}"

    async def _live(self, token: str) -> None:
        """Come back whenever the connection is lost, after a while."""
        while True:
            await asyncio.sleep(dice.uniform(0, min(self.pause, 10)))
            with suppress(ConnectionClosed, InvalidHandshake, OSError, TimeoutError):
                async with connect(self.url) as socket:
                    self.open += 1
                    try:
                        await self._talk(socket, token)
                    finally:
                        self.open -= 1

    async def _talk(self, socket: ClientConnection, token: str) -> None:
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
                frame = {"event": "post_message", "data": {"source": say(dice)}, "ref": ref}
                await socket.send(json.dumps(frame))
                self.posted += 1
            with suppress(TimeoutError):
                text = await asyncio.wait_for(socket.recv(), min(ping_at, post_at) - now)
                self._hear(json.loads(text), sent)

    def _hear(self, frame: dict[str, Any], sent: dict[str, float]) -> None:
        if frame["event"] == "ack":
            self.waits.append(time.monotonic() - sent.pop(frame["ref"]))
        elif frame["event"] == "error":
            self.refused += 1
        else:
            self.heard += 1
