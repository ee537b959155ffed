"""Daphne, with six things that it cannot be told: to frame a text once for all sockets, to write
to a socket at once, to let the sender wait while a client does not read, to say why it closes, to
leave gracefully, and to come back wherever it was killed.

As it comes daphne frames a message anew for each socket, Twisted buffers each write and asks epoll
twice for it. Run it as daphne: `python -m flack_project.server flack_project.asgi:application`.
"""

import asyncio
import json
import random
import socket
import time
from functools import partial
from pathlib import Path
from typing import Any

from autobahn.websocket.types import ConnectionDeny
from daphne import cli, http_protocol, server, ws_protocol  # first: it installs the reactor
from django.conf import settings

from chat import limits
from chat.errors import TOO_LONG, error_frame
from chat.hub import TEXTS
from flack_project.draining import Draining, reactor

Message = dict[str, Any]


class WebSocketProtocol(ws_protocol.WebSocketProtocol):
    """One socket. Twisted tells it, as a push producer, when the client stops reading."""

    CONFIG_ATTRS = ()  # set on this class by the factory, or each socket would copy and print them
    _unread: asyncio.Future[None] | None = None
    _window, _pieces = 0.0, 0

    def onConnect(self, request: Any) -> Any:  # noqa: N802
        """Open the socket, unless the server leaves: nginx then asks the next one."""
        if self.factory.server_class.draining.began:
            self.server, self.request, self.client_addr = self.factory.server_class, request, None
            self.server.protocol_connected(self)
            raise ConnectionDeny(503)  # type: ignore[no-untyped-call]
        return super().onConnect(request)

    def failHandshake(self, reason: str, code: int = 400, headers: Any = None) -> None:  # noqa: N802
        """Refuse in few words: autobahn's repeat the request, too long for nginx to pass on.

        nginx would take that for a broken node, and ask it nothing for some seconds.
        """
        super().failHandshake(reason if code != 400 else "Bad Request", code, headers)

    def onOpen(self) -> None:  # noqa: N802
        """Take the place of the HTTP channel as what the transport pauses and resumes."""
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)
        # Sockets that came together, after an outage perhaps, are not to be pinged all at once.
        self.last_ping -= random.random() * self.server.ping_interval  # noqa: S311
        super().onOpen()

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802
        """Close with any code: autobahn's own `sendClose` refuses 1013, try again later."""
        self.sendCloseFrame(code=code or 1000)

    def onFrameBegin(self) -> None:  # noqa: N802
        """Count what the application never sees: pings, and the pieces that frames may come in."""
        if time.monotonic() > self._window:
            self._window, self._pieces = time.monotonic() + 10, 0
        self._pieces += 1
        if self._pieces == limits.PIECES and settings.FLACK_RATE_LIMITS:
            self._stop(1008, error_frame(429, "Too many frames."))
        super().onFrameBegin()

    def _max_message_size_exceeded(self, *_: Any) -> None:
        self._refuse(1009, TOO_LONG)

    def _protocol_violation(self, reason: str) -> bool:
        return self._stop(1002, error_frame(400, f"This is not WebSocket: {reason}."))

    def _invalid_payload(self, reason: str) -> bool:
        return self._stop(1007, error_frame(400, f"This is not UTF-8: {reason}."))

    def _stop(self, code: int, text: str) -> bool:
        """Refuse, and read no further."""
        self._refuse(code, text)
        self.transport.pauseProducing()
        return True

    def _refuse(self, code: int, text: str) -> None:
        """Say why, and close; autobahn's own drops the connection without a word."""
        if self.state != self.STATE_OPEN:
            return
        self.failedByMe = True
        self.write(self.factory.frames({"text": text}))
        self.sendCloseFrame(code=code)

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:  # noqa: N802
        """Write what autobahn has to say, pings above all, at once too."""
        self.write(data)

    def write(self, data: bytes) -> None:
        """Write to the socket now, if nothing waits before it; Twisted sends what is left."""
        transport = self.transport
        if not (transport.dataBuffer or transport._tempDataBuffer or transport.disconnecting):
            try:
                sent = transport.socket.send(data)
            except OSError:  # full or broken: Twisted will find out which
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
        transport.write(data)

    async def drained(self) -> None:
        """Wait while the client does not read."""
        while self._unread is not None:
            await asyncio.shield(self._unread)

    def pauseProducing(self) -> None:  # noqa: N802
        """Twisted's buffer of this socket is full."""
        self._unread = asyncio.get_running_loop().create_future()

    def resumeProducing(self) -> None:  # noqa: N802
        """Twisted's buffer of this socket is empty again."""
        if self._unread is not None:
            self._unread.set_result(None)
            self._unread = None

    stopProducing = resumeProducing  # noqa: N815  # the connection is lost: nobody waits for it


