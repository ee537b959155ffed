"""People who come and go: they sign in, read, post, edit, link, idle, and sign out."""

import asyncio
import random
import time
from collections import deque
from contextlib import suppress

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from comparison.contract.client import Person
from tests.faults.writers import Record, ask

AWAY = 20.0  # seconds at most between two visits
PAUSE = 3.0  # seconds between two actions, on average
dice = random.Random()


class Visitor:
    """One person; `link` is the URL of a page to link to, `speed` divides every pause."""

    def __init__(
        self, url: str, person: Person, record: Record, link: str, speed: float = 1
    ) -> None:
        self.url, self.person, self.record, self.link = url, person, record, link
        self.away, self.pause = AWAY / speed, PAUSE / speed
        self.seconds: deque[tuple[float, float]] = deque(maxlen=1000)  # when, how long it took
        self.visits = 0

    async def run(self) -> None:
        """Come and go until cancelled."""
        while True:
            await asyncio.sleep(dice.uniform(0, self.away))
            async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=30) as http:
                account = self.person.nickname, self.person.password
                answer = await ask(http, self.record, "POST", "/api/tokens", auth=account)
                if answer is None:
                    continue
                self.http, token = http, answer.json()["token"]
                self.headers = {"Authorization": f"Bearer {token}"}
                with suppress(OSError, WebSocketException):  # the writers count lost connections
                    await self._visit(token)
                await ask(http, self.record, "DELETE", "/api/tokens", headers=self.headers)
            self.visits += 1

    async def _visit(self, token: str) -> None:
        url = self.url.replace("http", "ws", 1) + "/ws/"
        async with connect(url, proxy=None, close_timeout=1) as socket:
            reading = asyncio.create_task(self._read(socket))
            try:
                ping = {"event": "ping_user", "token": token}
                await socket.send(orjson.dumps(ping), text=True)
                for _ in range(dice.randint(0, 12)):
                    await dice.choice(
                        (self._look, self._talk, self._edit, self._defer, self._idle)
                    )()
                    await asyncio.sleep(dice.expovariate(1 / self.pause))
            finally:
                reading.cancel()

    async def _read(self, socket: ClientConnection) -> None:
        with suppress(WebSocketException):
            async for _ in socket:
                pass

    async def _timed(
        self, method: str, path: str, source: str = "", **more: str
    ) -> httpx.Response | None:
        began = time.monotonic()
        body = {"source": source} if source else None
        headers = self.headers | more
        answer = await ask(self.http, self.record, method, path, body, headers)
        self.seconds.append((began, time.monotonic() - began))
        return answer

    async def _look(self) -> None:
        await self._timed("GET", "/api/messages?limit=50")
        await self._timed("GET", "/api/users?online=1")

    async def _talk(self) -> None:
        await self._timed("POST", "/api/messages", f"*hello* from {self.person.nickname}")

    async def _edit(self) -> None:
        answer = await self._timed("POST", "/api/messages", f"see {self.link} ")
        if answer is not None:
            await asyncio.sleep(dice.expovariate(1 / self.pause))
            await self._timed("PUT", answer.json()["_links"]["self"], f"rather {self.link}?again")

    async def _defer(self) -> None:
        await self._timed("POST", "/api/messages", "a deferred `hello`", Prefer="respond-async")

    async def _idle(self) -> None:
        await asyncio.sleep(10 * self.pause)
