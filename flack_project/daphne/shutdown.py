"""Graceful shutdown: what a node does between SIGTERM and its exit, without a failed request.

The node accepts no new connections, answers requests on the open ones, and closes its sockets with
1012, service restart, spread over some seconds so that their clients do not all reconnect at once.
nginx closes its idle connections itself. Only the side that sends requests can close a connection
without a race, so the node waits for that.
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
KEPT = 6.0  # seconds until an idle connection is dropped; nginx keeps them for 5
LONGEST = 30.0  # seconds until a request is dropped too; nginx waits no longer for a response
FAREWELL = 2.0  # seconds for publishing what is queued
STEP = 0.1  # seconds
BACKLOG = 1024  # connections that may wait for accept(); nginx fills Twisted's 50 in one burst


class Draining:
    """The graceful shutdown of one daphne server, whose `connections` are requests and sockets."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.ports: list[Any] = []
        self.began = 0.0
        self.sockets = 0  # open when the shutdown began

    def add_port(self, port: Any) -> None:
        """Add a port that the server listens on."""
        port.socket.listen(BACKLOG)
        self.ports.append(port)

    def handle_signals(self) -> None:
        """Begin at SIGTERM; a second one stops the server at once."""
        signal.signal(signal.SIGTERM, lambda *_: reactor.callFromThread(self.begin))

    def begin(self) -> None:
        """Stop listening, and go on until no client is connected."""
        if self.began:
            self.server.stop()
            return
        self.began, self.sockets = reactor.seconds(), len(self._open_sockets())
        for port in self.ports:
            address = port.getHost()
            if isinstance(address, UNIXAddress):
                with suppress(FileNotFoundError):  # an operator may have removed it
                    os.unlink(address.name or b"")  # clients already connecting are still accepted
            else:
                port.doRead()  # accepts the connections that wait
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
            async with asyncio.timeout(FAREWELL):
                await asyncio.wrap_future(publisher.leave())
        self.server.stop()

    def _open_sockets(self) -> list[Any]:
        sockets = (one for one in self.server.connections if isinstance(one, WebSocketProtocol))
        return [one for one in sockets if one.state == one.STATE_OPEN]

    def close_after_response(self, protocol: Any) -> None:
        """During the shutdown, mark the response of a request as the last of its connection."""
        if self.began and isinstance(protocol, WebRequest) and protocol.channel is not None:
            protocol.channel.persistent = False
            protocol.responseHeaders.setRawHeaders(b"connection", [b"close"])


def is_alone() -> bool:
    """Return True if no client is connected."""
    return not any(isinstance(one, tcp.Server) for one in reactor.getReaders())
