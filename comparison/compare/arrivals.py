"""HTTP requests at a steady rate, which do not wait for the answer of the one before.

A request's time counts from the moment when it was due, so a server (or a generator) that falls
behind cannot hide it.
"""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

PATIENCE = 4.0  # seconds until a request has failed
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Outcome:
    """The outcome of all requests."""

    seconds: list[float] = field(default_factory=list)  # in the order of the answers
    lags: list[float] = field(default_factory=list)  # seconds that each was sent too late
    errors: int = 0
    sent: int = 0


@dataclass(frozen=True)
class Request:
    """A request, and the status of a good answer."""

    text: bytes
    statuses: tuple[int, ...] = (200,)


def request(method: str, path: str, token: str, body: bytes = b"", headers: str = "",
            statuses: tuple[int, ...] = (200,)) -> Request:  # fmt: skip
    """Return a request with a token."""
    if body:
        headers += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    return Request(f"{head}{headers}\r\n".encode() + body, statuses)


class Connection(asyncio.Protocol):
    """A connection that is kept alive, with at most one request that is not answered."""

    def __init__(self) -> None:
        self.data = b""
        self.answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Set the status once the answer is complete."""
        self.data += data
        head, end, body = self.data.partition(b"\r\n\r\n")
        if end and self.answer and not self.answer.done():
            length = LENGTH.search(head)
            if length is None or len(body) >= int(length[1]):
                self.answer.set_result(int(head[9:12]) if length else 0)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the request that is not answered."""
        if self.answer and not self.answer.done():
            self.answer.set_exception(exc or ConnectionResetError())

    def send(self, text: bytes) -> asyncio.Future[int]:
        """Send a request; return the status that is to come, 0 for an answer without a length."""
        self.data, self.answer = b"", asyncio.get_running_loop().create_future()
        self.transport.write(text)
        return self.answer


class Arrivals:
    """Requests to one port at a steady rate."""

    def __init__(self, port: int, make: Callable[[int], Request]) -> None:
        """Take the port, and what makes the request of a number."""
        self.port, self.make = port, make
        self.idle: list[Connection] = []
        self.outcome = Outcome()

    def run(self, hertz: float, seconds: float) -> Outcome:
        """Send for `seconds`; return when each request was answered or has failed."""
        asyncio.run(self._run(hertz, int(hertz * seconds)))
        return self.outcome

    async def _run(self, hertz: float, count: int) -> None:
        begin = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                due = begin + number / hertz
                if (wait := due - time.perf_counter()) > 0:
                    await asyncio.sleep(wait)
                elif number % 20 == 0:
                    await asyncio.sleep(0)  # behind: let answers come in
                group.create_task(self._one(self.make(number), due))
        for connection in self.idle:
            connection.transport.close()

    async def _one(self, request: Request, due: float) -> None:
        self.outcome.sent += 1
        self.outcome.lags.append(time.perf_counter() - due)
        connection = None
        try:
            async with asyncio.timeout(PATIENCE):
                connection = await self._connection()
                status = await connection.send(request.text)
        except (OSError, TimeoutError):
            self.outcome.errors += 1
            if connection is not None:
                connection.transport.close()
            return
        self.outcome.seconds.append(time.perf_counter() - due)
        self.outcome.errors += status not in request.statuses
        self.idle.append(connection)

    async def _connection(self) -> Connection:
        while self.idle:
            connection = self.idle.pop()
            if not connection.transport.is_closing():
                return connection
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(Connection, "127.0.0.1", self.port))[1]
