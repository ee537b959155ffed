"""WebSocket connections of Flack's daphne.

daphne frames a message anew for each socket, and Twisted buffers each write. Here a text is framed
once for all sockets and written at once, the sender waits while a client does not read, and a
client receives the reason before its socket is closed.
"""

import asyncio
import random
import time
from http import HTTPStatus
from typing import Any

from autobahn.websocket.types import ConnectionDeny
from daphne import ws_protocol
from django.conf import settings

from chat import throttling
from chat.errors import RETRY_AFTER, TOO_LONG, error_frame
from chat.realtime.socket import PARTING
from flack_project.daphne import privates

Message = dict[str, Any]


class WebSocketProtocol(privates.WebSocketProtocol):
    """One socket. It is the push producer that Twisted pauses while the client does not read."""

    is_plain = False
    _unread: asyncio.Future[None] | None = None
    _window, _pieces, _messages = 0.0, 0, 0

    def onConnect(self, request: Any) -> Any:  # noqa: N802
        """Open the socket, or refuse it while the server shuts down: nginx tries the next node."""
        self.is_plain = privates.is_plain(self.transport)
        if self.factory.server_class.draining.began:
            self.server, self.request, self.client_addr = self.factory.server_class, request, None
            self.server.protocol_connected(self)
            raise ConnectionDeny(503)  # type: ignore[no-untyped-call]
        return super().onConnect(request)

    def failHandshake(self, reason: str, code: int = 400, headers: Any = None) -> None:  # noqa: N802
        """Refuse a handshake with a short reason, and a 503 with Retry-After.

        autobahn's reason repeats the request. nginx rejects a status line that long, and then sends
        this node no requests for some seconds.
        """
        if code == HTTPStatus.SERVICE_UNAVAILABLE:
            headers = [("Retry-After", RETRY_AFTER)]
        super().failHandshake(reason if code != 400 else "Bad Request", code, headers)

    def onOpen(self) -> None:  # noqa: N802
        """Replace the HTTP channel as the producer that the transport pauses and resumes."""
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)
        # Clients that reconnect together after an outage must not all be pinged at the same time.
        self.last_ping -= random.random() * self.server.ping_interval  # noqa: S311
        self.server.socket_opened(self)
        super().onOpen()

    def onFrameBegin(self) -> None:  # noqa: N802
        """Count frames that never reach the application: pings, and fragments of messages."""
        if time.monotonic() > self._window:
            self._window, self._pieces, self._messages = time.monotonic() + 10, 0, 0
        self._pieces += 1
        if self._pieces == throttling.PIECES and settings.FLACK_RATE_LIMITS:
            self._stop(1008, error_frame(429, "Too many frames."))
        super().onFrameBegin()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        """Count a message when it arrives: the consumer may take it much later."""
        self._messages += 1
        if self._messages > throttling.FRAMES and settings.FLACK_RATE_LIMITS:
            self._stop(1008, error_frame(429, "Too many frames."))
        else:
            super().onMessage(payload, isBinary)

    def refuse_long_message(self) -> None:
        """Close after a message longer than the limit."""
        self.fail(1009, self.factory.frames({"text": TOO_LONG}))

    def refuse_violation(self, reason: str) -> None:
        """Close after a frame that breaks the WebSocket protocol."""
        self._stop(1002, error_frame(400, f"This is not WebSocket: {reason}."))

    def refuse_text(self, reason: str) -> None:
        """Close after a text that is not UTF-8."""
        self._stop(1007, error_frame(400, f"This is not UTF-8: {reason}."))

    def _stop(self, code: int, text: str) -> None:
        self.fail(code, self.factory.frames({"text": text}))
        self.read(False)

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:  # noqa: N802
        """Write autobahn's own frames, pings above all, without its buffer."""
        self.write(data)

    def write(self, data: bytes) -> None:
        """Write to the socket at once where that is possible; Twisted sends the rest."""
        if self.is_plain:
            data = privates.send_now(self.transport, data)
            if not data:
                return
        self.transport.write(data)

    def read(self, more: bool) -> None:
        """Stop reading from the socket, or go on unless it is being closed."""
        if not more:
            self.transport.pauseProducing()
        elif self.state == self.STATE_OPEN:
            self.transport.resumeProducing()

    @property
    def is_behind(self) -> bool:
        """True while Twisted's buffer for this client is full."""
        return self._unread is not None

    async def drained(self) -> None:
        """Wait until the client has read, or the connection is lost."""
        while self._unread is not None:
            await asyncio.shield(self._unread)

    def pauseProducing(self) -> None:  # noqa: N802
        """Handle a full buffer. Twisted calls this again for each write to it."""
        if self._unread is None:
            self._unread = asyncio.get_running_loop().create_future()

    def resumeProducing(self) -> None:  # noqa: N802
        """Handle an empty buffer."""
        if self._unread is not None:
            self._unread.set_result(None)
            self._unread = None

    stopProducing = resumeProducing  # noqa: N815  # the connection is lost

    def unregisterProducer(self) -> None:  # noqa: N802
        """Let senders go on when autobahn drops the connection: nothing else resumes them."""
        super().unregisterProducer()
        self.resumeProducing()


class WebSocketFactory(ws_protocol.WebSocketFactory):
    """Creates the sockets, and frames the messages that they send."""

    protocol = WebSocketProtocol

    def setProtocolOptions(self, **options: Any) -> None:  # noqa: N802
        """Set the options of all sockets."""
        options["maxMessagePayloadSize"] = throttling.FRAME_SIZE
        # A client that answers the close later is reset, and may lose the reason for it.
        options["closeHandshakeTimeout"] = PARTING
        super().setProtocolOptions(**options)
        privates.copy_options(self, self.protocol)

    def frames(self, message: Message) -> bytes:
        """Return the frames of a `websocket.send` message with `texts` or `text`."""
        texts = message.get("texts") or [message["text"]]
        return b"".join(privates.frame(self, text) for text in texts)
