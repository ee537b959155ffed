"""Sites on this machine, and a stand-in for the rest of the internet.

No packet leaves the machine: a connection to any address but loopback is recorded and refused.
"""

import ipaddress
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chat.content import fetch

PAGE = b"<title>A page</title><meta name=description content='It says so.'>"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n"

Answer = bytes | Callable[["Site", socket.socket], None]


def answer(body: bytes = PAGE, status: str = "200 OK", **headers: str | bytes) -> bytes:
    """Return the bytes of a response; `content_type=...` is a header."""
    named = {b"content-type": b"text/html", b"content-length": str(len(body)).encode()}
    for name, value in headers.items():
        named[name.replace("_", "-").encode()] = (
            value if isinstance(value, bytes) else value.encode()
        )
    lines = [f"HTTP/1.1 {status}".encode(), *(b": ".join(header) for header in named.items())]
    return b"\r\n".join([*lines, b"", body])


def redirect(location: str | bytes, status: str = "302 Found") -> bytes:
    """Return the bytes of a redirect."""
    return answer(b"", status, location=location)


class Site(socketserver.ThreadingTCPServer):
    """A server that sends exactly the given bytes, and records each connection and request."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 50

    def __init__(self, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, Visit)
        self.port: int = self.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}/"
        self.pages: dict[str, Answer] = {"/": answer()}
        self.visitors: list[Any] = []
        self.requests: list[bytes] = []
        self.sent = 0  # bytes, by responses that are functions
        self.closing = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.002,), daemon=True).start()

    @property
    def visits(self) -> int:
        """The number of connections."""
        return len(self.visitors)

    def stop(self) -> None:
        """Close, and end the responses that are still being sent."""
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: many of the tests are about clients that disconnect."""

    def send(self, sock: socket.socket, data: bytes, times: int = 10**9) -> None:
        """Send the same data repeatedly, until the client disconnects."""
        while times and not self.closing.is_set():
            sock.sendall(data)
            self.sent += len(data)
            times -= 1

    def drip(self, sock: socket.socket, data: bytes) -> None:
        """Send a byte each hundredth of a second, until the client disconnects."""
        for number in range(10**9):
            if self.closing.wait(0.01):
                break
            sock.sendall(data[number % len(data) :][:1])


class Visit(socketserver.StreamRequestHandler):
    """One connection: reads a request and sends the page at its path."""

    server: Site

    def handle(self) -> None:
        """Read a request and respond."""
        self.server.visitors.append(self.client_address)
        head = b""
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            head += line
        self.server.requests.append(head)
        page = self.server.pages.get(head.split(b" ")[1].decode()) if head else None
        if callable(page):
            page(self.server, self.connection)
        elif page:
            self.wfile.write(page)


@pytest.fixture
def site(settings: Any) -> Iterator[Site]:
    """A site that previews may fetch, because its host is in `FLACK_PREVIEW_HOSTS`."""
    site = Site()
    settings.FLACK_PREVIEW_HOSTS = [site.host]
    yield site
    site.stop()


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site on 127.0.0.1 and ::1 that nothing may reach, on the default port of URLs."""
    while True:
        first = Site()
        try:
            second = Site(("::1", first.port))
        except OSError:  # the port is in use on ::1
            first.stop()
        else:
            break
    second.visitors = first.visitors
    monkeypatch.setattr(fetch, "PORTS", dict.fromkeys(fetch.PORTS, first.port))
    yield first
    first.stop()
    second.stop()


class Internet:
    """The addresses of names, and a record of look-ups and connections."""

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {}  # the answers to each look-up; the last remains
        self.look_ups: list[str] = []
        self.connections: list[tuple[str, int]] = []


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    """Replace DNS and refuse connections that would leave this machine."""
    internet = Internet()
    getaddrinfo, connect = socket.getaddrinfo, socket.socket.connect

    def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        internet.look_ups.append(host)
        if answers := internet.names.get(host):
            addresses = answers.pop(0) if len(answers) > 1 else answers[0]
            return [row for ip in addresses for row in getaddrinfo(ip, port, *args, **kwargs)]
        if host.strip(".").lower() != "localhost":
            kwargs["flags"] = socket.AI_NUMERICHOST
        return getaddrinfo(host, port, *args, **kwargs)

    def note(sock: socket.socket, address: tuple[str, int]) -> None:
        internet.connections.append(address[:2])
        ip = ipaddress.ip_address(address[0])
        ip = getattr(ip, "ipv4_mapped", None) or ip
        if not ip.is_loopback and not ip.is_unspecified:
            raise ConnectionRefusedError(address)
        connect(sock, address)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", note)
    return internet
