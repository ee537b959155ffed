"""The sockets of our daphne: each text is framed once for all, what is written leaves at once, the
sender waits while a client does not read, and who is closed is told why.

As it comes daphne frames a message anew for each socket, and Twisted buffers each write and asks
epoll twice for it.
"""

import asyncio
import random
import time
from typing import Any

from autobahn.websocket.types import ConnectionDeny
from daphne import ws_protocol
from django.conf import settings

from chat import throttling
from chat.errors import TOO_LONG, error_frame

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
        if self._pieces == throttling.PIECES and settings.FLACK_RATE_LIMITS:
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
        super().setProtocolOptions(**options | {"maxMessagePayloadSize": throttling.FRAME_SIZE})
        for name in ws_protocol.WebSocketProtocol.CONFIG_ATTRS:
            option = getattr(self, name)
            setattr(self.protocol, name, staticmethod(option) if callable(option) else option)

    def frames(self, message: Message) -> bytes:
        """Return the frames of a `websocket.send`."""
        texts = message.get("texts") or [message["text"]]
        return b"".join(self.prepareMessage(text.encode()).payloadHybi for text in texts)
