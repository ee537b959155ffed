"""One socket of one client: plain WebSocket, or Socket.IO over Engine.IO 3 or 4."""

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

Frame = dict[str, Any]  # always with "event", mostly with "data"


class JsonWire:
    """The plain WebSocket at `/ws/`: each text frame is one JSON object."""

    path = "/ws/"

    def __init__(self, connection: ClientConnection, patience: float) -> None:
        """Take an open connection, and the seconds that any answer may take."""
        self.connection = connection
        self.patience = patience

    def ping_user(self, token: str) -> None:
        """Identify the user of this socket."""
        self.send({"event": "ping_user", "token": token})

    def post_message(self, source: str, token: str) -> None:
        """Post a message."""
        frame = {"event": "post_message", "data": {"source": source}, "token": token}
        self.send(frame | {"ref": uuid4().hex})

    def close(self) -> None:
        """Close the socket."""
        self.connection.close()

    def send(self, frame: Any) -> None:
        """Send a frame; text and bytes are sent unchanged."""
        raw = frame if isinstance(frame, str | bytes) else json.dumps(frame)
        self.connection.send(raw)

    def decode(self, text: str | bytes) -> Frame | None:
        """Return a frame's event, or None for a frame without one."""
        frame: Frame = json.loads(text)
        return frame

    def frames(self, seconds: float) -> Iterator[Frame]:
        """Yield each event as it comes, for `seconds` or until the server closes."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                frame = self.decode(self.connection.recv(timeout=left))
            except (TimeoutError, ConnectionClosed):
                return
            if frame is not None:
                yield frame

    def answer(self, ref: Any) -> Frame:
        """Return the ack or error of a `ref`."""
        for frame in self.frames(self.patience):
            if frame["event"] in ("ack", "error") and frame.get("ref") == ref:
                return frame
        pytest.fail(f"no ack and no error for ref {ref!r} within {self.patience:g} s")

    def push(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Return the model of the next push of this class with these fields."""
        for frame in self.frames(self.patience):
            if model := pushed(frame, kind, fields):
                return model
        pytest.fail(f"no push of a {kind} with {fields} within {self.patience:g} s")

    def pushes(self, kind: str, seconds: float, **fields: Any) -> list[dict[str, Any]]:
        """Return all such models that are pushed in the next seconds."""
        return [m for frame in self.frames(seconds) if (m := pushed(frame, kind, fields))]


class SocketIO3Wire(JsonWire):
    """Socket.IO over Engine.IO 3, as in 2016: `42` and a JSON array is an event.

    The client sends the heartbeat `2`.
    """

    path = "/socket.io/?EIO=3&transport=websocket"
    heartbeat = 20.0  # seconds; the server of 2016 asks for one every 25

    def __init__(self, connection: ClientConnection, patience: float) -> None:
        """Wait until the server has opened the connection and the namespace."""
        super().__init__(connection, patience)
        self.greet()
        self.beat_at = time.monotonic()

    def greet(self) -> None:
        """Read the open packet of Engine.IO, then that of the namespace."""
        for greeting in "0", "40":
            assert str(self.connection.recv(timeout=self.patience)).startswith(greeting)

    def ping_user(self, token: str) -> None:
        """Identify the user of this socket."""
        self.send("42" + json.dumps(["ping_user", token]))

    def post_message(self, source: str, token: str) -> None:
        """Post a message."""
        self.send("42" + json.dumps(["post_message", {"source": source}, token]))

    def decode(self, text: str | bytes) -> Frame | None:
        """Return a frame's event, or None for heartbeats and acknowledgements."""
        text = str(text)
        if not text.startswith("42"):
            return None
        event, *arguments = json.loads(text[2:])
        return {"event": event, "data": arguments[0] if arguments else None}

    def frames(self, seconds: float) -> Iterator[Frame]:
        """Yield each event as it comes, and send the heartbeat."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if time.monotonic() > self.beat_at + self.heartbeat:
                self.connection.send("2")
                self.beat_at = time.monotonic()
            yield from super().frames(min(left, self.heartbeat))


class SocketIO4Wire(SocketIO3Wire):
    """Socket.IO over Engine.IO 4: the client opens the namespace, and answers the heartbeats."""

    path = "/socket.io/?EIO=4&transport=websocket"
    heartbeat = float("inf")

    def greet(self) -> None:
        """Open the namespace."""
        assert str(self.connection.recv(timeout=self.patience)).startswith("0")
        self.send("40")
        assert str(self.connection.recv(timeout=self.patience)).startswith('40{"sid":')

    def decode(self, text: str | bytes) -> Frame | None:
        """Return a frame's event, or None; answer a heartbeat."""
        if text == "2":
            self.send("3")
        return super().decode(text)


WIRES = {"json": JsonWire, "socketio3": SocketIO3Wire, "socketio4": SocketIO4Wire}


def pushed(frame: Frame, kind: str, fields: dict[str, Any]) -> dict[str, Any] | None:
    """Return the model of a frame that pushes one of this class with these fields."""
    if frame["event"] != "updated_model" or frame["data"]["class"] != kind:
        return None
    model: dict[str, Any] = frame["data"]["model"]
    return model if all(model.get(key) == value for key, value in fields.items()) else None


def detect(url: str, patience: float) -> str:
    """Return the name of the wire that the server at an http(s) URL speaks.

    Both versions of Engine.IO accept a connection that asks for version 4, and open it with a
    packet `0`. Version 3 then opens the namespace unasked, with a bare `40`; version 4 does when it
    is asked, with `40` and the id of the session.
    """
    try:
        connection = connected(url, SocketIO4Wire.path, patience)
    except InvalidHandshake:
        return "json"
    with connection, suppress(ConnectionClosed, TimeoutError):
        connection.send("40")
        for _ in range(2):
            if (text := str(connection.recv(timeout=patience))).startswith("40"):
                return "socketio4" if len(text) > 2 else "socketio3"
    return "json"


@contextmanager
def open_wire(name: str, url: str, patience: float) -> Iterator[JsonWire]:
    """Connect a socket of the named wire to the server at an http(s) URL."""
    wire = WIRES[name]
    with connected(url, wire.path, patience) as connection:
        yield wire(connection, patience)


def connected(url: str, path: str, patience: float) -> ClientConnection:
    """Return a WebSocket to a path of the server at an http(s) URL, a context manager."""
    parts = urlsplit(url)
    scheme, tls = ("wss", calm_tls()) if parts.scheme == "https" else ("ws", None)
    address = f"{scheme}://{parts.netloc}{path}"
    return connect(address, proxy=None, ssl=tls, open_timeout=patience, max_queue=None)


def calm_tls(cafile: Path | None = None) -> ssl.SSLContext:
    """Return a context of TLS 1.2 for the clients of `websockets.sync`, which read in a thread.

    By TLS 1.3 a server sends tickets after the handshake. While that thread reads them, what the
    other one writes can be lost: with nginx 2 of 1,500 sockets never opened, by TLS 1.2 none.
    """
    context = ssl.create_default_context(cafile=cafile)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context
