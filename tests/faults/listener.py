"""A client that listens like the page: it reconnects, catches up, and merges by id."""

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

MARGIN = 60  # seconds of overlap when it catches up, as in `sync.js`
PROVE_EVERY = 30  # seconds
LONGEST_WAIT = 30.0  # seconds

Row = dict[str, Any]


class Table:
    """Rows by id. The newest version wins; within one second, the one received later."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self._as_of: dict[int, float] = {}
        self.newest = 0

    def merge(self, row: Row, as_of: float) -> None:
        """Store a row that was pushed, or requested, at the time `as_of`."""
        old = self.rows.get(row["id"])
        known = old and (old["updated_at"], self._as_of[row["id"]])
        if known and (row["updated_at"], as_of) < known:
            return
        self.rows[row["id"]], self._as_of[row["id"]] = row, as_of
        self.newest = max(self.newest, row["updated_at"])


class Listener:
    """One page of the chat, opened by the owner of this token, or anonymously."""

    def __init__(self, url: str, http: httpx.AsyncClient, token: str | None = None) -> None:
        self.url, self.http, self.token = url, http, token
        self.messages, self.users = Table(), Table()
        self.resyncs = 0
        self.closed: Counter[int] = Counter()  # by close code
        self.is_live = False
        self._losses = 0
        self._proven = self._candidate = 0
        self._busy = self._again = False

    async def run(self) -> None:
        """Listen until cancelled."""
        failures = 0
        while True:
            opened_at = float("inf")
            try:
                url = self.url.replace("http", "ws", 1) + "/ws/"
                async with connect(url, proxy=None, max_queue=None, close_timeout=1) as socket:
                    opened_at = time.monotonic()
                    with suppress(ConnectionClosed):
                        await self._receive(socket)
                self.closed[socket.close_code or 0] += 1
            except (OSError, WebSocketException):
                pass  # no connection: try again below
            self._lost()
            failures = 0 if time.monotonic() - opened_at > 10 else failures + 1
            wait = min(LONGEST_WAIT, 0.5 * 2**failures)
            await asyncio.sleep(wait * random.uniform(0.1, 1))

    async def _receive(self, socket: ClientConnection) -> None:
        tasks = [asyncio.create_task(self._catch_up()), asyncio.create_task(self._beat(socket))]
        try:
            async for text in socket:
                frame = orjson.loads(text)
                if frame["event"] == "updated_model":
                    table = self.messages if frame["data"]["class"] == "Message" else self.users
                    table.merge(frame["data"]["model"], time.monotonic())
                elif frame["event"] == "resync":
                    self.resyncs += 1
                    self._lost()
                    tasks.append(asyncio.create_task(self._catch_up()))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._busy = False

    async def _beat(self, socket: ClientConnection) -> None:
        with suppress(WebSocketException):
            while True:
                if self.token:
                    frame = {"event": "ping_user", "token": self.token}
                    await socket.send(orjson.dumps(frame), text=True)
                await asyncio.sleep(PROVE_EVERY)
                if self.is_live:
                    self._proven, self._candidate = self._candidate, self._newest()

    def _lost(self) -> None:
        self.is_live = False
        self._losses += 1

    def _newest(self) -> int:
        return max(self.messages.newest, self.users.newest)

    async def _catch_up(self) -> None:
        self._again = self._busy
        if self._busy:
            return
        self._busy, self._again = True, True
        while self._again:
            self._again, before = False, self._losses
            try:
                for name, table in (("users", self.users), ("messages", self.messages)):
                    as_of, since = time.monotonic(), max(0, self._proven - MARGIN)
                    path = f"/api/{name}?updated_since={since}"
                    while path:
                        answer = (await self.http.get(path)).raise_for_status()
                        for row in answer.json()[name]:
                            table.merge(row, as_of)
                        path = answer.links.get("next", {}).get("url", "")
            except httpx.HTTPError:
                await asyncio.sleep(random.uniform(1, 5))
                self._again = True
                continue
            self.is_live = self._losses == before
            self._proven = self._candidate = self._newest()
        self._busy = False
