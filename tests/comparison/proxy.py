"""A reverse proxy that can plant a fault by rewriting requests, answers and frames."""

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

OWN = {"connection", "content-length", "content-encoding", "transfer-encoding", "host", "server"}
TEXT = 0x81  # a WebSocket frame that is one whole text


@dataclass
class Request:
    """The client's request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.split("?")[0]


@dataclass
class Answer:
    """The answer to the client; header names are in lower case."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Fault:
    """A fault, by three hooks.

    `request` changes a request in place, or returns an answer; `answer` changes an answer in place;
    `frame` takes a frame from the server and returns the frames to send to the client instead.
    """

    request: Callable[[Request], Answer | None] = lambda _: None
    answer: Callable[[Request, Answer], None] = lambda *_: None
    frame: Callable[[Any], list[Any]] = lambda frame: [frame]


class Proxy:
    """Serves one fault in front of the server at `upstream`, an http URL."""

    def __init__(self, upstream: str, fault: Fault) -> None:
        """Forward to `upstream`, with this fault."""
        self.upstream, self.fault = upstream, fault
        # Without TLS there is nothing to verify; reading the certificates costs 20 ms of CPU time.
        self.http = httpx.AsyncClient(base_url=upstream, timeout=60, trust_env=False, verify=False)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: one HTTP request, or a WebSocket until either side closes it."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if re.search(rb"^upgrade: *websocket", head, re.IGNORECASE | re.MULTILINE):
                await self.tunnel(head, reader, writer)
            else:
                await self.exchange(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client or the server has closed
        finally:
            writer.close()

    async def exchange(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Forward a request, and return its answer."""
        first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        kept = {k: v for k, v in headers.items() if k not in OWN} | {"accept-encoding": "identity"}
        request = Request(method, target, kept, body)
        answer = self.fault.request(request) or await self.forward(request)
        self.fault.answer(request, answer)
        answer.headers |= {"content-length": str(len(answer.body)), "connection": "close"}
        fields = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        writer.write(f"HTTP/1.1 {answer.status} x\r\n{fields}\r\n".encode("latin-1") + answer.body)
        await writer.drain()

    async def forward(self, request: Request) -> Answer:
        """Send a request to the server, and return its answer."""
        got = await self.http.request(
            request.method, request.target, headers=request.headers, content=request.body
        )
        headers = {k.lower(): v for k, v in got.headers.items() if k.lower() not in OWN}
        return Answer(got.status_code, headers, got.content)

    async def tunnel(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Forward a WebSocket; without compression, so that its frames can be rewritten."""
        host, port = urlsplit(self.upstream).hostname, urlsplit(self.upstream).port
        server, to_server = await asyncio.open_connection(host, port)
        to_server.write(re.sub(rb"(?im)^sec-websocket-extensions:.*\r\n", b"", head))
        pump = asyncio.create_task(self.pump(reader, to_server))
        try:
            answer = await server.readuntil(b"\r\n\r\n")
            writer.write(answer)
            if length := re.search(rb"(?i)\ncontent-length: *(\d+)", answer):  # not accepted
                writer.write(await server.readexactly(int(length[1])))
                return
            while True:
                first, payload = await read_frame(server)
                for text in self.rewritten(payload) if first == TEXT else [payload]:
                    writer.write(bytes([first]) + length_of(text) + text)
        finally:
            pump.cancel()
            to_server.close()

    def rewritten(self, payload: bytes) -> list[bytes]:
        """Return the frames that the fault makes of one."""
        return [json.dumps(frame).encode() for frame in self.fault.frame(json.loads(payload))]

    @staticmethod
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward the bytes of the client until it closes."""
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return the first byte and the payload of a server's frame."""
    first, length = await reader.readexactly(2)
    if length > 125:
        length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8))
    return first, await reader.readexactly(length)


def length_of(payload: bytes) -> bytes:
    """Return the length field of an unmasked frame."""
    length = len(payload)
    if length > 125:
        return b"\x7e" + length.to_bytes(2) if length < 65536 else b"\x7f" + length.to_bytes(8)
    return bytes([length])


@contextmanager
def planted(upstream: str, fault: Fault) -> Iterator[str]:
    """Run the proxy in a thread; yields its URL."""
    started: Future[tuple[str, Callable[[], object]]] = Future()
    thread = threading.Thread(target=asyncio.run, args=(serving(upstream, fault, started),))
    thread.start()
    url, stop = started.result()
    try:
        yield url
    finally:
        stop()
        thread.join()


async def serving(upstream: str, fault: Fault, started: Future[Any]) -> None:
    """Serve until stopped; `started` gets the URL and the function that stops it."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    proxy = Proxy(upstream, fault)
    async with proxy.http, await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        started.set_result((url, lambda: loop.call_soon_threadsafe(over.set)))
        await over.wait()
