"""The HTTP load generator sends requests on time, without waiting for answers."""

import socket
import threading
import time
from contextlib import suppress

import pytest

from comparison.compare import arrivals
from comparison.compare.arrivals import Arrivals, Request

ANSWER = b"HTTP/1.1 %d OK\r\ncontent-length: 2\r\n\r\nok"
REQUEST = Request(b"GET / HTTP/1.1\r\n\r\n")


@pytest.fixture
def server():
    """A function that starts a server which answers with a status after a delay in seconds."""
    listener = socket.create_server(("127.0.0.1", 0))
    begun, wires = [], []

    def serve(wire, status, delay):
        with suppress(OSError):
            while wire.recv(1000):
                begun.append(time.perf_counter())
                time.sleep(delay)
                wire.sendall(ANSWER % status)

    def start(status=200, delay=0.0):
        def accept():
            while True:
                try:
                    wire, _ = listener.accept()
                except OSError:
                    return
                wires.append(wire)
                threading.Thread(target=serve, args=(wire, status, delay), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1], begun

    yield start
    for wire in (listener, *wires):
        wire.close()


def test_requests_are_sent_on_time_although_none_is_answered(server):
    port, begun = server(delay=0.5)
    outcome = Arrivals(port, lambda number: REQUEST).run(50, 0.2)
    assert outcome.sent == len(begun) == 10
    assert begun[-1] - begun[0] < 2  # in sequence they would take 4.5 s
    assert min(outcome.seconds) >= 0.5


def test_connections_are_reused(server):
    port, _ = server()
    load = Arrivals(port, lambda number: REQUEST)
    assert load.run(50, 2).errors == 0
    assert len(load.idle) < load.outcome.sent == 100


def test_an_unexpected_status_is_an_error(server):
    port, _ = server(status=500)
    assert Arrivals(port, lambda number: REQUEST).run(50, 0.1).errors == 5


def test_no_answer_is_an_error(server, monkeypatch):
    monkeypatch.setattr(arrivals, "PATIENCE", 0.1)
    port, _ = server(delay=1)
    assert Arrivals(port, lambda number: REQUEST).run(50, 0.1).errors == 5


def test_a_refused_connection_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert Arrivals(port, lambda number: REQUEST).run(50, 0.1).errors == 5
