"""Flack's ASGI server: daphne with faster sockets, JSON errors and a graceful shutdown.

It takes daphne's arguments: `python -m flack_project.daphne.server flack_project.asgi:application`.
"""

import asyncio
import gc
import heapq
import json
import socket
import time
from functools import partial
from pathlib import Path
from typing import Any

from daphne import cli, http_protocol, server  # first: it installs the reactor

from chat.errors import error_body
from chat.realtime.socket import PARTING, TEXTS
from flack_project.daphne import privates
from flack_project.daphne.inbox import Inbox
from flack_project.daphne.shutdown import Draining, reactor
from flack_project.daphne.websocket import Message, WebSocketFactory

CHECK_EVERY = 2.0  # seconds
# A lost client is found within a minute; proxies close a connection that is idle as long.
PING_INTERVAL, PING_TIMEOUT = 40, 15


def answer_error(request: Any, status: int, status_text: bytes, body: str) -> None:
    """Answer a request that daphne itself refuses with JSON, as the API does, instead of HTML.

    A response that has begun is cut off: daphne would stop to clear away connections.
    """
    if privates.has_begun(request):
        request.loseConnection()
        return
    headers = [(b"Content-Type", b"application/json")]
    start = {"type": "http.response.start", "status": status, "headers": headers}
    request.handle_reply(start)
    error = json.dumps(error_body(status, body)).encode()
    request.handle_reply({"type": "http.response.body", "body": error})


class HTTPFactory(server.HTTPFactory):
    """Creates the HTTP connections."""

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802
        """Leave bodies to Django: Twisted hangs up on a Content-Type that it cannot parse."""
        protocol = super().buildProtocol(addr)
        request = http_protocol.WebRequest
        protocol.requestFactory = partial(request, parsePOSTFormSubmission=False)
        return protocol

    def log(self, request: Any) -> None:
        """Skip Twisted's access log line, which it formats even when no log is configured."""


def refusal() -> bytes:
    """Return the whole response to a request that Twisted cannot read."""
    body = json.dumps(error_body(400, "The request is not HTTP, or its headers are too long."))
    headers = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close"
    return f"HTTP/1.1 400 Bad Request\r\n{headers}\r\n\r\n{body}".encode()


privates.install(WebSocketFactory, HTTPFactory, answer_error, refusal())
privates.allow_close_codes(PARTING)


def clear_away(path: Path) -> None:
    """Remove a Unix socket that no process listens on, and the lock that Twisted keeps beside it.

    Twisted respects a lock whose process id exists. The id of a killed node may belong to another
    process by now; in a container it is that of the new node itself.
    """
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(path)) == 0:
            return
    path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
    if path.is_socket():
        path.unlink()


class Server(server.Server):
    """daphne's server with Flack's sockets and shutdown."""

    connections: dict[Any, dict[str, Any]]
    _message: Message | None = None
    _frames = b""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._opening: set[Any] = set()  # requests, and sockets before their handshake
        self._open: list[tuple[float, int, Any]] = []  # a heap of sockets by their next check
        self._ending: set[Any] = set()  # connections whose client has left, or application ended

    def run(self) -> None:
        """Serve until a signal; SIGTERM starts the graceful shutdown."""
        for endpoint in self.endpoints:
            if endpoint.startswith("unix:"):
                clear_away(Path(endpoint.split(":")[1]))
        self.draining = Draining(self)
        # What exists by now stays: the garbage collector need not look at it again.
        gc.collect()
        gc.freeze()
        reactor.callLater(0, self.draining.handle_signals)  # after Twisted has set its own handlers
        super().run()

    def listen_success(self, port: Any) -> None:
        """Pass a listening port on to the graceful shutdown."""
        super().listen_success(port)
        self.draining.add_port(port)

    def protocol_connected(self, protocol: Any) -> None:
        """Add a connection."""
        super().protocol_connected(protocol)
        self._opening.add(protocol)

    def socket_opened(self, protocol: Any) -> None:
        """Check a socket next when it may need a ping."""
        self._opening.discard(protocol)
        due = protocol.last_ping + self.ping_interval
        heapq.heappush(self._open, (due, id(protocol), protocol))

    def protocol_disconnected(self, protocol: Any) -> None:
        """Note that a client has left, or free a request that became a socket."""
        self._opening.discard(protocol)
        if isinstance(protocol, http_protocol.WebRequest) and protocol.transport is None:
            # It and its channel refer to each other: 4 KiB until a full garbage collection.
            protocol.channel.requests.remove(protocol)
            del self.connections[protocol]  # it never had an application
        else:
            super().protocol_disconnected(protocol)
            self._ending.add(protocol)

    def timeout_checker(self) -> None:
        """Check for time-outs every `CHECK_EVERY` seconds: an open socket only when it is due.

        daphne checks every connection each time.
        """
        for protocol in tuple(self._opening):
            protocol.check_timeouts()
        while self._open and self._open[0][0] < time.monotonic():
            protocol = heapq.heappop(self._open)[2]
            if protocol.state == protocol.STATE_OPEN:
                protocol.check_timeouts()
                self.socket_opened(protocol)
        reactor.callLater(CHECK_EVERY, self.timeout_checker)

    def application_checker(self) -> None:
        """Let daphne clear away connections that have ended: it would look at every one."""
        connections = self.connections
        # The callback of a task may come after its connection was cleared away.
        self._ending = {protocol for protocol in self._ending if protocol in connections}
        self.connections = {protocol: connections[protocol] for protocol in self._ending}
        try:
            super().application_checker()
        finally:
            for protocol in self._ending - self.connections.keys():
                del connections[protocol]
            left = self.connections.items()
            self._ending = {protocol for protocol, state in left if "disconnected" in state}
            self.connections = connections

    def create_application(self, protocol: Any, scope: Message) -> Any:
        """Run the application for a request or socket, with the extension `TEXTS` in its scope."""
        scope |= {"asgi": {"version": "3.0"}, "extensions": {TEXTS: {}}}
        inbox, send = Inbox(protocol), partial(self.handle_reply, protocol)
        application = self.application(scope=scope, receive=inbox.get, send=send)
        task = asyncio.ensure_future(application)
        task.add_done_callback(lambda _: self._ending.add(protocol))
        self.connections[protocol]["application_instance"] = task
        return inbox

    async def handle_reply(self, protocol: Any, message: Message) -> None:
        """Send a message of the application; wait while the client is behind.

        The hub passes one message to many sockets, so the frames of the last one are kept.
        """
        if message is not self._message:
            if message["type"] != "websocket.send" or message.get("bytes"):
                if message["type"] == "http.response.start":
                    self.draining.close_after_response(protocol)
                await super().handle_reply(protocol, message)
                return
            self._message, self._frames = message, protocol.factory.frames(message)
        if protocol.state == protocol.STATE_OPEN:
            protocol.write(self._frames)
            if protocol.is_behind:
                await protocol.drained()


class CommandLineInterface(cli.CommandLineInterface):
    """daphne's command line for this server."""

    server_class = Server

    def __init__(self) -> None:
        super().__init__()
        self.parser.set_defaults(
            ping_interval=PING_INTERVAL,
            ping_timeout=PING_TIMEOUT,
            websocket_timeout=-1,  # never: daphne would close each socket after a day
        )


if __name__ == "__main__":
    CommandLineInterface.entrypoint()
