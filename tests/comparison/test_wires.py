"""The suite detects what the sockets of a server speak."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from comparison.contract.wires import detect, open_wire

PATIENCE = 20  # seconds
OPEN = '0{"sid":"a","upgrades":[],"pingTimeout":20000,"pingInterval":25000}'


def speak_3(connection: ServerConnection) -> None:
    """Open the namespace unasked, then return every event; answer heartbeats."""
    connection.send(OPEN)
    connection.send("40")
    for text in connection:
        connection.send("3" if text == "2" else text)


def speak_4(connection: ServerConnection) -> None:
    """Open the namespace when asked, send a heartbeat; when it is answered, return an event."""
    connection.send(OPEN)
    if connection.recv() == "40":
        connection.send('40{"sid":"b"}')
    connection.send("2")
    event, answer = sorted((connection.recv(), connection.recv()), reverse=True)
    if answer == "3":
        connection.send(event)


def speak_json(connection: ServerConnection) -> None:
    """Return every frame."""
    for text in connection:
        connection.send(text)


def only_read(connection: ServerConnection) -> None:
    """Read every frame."""
    for _ in connection:
        pass


def only_ws(connection: ServerConnection, request: Any) -> Any:
    """Reject each path but that of the plain WebSocket."""
    return None if request.path == "/ws/" else connection.respond(HTTPStatus.NOT_FOUND, "none\n")


@contextmanager
def server(speak: Callable[[ServerConnection], None], **options: Any) -> Iterator[str]:
    """Run a server that speaks so, and yield its URL."""

    def handle(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            speak(connection)

    with serve(handle, "127.0.0.1", 0, **options) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.socket.getsockname()[1]}"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("name", "speak", "options"),
    [
        ("socketio3", speak_3, {}),
        ("socketio4", speak_4, {}),
        ("json", speak_json, {"process_request": only_ws}),
    ],
)
def test_the_wire_is_detected_and_carries_events(
    name: str, speak: Callable[[ServerConnection], None], options: dict[str, Any]
) -> None:
    with server(speak, **options) as url:
        assert detect(url, PATIENCE) == name
        with open_wire(name, url, PATIENCE) as wire:
            if name == "json":
                wire.send({"event": "resync", "data": {}})
            else:
                wire.send('42["resync",{}]')
            assert next(wire.frames(PATIENCE)) == {"event": "resync", "data": {}}


def test_a_server_that_accepts_any_path_and_stays_silent_speaks_json() -> None:
    with server(only_read) as url:
        assert detect(url, 2) == "json"


def test_a_server_that_cannot_be_reached_is_an_error() -> None:
    with pytest.raises(OSError):
        detect("http://127.0.0.1:1", PATIENCE)
