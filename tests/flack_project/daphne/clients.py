"""Clients of the servers in this folder's tests."""

import select
import socket
import struct

import orjson
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.running import HANDSHAKE

CLOSE_CODES = [1000, 1008, 1009, 1011, 1012, 1013, 4001]


def receive(connection, event, **model):
    """Return the data of the next frame of an event whose model has these values."""
    while True:
        frame = orjson.loads(connection.recv(timeout=15))
        data = frame["data"]
        if frame["event"] == event and model.items() <= data.get("model", {}).items():
            return data


def assert_closed(connection, status, code):
    """Check that a client receives an error and then a close."""
    assert receive(connection, "error")["status"] == status
    with pytest.raises(ConnectionClosed) as closed:
        receive(connection, "nothing")
    assert closed.value.rcvd.code == code


def code_of_close(server, code):
    """Let the application close a socket with a code; return the code that the client receives."""
    return code_at(server, f"/close/{code}/")


def code_at(server, path):
    """Return the code with which a server closes a socket at a path."""
    url = f"ws://127.0.0.1:{server.port}{path}"
    with connect(url, proxy=None) as connection, pytest.raises(ConnectionClosed) as closed:
        connection.recv(timeout=15)
    return closed.value.rcvd.code


def open_unread(server, path="/ws/"):
    """Return a plain socket that is an open WebSocket, with a small window."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.connect(("127.0.0.1", server.port))
    plain.sendall(HANDSHAKE.replace(b"/ws/", path.encode()))
    assert plain.recv(1024).startswith(b"HTTP/1.1 101")
    return plain


def assert_parting(plain, status, code):
    """Read a plain socket until its close frame, and check that an error came before it."""
    plain.settimeout(15)
    received = b""
    while not received.endswith(struct.pack("!BBH", 0x88, 2, code)):
        data = plain.recv(4096)
        assert data
        received += data
    assert f'"status":{status}'.encode() in received


def send_until_blocked(plain, data):
    """Send data until the server has not read any for two seconds; return how many bytes."""
    plain.setblocking(False)
    sent = 0
    while sent < len(data) and select.select([], [plain], [], 2)[1]:
        sent += plain.send(data[sent : sent + 65536])
    return sent


def push_more_than_buffers_hold(server, token, reader):
    """Post 70 messages of 100 kB each; check that a client which reads receives all of them."""
    headers = {"Authorization": f"Bearer {token}"}
    sources = [f"{number} " + "\x01" * 9_990 for number in range(70)]
    for source in sources:
        body = {"source": source}
        assert server.http.post("/api/messages", json=body, headers=headers).status_code == 201
    for source in sources:
        receive(reader, "updated_model", source=source)
