"""Leaving without a failed request: what a node does between SIGTERM and its end.

It takes no new connection, answers what still comes on the open ones, and closes its sockets one
after the other with 1012, service restart, so that their clients do not all come back at once.
nginx closes the connections that it keeps for later by itself: only who sends may close without a
race, so the node waits for that.
"""

import asyncio
import os
import signal
from contextlib import suppress
from typing import Any

from daphne.http_protocol import WebRequest
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor as _reactor
from twisted.internet import tcp
from twisted.internet.address import UNIXAddress

from chat.realtime.push import publisher

reactor: Any = _reactor
RESTART = 1012  # the close code for "service restart"
SPREAD = 4.0  # seconds over which the sockets are closed
KEPT = 6.0  # seconds until a connection without a request is cut off; nginx keeps them for 5
LONGEST = 30.0  # seconds until also a request is; nginx waits for no answer any longer
FAREWELL = 2.0  # seconds for the last push
STEP = 0.1  # seconds
BACKLOG = 1024  # connections that may wait to be accepted; Twisted's 50 are one burst of nginx


class Draining:
    """The drain of one server: daphne's, whose `connections` are its requests and sockets."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.ports: list[Any] = []
        self.began = 0.0
        self.sockets = 0  # when it began

    def add_port(self, port: Any) -> None:
        """Take a port that the server listens on."""
        port.socket.listen(BACKLOG)
        self.ports.append(port)

    def hear(self) -> None:
        """Begin at SIGTERM; a second one ends the server at once."""
        signal.signal(signal.SIGTERM, lambda *_: reactor.callFromThread(self.begin))

    def begin(self) -> None:
        """Listen no more, and go on until nobody is connected."""
        if self.began:
            self.server.stop()
            return
        self.began, self.sockets = reactor.seconds(), len(self._open_sockets())
        for port in self.ports:
            address = port.getHost()
            if isinstance(address, UNIXAddress):
                os.unlink(address.name or b"")  # who found it before is accepted yet
            else:
                port.doRead()  # accepts who waits
                port.stopListening()
        self._go_on()

    def _go_on(self) -> None:
        passed = reactor.seconds() - self.began
        stay = int(self.sockets * (1 - passed / SPREAD)) if passed < SPREAD else 0
        sockets = self._open_sockets()
        for socket in sockets[: max(0, len(sockets) - stay)]:
            socket.serverClose(RESTART)
        is_idle = all("disconnected" in details for details in self.server.connections.values())
        is_over = passed > (2 * STEP if is_alone() else KEPT if is_idle else LONGEST)
        if is_over:
            self.ending = asyncio.ensure_future(self._end())
        else:
            reactor.callLater(STEP, self._go_on)

    async def _end(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(publisher.leave()), FAREWELL)
        self.server.stop()

    def _open_sockets(self) -> list[Any]:
        sockets = (one for one in self.server.connections if isinstance(one, WebSocketProtocol))
        return [one for one in sockets if one.state == one.STATE_OPEN]

    def note(self, protocol: Any) -> None:
        """While this server leaves, let the answer to a request be the last of its connection."""
        if self.began and isinstance(protocol, WebRequest) and protocol.channel is not None:
            protocol.channel.persistent = False
            protocol.responseHeaders.setRawHeaders(b"connection", [b"close"])


def is_alone() -> bool:
    """Say whether nobody is connected."""
    return not any(isinstance(one, tcp.Server) for one in reactor.getReaders())
