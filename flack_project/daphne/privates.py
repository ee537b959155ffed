"""The private names of daphne, autobahn and Twisted that Flack uses.

This module alone uses names that begin with an underscore, patches a library, or touches a socket
below its transport. `NAMES` lists these, and the undocumented names that other modules of this
package override or read. `tests/flack_project/daphne/test_privates.py` fails with the library, the
name and the installed version when one disappears: run it when you raise an upper bound in
`pyproject.toml`.
"""

import time
from collections import deque
from types import SimpleNamespace
from typing import Any, NamedTuple

from autobahn.websocket.protocol import TrafficStats
from daphne import http_protocol, server, ws_protocol
from twisted.internet import tcp
from twisted.web import http

# Library, owner, name. An attribute of an instance is listed under the class that sets it.
# What an open socket does not need any more, or shares with all others:
HANDSHAKE = (
    ("autobahn", "autobahn.util.ObservableMixin", "_results"),
    ("autobahn", "autobahn.util.ObservableMixin", "_valid_events"),
    ("autobahn", "autobahn.twisted.websocket.WebSocketAdapterProtocol", "_transport_details"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketProtocol", "is_open"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketProtocol", "send_queue"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketProtocol", "trafficStats"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketServerProtocol", "_wskey"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketServerProtocol", "http_headers"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketServerProtocol", "http_request_data"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketServerProtocol", "http_request_host"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketServerProtocol", "http_request_params"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketServerProtocol", "http_request_path"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketServerProtocol", "http_request_uri"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketServerProtocol", "http_response_data"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketServerProtocol", "http_status_line"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketServerProtocol", "websocket_extensions"),
    (
        "autobahn",
        "autobahn.websocket.protocol.WebSocketServerProtocol",
        "websocket_extensions_in_use",
    ),
    ("autobahn", "autobahn.websocket.protocol.WebSocketServerProtocol", "websocket_origin"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketServerProtocol", "websocket_protocols"),
    ("daphne", "daphne.ws_protocol.WebSocketProtocol", "application_deferred"),
    ("daphne", "daphne.ws_protocol.WebSocketProtocol", "clean_headers"),
    ("daphne", "daphne.ws_protocol.WebSocketProtocol", "server_addr"),
)
NAMES = (
    *HANDSHAKE,
    ("daphne", "daphne.http_protocol", "time"),
    ("daphne", "daphne.server", "HTTPFactory"),
    ("daphne", "daphne.server", "WebSocketFactory"),
    ("daphne", "daphne.server", "time"),
    ("daphne", "daphne.server.Server", "application_checker"),
    ("daphne", "daphne.server.Server", "connections"),
    ("daphne", "daphne.server.Server", "create_application"),
    ("daphne", "daphne.server.Server", "handle_reply"),
    ("daphne", "daphne.server.Server", "listen_success"),
    ("daphne", "daphne.server.Server", "protocol_connected"),
    ("daphne", "daphne.server.Server", "protocol_disconnected"),
    ("daphne", "daphne.server.Server", "timeout_checker"),
    ("daphne", "daphne.http_protocol.WebRequest", "_response_started"),
    ("daphne", "daphne.http_protocol.WebRequest", "basic_error"),
    ("daphne", "daphne.http_protocol.WebRequest", "handle_reply"),
    ("daphne", "daphne.ws_protocol", "time"),
    ("daphne", "daphne.ws_protocol.WebSocketFactory", "server_class"),
    ("daphne", "daphne.ws_protocol.WebSocketProtocol", "check_timeouts"),
    ("daphne", "daphne.ws_protocol.WebSocketProtocol", "last_ping"),
    ("daphne", "daphne.ws_protocol.WebSocketProtocol", "server"),
    ("daphne", "daphne.ws_protocol.WebSocketProtocol", "request"),
    ("daphne", "daphne.ws_protocol.WebSocketProtocol", "serverAccept"),
    ("daphne", "daphne.ws_protocol.WebSocketProtocol", "serverClose"),
    ("autobahn", "autobahn.twisted.websocket.WebSocketAdapterProtocol", "unregisterProducer"),
    ("autobahn", "autobahn.websocket.protocol.PreparedMessage", "payloadHybi"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketFactory", "prepareMessage"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketProtocol", "STATE_OPEN"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketProtocol", "_dataReceived"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketProtocol", "_invalid_payload"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketProtocol", "_max_message_size_exceeded"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketProtocol", "_protocol_violation"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketProtocol", "failedByMe"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketProtocol", "onFrameBegin"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketProtocol", "sendCloseFrame"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketProtocol", "sendData"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketProtocol", "state"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketServerProtocol", "CONFIG_ATTRS"),
    ("autobahn", "autobahn.websocket.protocol.WebSocketServerProtocol", "failHandshake"),
    ("twisted", "twisted.internet.abstract.FileDescriptor", "_tempDataBuffer"),
    ("twisted", "twisted.internet.abstract.FileDescriptor", "dataBuffer"),
    ("twisted", "twisted.internet.tcp.Connection", "TLS"),
    ("twisted", "twisted.internet.tcp.Connection", "socket"),
    ("twisted", "twisted.internet.tcp.Port", "doRead"),
    ("twisted", "twisted.internet.tcp.Port", "socket"),
    ("twisted", "twisted.web.http.HTTPChannel", "_respondToBadRequestAndDisconnect"),
    ("twisted", "twisted.web.http.HTTPChannel", "persistent"),
    ("twisted", "twisted.web.http.HTTPChannel", "requestFactory"),
    ("twisted", "twisted.web.http.HTTPChannel", "requests"),
    ("twisted", "twisted.web.http.Request", "channel"),
    ("twisted", "twisted.web.http.Request", "responseHeaders"),
    ("twisted", "twisted.web.http.Request", "transport"),
)

DROPPED = frozenset(name for _, _, name in HANDSHAKE)


class Request(NamedTuple):
    """What daphne's log lines read of the request of an open socket."""

    path: str


def allow_close_codes(patience: float) -> None:
    """Let daphne, also `daphne` and `runserver` as they come, close a socket with any code.

    autobahn's `sendClose` refuses 1001 to 2999, so daphne would leave the socket open when an
    application closes it with 1008, 1009, 1012 or 1013:
    https://github.com/crossbario/autobahn-python/issues/1642,
    https://github.com/django/daphne/issues/374. A client that does not answer within `patience`
    seconds is reset and may lose the reason; by default after one second.
    """

    def close(protocol: Any, code: int | None = None) -> None:
        protocol.closeHandshakeTimeout = patience
        protocol.sendCloseFrame(code=1000 if code is None else code)

    ws_protocol.WebSocketProtocol.serverClose = close


def install(websocket_factory: type, http_factory: type, basic_error: Any, refusal: bytes) -> None:
    """Replace the factories that daphne's server looks up, its error page and Twisted's.

    Twisted sends the refusal in answer to what it cannot read, such as more than 500 headers.
    """

    def refuse(channel: Any) -> None:
        channel.transport.write(refusal)
        channel.loseConnection()

    server.WebSocketFactory, server.HTTPFactory = websocket_factory, http_factory
    http_protocol.WebRequest.basic_error = basic_error
    http.HTTPChannel._respondToBadRequestAndDisconnect = refuse  # type: ignore[method-assign]
    # daphne reads the time only for durations. If the clock of this host were set back by an hour,
    # it would send no ping and find no hung application for an hour; a day ahead, it would close
    # every socket.
    for module in (http_protocol, server, ws_protocol):
        module.time = SimpleNamespace(time=time.monotonic)


class WebSocketProtocol(ws_protocol.WebSocketProtocol):
    """daphne's socket; autobahn's private hooks call its public `refuse_…` methods."""

    CONFIG_ATTRS = ()  # `copy_options` sets them on the class; autobahn would once for each socket
    # All open sockets share these: nothing reads the numbers, and `sendData` below never queues.
    trafficStats = TrafficStats()  # type: ignore[no-untyped-call]  # noqa: N815
    send_queue: deque[Any] = deque()
    clean_headers: list[tuple[bytes, bytes]]
    request: Any

    def serverAccept(self, subprotocol: str | None = None) -> None:  # noqa: N802
        """Open the socket, then drop what only its handshake needed: 7 of 18 KiB.

        Attributes without a value (None, False, 0, b"") move to the class.
        """
        super().serverAccept(subprotocol)
        self.clean_headers.clear()  # also those of the scope: the application has read them
        self.request = Request(self.request.path)
        attributes, shared = vars(self), WebSocketProtocol
        for name, value in attributes.items():
            if value in (None, 0, b"", "") and not hasattr(shared, name):
                setattr(shared, name, value)
        self.__dict__ = {
            name: value
            for name, value in attributes.items()
            if name not in DROPPED and value is not getattr(shared, name, self)
        }

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Process what a client sent, without formatting autobahn's debug log, which is off."""
        self._dataReceived(data)

    def _max_message_size_exceeded(self, *_: Any) -> None:
        self.refuse_long_message()

    def _protocol_violation(self, reason: str) -> bool:
        self.refuse_violation(reason)
        return True  # autobahn reads no further

    def _invalid_payload(self, reason: str) -> bool:
        self.refuse_text(reason)
        return True

    def fail(self, code: int, frames: bytes) -> None:
        """Send last frames and a close frame, and ignore what the client still sends."""
        if self.state == self.STATE_OPEN:
            self.failedByMe = True
            self.sendData(frames)
            self.sendCloseFrame(code=code)


def has_begun(request: Any) -> bool:
    """Return True if the response to a request has begun."""
    return bool(request._response_started)


def copy_options(factory: Any, protocol: type[WebSocketProtocol]) -> None:
    """Set autobahn's options of a factory on the class of its sockets."""
    for name in ws_protocol.WebSocketProtocol.CONFIG_ATTRS:
        option = getattr(factory, name)
        setattr(protocol, name, staticmethod(option) if callable(option) else option)


def frame(factory: Any, text: str) -> bytes:
    """Return the WebSocket frame of a text, uncompressed."""
    return bytes(factory.prepareMessage(text.encode()).payloadHybi)


def is_plain(transport: Any) -> bool:
    """Return True if bytes may go straight to the socket: never those of a TLS connection."""
    return isinstance(transport, tcp.Connection) and not transport.TLS


def send_now(transport: Any, data: bytes) -> bytes:
    """Send on the socket of a plain transport unless its buffer holds data; return the rest.

    Twisted would buffer the data and ask epoll twice for it.
    """
    if transport.dataBuffer or transport._tempDataBuffer or transport.disconnecting:
        return data
    try:
        return data[transport.socket.send(data) :]
    except OSError:  # full or broken: Twisted finds out which when it writes
        return data
