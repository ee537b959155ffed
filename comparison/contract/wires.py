"""One socket of one client, on either wire: plain WebSocket or the Socket.IO of 2016."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

Frame = dict[str, Any]  # always with "event", mostly with "data"


class JsonWire:
    """The plain WebSocket at `/ws/`: each text frame is one JSON object."""

    path = "/ws/"

    def __init__(self, connection: ClientConnection, patience: float) -> None:
        """Take an open connection, and how many seconds any answer may take."""
        self.connection = connection
        self.patience = patience

    def ping_user(self, token: str) -> None:
        """Say who is here."""
        self.send({"event": "ping_user", "token": token})

    def post_message(self, source: str, token: str) -> None:
        """Post a message."""
        frame = {"event": "post_message", "data": {"source": source}, "token": token}
        self.send(frame | {"ref": uuid4().hex})

    def close(self) -> None:
        """Leave."""
        self.connection.close()

    def send(self, frame: Any) -> None:
        """Send a frame; text and bytes go as they are."""
        raw = frame if isinstance(frame, str | bytes) else json.dumps(frame)
        self.connection.send(raw)

    def decode(self, text: str | bytes) -> Frame | None:
        """Give a frame's event, or None for what is no event."""
        frame: Frame = json.loads(text)
        return frame

    def frames(self, seconds: float) -> Iterator[Frame]:
        """Give each event as it comes, until `seconds` are over or the server closes."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                frame = self.decode(self.connection.recv(timeout=left))
            except (TimeoutError, ConnectionClosed):
                return
            if frame is not None:
                yield frame

    def answer(self, ref: Any) -> Frame:
        """Wait for the ack or error of a `ref`."""
        for frame in self.frames(self.patience):
            if frame["event"] in ("ack", "error") and frame.get("ref") == ref:
                return frame
        pytest.fail(f"no ack and no error for ref {ref!r} within {self.patience:g} s")

    def push(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Wait for a push of this class whose model has these fields; give the model."""
        for frame in self.frames(self.patience):
            if model := pushed(frame, kind, fields):
                return model
        pytest.fail(f"no push of a {kind} with {fields} within {self.patience:g} s")

    def pushes(self, kind: str, seconds: float, **fields: Any) -> list[dict[str, Any]]:
        """Give all such models pushed in the next seconds."""
        return [m for frame in self.frames(seconds) if (m := pushed(frame, kind, fields))]


class SocketIOWire(JsonWire):
    """Engine.IO 3 over WebSocket: `42` and a JSON array is an event, `2` a heartbeat."""

    path = "/socket.io/?EIO=3&transport=websocket"
    heartbeat = 20.0  # seconds; the server of 2016 asks for one each 25

    def __init__(self, connection: ClientConnection, patience: float) -> None:
        """Wait for the server's two greetings: the connection's, then the namespace's."""
        super().__init__(connection, patience)
        for greeting in "0", "40":
            assert str(connection.recv(timeout=patience)).startswith(greeting)
        self.beat_at = time.monotonic()

    def ping_user(self, token: str) -> None:
        """Say who is here."""
        self.send("42" + json.dumps(["ping_user", token]))

    def post_message(self, source: str, token: str) -> None:
        """Post a message."""
        self.send("42" + json.dumps(["post_message", {"source": source}, token]))

    def decode(self, text: str | bytes) -> Frame | None:
        """Give a frame's event, or None for heartbeats and acknowledgements."""
        text = str(text)
        if not text.startswith("42"):
            return None
        event, *arguments = json.loads(text[2:])
        return {"event": event, "data": arguments[0] if arguments else None}

    def frames(self, seconds: float) -> Iterator[Frame]:
        """Give each event as it comes, with a heartbeat now and then."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if time.monotonic() > self.beat_at + self.heartbeat:
                self.connection.send("2")
                self.beat_at = time.monotonic()
            yield from super().frames(min(left, self.heartbeat))


WIRES = {"json": JsonWire, "socketio": SocketIOWire}


def pushed(frame: Frame, kind: str, fields: dict[str, Any]) -> dict[str, Any] | None:
    """Give the model of a frame that pushes one of this class with these fields."""
    if frame["event"] != "updated_model" or frame["data"]["class"] != kind:
        return None
    model: dict[str, Any] = frame["data"]["model"]
    return model if all(model.get(key) == value for key, value in fields.items()) else None


@contextmanager
def open_wire(name: str, url: str, patience: float) -> Iterator[JsonWire]:
    """Connect a socket of the named wire to the server at an http(s) URL."""
    wire, parts = WIRES[name], urlsplit(url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    address = f"{scheme}://{parts.netloc}{wire.path}"
    with connect(address, proxy=None, open_timeout=patience, max_queue=None) as connection:
        yield wire(connection, patience)