class WebSocketFactory(ws_protocol.WebSocketFactory):
    """Makes the sockets, and frames what they send."""

    protocol = WebSocketProtocol

    def setProtocolOptions(self, **options: Any) -> None:  # noqa: N802
        """Set the options of all sockets."""
        super().setProtocolOptions(**options | {"maxMessagePayloadSize": limits.FRAME_SIZE})
        for name in ws_protocol.WebSocketProtocol.CONFIG_ATTRS:
            option = getattr(self, name)
            setattr(self.protocol, name, staticmethod(option) if callable(option) else option)

    def frames(self, message: Message) -> bytes:
        """Return the frames of a `websocket.send`."""
        texts = message.get("texts") or [message["text"]]
        return b"".join(self.prepareMessage(text.encode()).payloadHybi for text in texts)


def answer_error(request: Any, status: int, status_text: bytes, body: str) -> None:
    """Answer a request that reaches no application in the form of the API, not in HTML."""
    headers = [(b"Content-Type", b"application/json")]
    start = {"type": "http.response.start", "status": status, "headers": headers}
    request.handle_reply(start)
    error = json.dumps({"error": body}).encode()
    request.handle_reply({"type": "http.response.body", "body": error})


class HTTPFactory(server.HTTPFactory):
    """Makes the connections of HTTP."""

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802
        """Leave bodies to Django: Twisted would hang up on a Content-Type that it cannot parse."""
        protocol = super().buildProtocol(addr)
        request = http_protocol.WebRequest
        protocol.requestFactory = partial(request, parsePOSTFormSubmission=False)
        return protocol

    def log(self, request: Any) -> None:
        """Leave out Twisted's line for the access log, which it formats although it has no log."""


# daphne looks its factories up in its own module
server.WebSocketFactory, server.HTTPFactory = WebSocketFactory, HTTPFactory
http_protocol.WebRequest.basic_error = answer_error


def clear_away(path: Path) -> None:
    """Remove a socket on which nobody listens, and the lock that Twisted keeps beside it.

    Twisted believes a lock whose process id is somebody's. A killed node's may be another process's
    by now; in a container it is that of the new node itself.
    """
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(path)) == 0:
            return
    path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
    if path.is_socket():
        path.unlink()


class Inbox:
    """What an application still has to receive, in a tenth of the memory of `asyncio.Queue`."""

    __slots__ = ("_messages", "_wake")

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._wake: asyncio.Future[None] | None = None

    def put_nowait(self, message: Message) -> None:
        """Add a message."""
        self._messages.append(message)
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def get(self) -> Message:
        """Return the first message, and wait until there is one."""
        while not self._messages:
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        return self._messages.pop(0)


class Server(server.Server):
    """Daphne's server with the sockets above."""

    _message: Message | None = None
    _frames = b""

    def run(self) -> None:
        """Serve until a signal; SIGTERM lets everybody finish."""
        for endpoint in self.endpoints:
            if endpoint.startswith("unix:"):
                clear_away(Path(endpoint.split(":")[1]))
        self.draining = Draining(self)
        reactor.callLater(0, self.draining.hear)  # when Twisted has set its own handlers
        super().run()

    def listen_success(self, port: Any) -> None:
        """Note what this server listens on."""
        super().listen_success(port)
        self.draining.add_port(port)

    def create_application(self, protocol: Any, scope: Message) -> Any:
        """Run the application for a request or socket, as daphne does; offer it `TEXTS`."""
        scope |= {"asgi": {"version": "3.0"}, "extensions": {TEXTS: {}}}
        inbox, send = Inbox(), partial(self.handle_reply, protocol)
        application = self.application(scope=scope, receive=inbox.get, send=send)
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(application)
        return inbox

    async def handle_reply(self, protocol: Any, message: Message) -> None:
        """Send a text, or what else the application says, and wait while the client is behind."""
        if message is not self._message:  # the hub gives many sockets the same
            if message["type"] != "websocket.send" or message.get("bytes"):
                if message["type"] == "http.response.start":
                    self.draining.note(protocol)
                await super().handle_reply(protocol, message)
                return
            self._message, self._frames = message, protocol.factory.frames(message)
        if protocol.state == protocol.STATE_OPEN:
            protocol.write(self._frames)
            if protocol._unread is not None:
                await protocol.drained()


class CommandLineInterface(cli.CommandLineInterface):
    """Daphne's command line with the server above."""

    server_class = Server


if __name__ == "__main__":
    CommandLineInterface.entrypoint()
