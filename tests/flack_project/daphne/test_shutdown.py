"""Tests of flack_project/daphne/shutdown.py: the graceful shutdown after SIGTERM."""

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
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
    """Send SIGTERM to a server, and wait until it has stopped listening."""
    server.process.send_signal(signal.SIGTERM)
    until(lambda: is_refused(server))


def is_refused(server: Server) -> bool:
    """Return True if a server refuses new connections."""
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
    """What the clients of a server received during its shutdown."""

    under_way: bytes  # the response to a request that had begun
    kept: httpx.Response  # the response on a connection that was already open
    handshake: bytes  # the response to a handshake that had begun
    closes: list[tuple[int | None, float]]  # code and time of each socket's close
    code: int  # exit code


@pytest.fixture(scope="module")
def outcome(serve) -> Outcome:
    """Connect clients of every kind to a server, then end it by SIGTERM."""
    server = serve(FLACK_RATE_LIMITS="0")
    plain, rest = begin_request(server, server.sign_up("Alice"))
    opening = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    with ExitStack() as leaving:
        leaving.enter_context(plain)
        leaving.enter_context(opening)
        sockets = [leaving.enter_context(server.socket()) for _ in range(8)]
        # Each waits in a thread of its own, so that the time is that of the close.
        pool = leaving.enter_context(ThreadPoolExecutor(len(sockets)))
        closing = [pool.submit(close_of, connection) for connection in sockets]
        opening.sendall(HANDSHAKE[:-2])
        time.sleep(0.2)  # so that all is under way
        leave(server)
        plain.sendall(rest)
        opening.sendall(HANDSHAKE[-2:])
        under_way = b"".join(iter(lambda: plain.recv(65536), b""))
        handshake, kept = opening.recv(1024), server.http.get("/healthz")
        server.http.close()
        closes = [close.result() for close in closing]
    return Outcome(under_way, kept, handshake, closes, server.process.wait(30))


def close_of(connection: ClientConnection) -> tuple[int | None, float]:
    """Wait for the close of a socket; return its code and the time."""
    with suppress(ConnectionClosed):
        while True:
            connection.recv(timeout=30)
    return connection.close_code, time.monotonic()


def test_a_request_that_has_begun_is_answered_and_its_connection_closed(outcome):
    assert outcome.under_way.startswith(b"HTTP/1.1 201 ")
    assert b"\r\nConnection: close\r\n" in outcome.under_way


def test_a_request_on_an_open_connection_is_answered(outcome):
    assert (outcome.kept.status_code, outcome.kept.headers["Connection"]) == (200, "close")


def test_sockets_are_closed_with_1012_over_some_seconds(outcome):
    assert {code for code, _ in outcome.closes} == {1012}
    times = [when for _, when in outcome.closes]
    assert max(times) - min(times) > 2


def test_a_handshake_that_has_begun_is_refused_with_503(outcome):
    assert outcome.handshake.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nRetry-After: 2\r\n" in outcome.handshake


def test_the_server_exits_with_0_once_no_client_is_connected(outcome):
    assert outcome.code == 0


def test_a_second_sigterm_stops_the_server_at_once(serve):
    server = serve(FLACK_RATE_LIMITS="0")
    plain, _ = begin_request(server, server.sign_up("Alice"))
    with plain:
        time.sleep(0.2)
        leave(server)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0  # by itself it waits 30 s for the request
