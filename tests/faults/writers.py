"""Clients that write: each sends its messages in order and repeats one until it is accepted."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

PATIENCE = 10.0  # seconds to wait for the answer to a post, as in `outbox.js`
EVERY = 0.05  # seconds between two requests of one client, unless a fault changes it
# The same in the tests, where fewer requests take less CPU time: every client still has some under
# way during each fault. `make faults` sends all of them.
CALM = 0.4
EDITED = "edited"
AGAIN = 0.5  # seconds before a retry, unless there is a Retry-After


@dataclass
class Record:
    """What all clients sent, and how it was answered."""

    sent: list[str] = field(default_factory=list)  # sources, in the order of each writer
    accepted: dict[str, dict[str, Any]] = field(default_factory=dict)  # answers by source
    accepted_at: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)  # requests that were refused or not answered
    errors: Counter[str] = field(default_factory=Counter)  # the sentences of the answers to them
    requests: int = 0
    every: float = EVERY

    def accept(self, source: str, answer: dict[str, Any]) -> None:
        """Store the answer that accepts a message."""
        self.accepted[source] = answer
        self.accepted_at[source] = time.monotonic()


class Writer:
    """Sends `NAME 1`, `NAME 2`, … while `may_write` is set."""

    def __init__(self, url: str, name: str, token: str, record: Record) -> None:
        self.url, self.name, self.token, self.record = url, name, token, record
        self.may_write = asyncio.Event()
        self.is_idle = True

    async def run(self) -> None:
        """Write until cancelled."""
        raise NotImplementedError

    async def _write(self, send: Callable[[str, str], Awaitable[bool]]) -> None:
        number = 0
        while True:
            self.is_idle = True
            await self.may_write.wait()
            self.is_idle = False
            number += 1
            source, key = f"{self.name} {number}", token_hex(8)
            self.record.sent.append(source)
            while not await send(source, key):
                pass
            await asyncio.sleep(self.record.every)


class HTTPWriter(Writer):
    """Posts over HTTP with an Idempotency-Key, and edits every fifth message."""

    async def run(self) -> None:
        """See `Writer`."""
        async with httpx.AsyncClient(
            base_url=self.url,
            trust_env=False,
            verify=False,
            timeout=30,
            headers={"Authorization": f"Bearer {self.token}"},
        ) as self.http:
            await self._write(self._post)

    async def _post(self, source: str, key: str) -> bool:
        headers = {"Idempotency-Key": key}
        body = {"source": source}
        answer = await ask(self.http, self.record, "POST", "/api/messages", body, headers)
        if answer is None:
            return False
        message = answer.json()
        if int(source.split()[1]) % 5 == 0:
            await self._edit(message, f"{source} {EDITED}")
        self.record.accept(source, message)
        return True

    async def _edit(self, message: dict[str, Any], source: str) -> None:
        path, body = message["_links"]["self"], {"source": source}
        while await ask(self.http, self.record, "PUT", path, body) is None:
            pass
        message["source"] = source


class SocketWriter(Writer):
    """Posts over a WebSocket with a ref, like the page's outbox."""

    async def run(self) -> None:
        """See `Writer`."""
        self.socket: ClientConnection | None = None
        try:
            await self._write(self._post)
        finally:
            await self._leave()

    async def _post(self, source: str, ref: str) -> bool:
        data = {"source": source}
        frame = {"event": "post_message", "data": data, "token": self.token, "ref": ref}
        try:
            if self.socket is None:
                url = self.url.replace("http", "ws", 1) + "/ws/"
                self.socket = await connect(url, proxy=None, max_queue=None, close_timeout=1)
            await self.socket.send(orjson.dumps(frame), text=True)
            async with asyncio.timeout(PATIENCE):
                answer = await self._answer(ref)
        except (OSError, WebSocketException, TimeoutError):  # a close is not a refusal
            await self._leave()
            await asyncio.sleep(AGAIN)
            return False
        if answer["event"] == "ack":
            self.record.accept(source, answer["data"])
            return True
        self.record.failed.append(f"post_message {answer['data']['status']}")
        self.record.errors[answer["data"]["error"]] += 1
        await asyncio.sleep(AGAIN)
        return False

    async def _answer(self, ref: str) -> dict[str, Any]:
        assert self.socket is not None
        while True:
            frame: dict[str, Any] = orjson.loads(await self.socket.recv())
            if frame.get("ref") == ref:
                return frame

    async def _leave(self) -> None:
        if self.socket is not None:
            with suppress(OSError, WebSocketException):
                await self.socket.close()
            self.socket = None


class Reader:
    """Reads over HTTP, and signs in and out after every 50 requests."""

    def __init__(self, url: str, nickname: str, password: str, record: Record) -> None:
        self.url, self.account, self.record = url, (nickname, password), record

    async def run(self) -> None:
        """Read until cancelled."""
        async with httpx.AsyncClient(
            base_url=self.url, trust_env=False, verify=False, timeout=30
        ) as http:
            while True:
                for _ in range(50):
                    await ask(http, self.record, "GET", "/api/messages?limit=20")
                    await asyncio.sleep(self.record.every)
                answer = await ask(http, self.record, "POST", "/api/tokens", auth=self.account)
                if answer is not None:
                    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
                    await ask(http, self.record, "DELETE", "/api/tokens", headers=headers)


async def ask(
    http: httpx.AsyncClient,
    record: Record,
    method: str,
    path: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
    **options: Any,
) -> httpx.Response | None:
    """Return a successful answer; otherwise record the failure, wait, and return None."""
    record.requests += 1
    wait = AGAIN
    try:
        answer = await http.request(method, path, json=body, headers=headers, **options)
        if answer.is_success:
            return answer
        failure = str(answer.status_code)
        wait = float(answer.headers.get("Retry-After", AGAIN))
        error = answer.json().get("error")
        if error is None or "Retry-After" not in answer.headers:
            failure += " without a JSON error and Retry-After"
        record.errors[str(error)] += 1
    except (httpx.TransportError, ValueError) as error:
        failure = repr(error)
    record.failed.append(f"{method} {path.partition('?')[0]} {failure}")
    await asyncio.sleep(wait)
    return None
