"""Tests of flack_project/daphne/shutdown.py: how a server leaves that was told to by SIGTERM."""

import signal
import socket
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import httpx
import orjson
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.kit import until
from tests.processes import Server
from tests.running import HANDSHAKE


def leave(server: Server) -> None:
    """Tell a server to end, and wait until it listens no more."""
    server.process.send_signal(signal.SIGTERM)
    until(lambda: is_refused(server))


def is_refused(server: Server) -> bool:
    with socket.socket() as plain:
        return plain.connect_ex(("127.0.0.1", server.port)) != 0


def begin_request(server: Server, token: str) -> tuple[socket.socket, bytes]:
    """Send the headers of a post and half of its body; return the rest of it."""
    body = orjson.dumps({"source": "hello"})
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    plain.sendall(
        f"POST /api/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body[:5]
    )
    return plain, body[5:]


@dataclass
class Outcome:
    """What the clients of a server saw that was told to end."""

    under_way: bytes  # the answer to a request that was
    kept: httpx.Response  # the answer to a request on a connection that was open
    handshake: bytes  # the answer to one that was on its way
    closes: list[tuple[int | None, float]]  # of sockets: the codes, and when
    code: int  # of its exit


@pytest.fixture(scope="module")
def outcome(serve) -> Outcome:
    """What becomes of everybody who is connected when a server is told to end."""
    server = serve(FLACK_RATE_LIMITS="0")
    plain, rest = begin_request(server, server.sign_up("Alice"))
    opening = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    with ExitStack() as leaving:
        leaving.enter_context(plain)
        leaving.enter_context(opening)
        sockets = [leaving.enter_context(server.socket()) for _ in range(8)]
        opening.sendall(HANDSHAKE[:-2])
        time.sleep(0.2)  # so that all is under way
        leave(server)
        plain.sendall(rest)
        opening.sendall(HANDSHAKE[-2:])
        under_way = b"".join(iter(lambda: plain.recv(65536), b""))
        handshake, kept = opening.recv(1024), server.http.get("/healthz")
        server.http.close()
        closes = [close_of(connection) for connection in sockets]
    return Outcome(under_way, kept, handshake, closes, server.process.wait(10))


def close_of(connection: ClientConnection) -> tuple[int | None, float]:
    """Wait for the close of a socket, and return its code and the time."""
    with suppress(ConnectionClosed):
        while True:
            connection.recv(timeout=10)
    return connection.close_code, time.monotonic()


def test_a_request_that_is_under_way_is_answered_and_its_connection_closed(outcome):
    assert outcome.under_way.startswith(b"HTTP/1.1 201 ")
    assert b"\r\nConnection: close\r\n" in outcome.under_way


def test_a_request_on_a_connection_that_is_open_is_answered(outcome):
    assert (outcome.kept.status_code, outcome.kept.headers["Connection"]) == (200, "close")


def test_sockets_are_closed_with_1012_over_some_seconds(outcome):
    assert {code for code, _ in outcome.closes} == {1012}
    times = [when for _, when in outcome.closes]
    assert max(times) - min(times) > 2


def test_a_socket_on_its_way_is_refused_with_503(outcome):
    assert outcome.handshake.startswith(b"HTTP/1.1 503 ")


def test_when_nobody_is_left_it_ends_well(outcome):
    assert outcome.code == 0


def test_a_second_signal_ends_a_server_that_waits(serve):
    server = serve(FLACK_RATE_LIMITS="0")
    plain, _ = begin_request(server, server.sign_up("Alice"))
    with plain:
        time.sleep(0.2)
        leave(server)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(5) == 0
