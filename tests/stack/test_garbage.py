"""Malformed requests and tokens, sent as raw bytes: none of them causes a server error."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from comparison.contract.client import Person
from tests.running import Stack
from tests.stack.corpus_requests import REQUESTS, TOKENS, get

Send = Callable[..., tuple[int, bytes]]
PROCESSES = ("nginx.1", "node.1", "node.2")
# Not 501 and 505, by which nginx refuses other versions of HTTP. A 502 would affect other clients:
# nginx sends no request to such a node for some seconds.
FAULTS = {500, 502, 503, 504}
SECRETS = re.compile(rb"Traceback \(most recent|ImproperlyConfigured|root:x:0")
REALTIME = " chat.realtime."  # the loggers of pushes, in a line of the log


@pytest.fixture
def ann(stack: Stack) -> Person:
    """A user with a valid token."""
    return stack.person("ann")


@pytest.fixture
def send(stack: Stack) -> Iterator[Send]:
    """A function that sends bytes to nginx; returns status and body, 0 if there is no answer.

    At the end every process must run as before, and none may have logged anything, except about
    pushes.
    """

    def send(data: bytes, patience: float = 0.5) -> tuple[int, bytes]:
        received = b""
        # The server may reset the connection, or leave it open.
        with socket.create_connection(("127.0.0.1", stack.port)) as plain, suppress(OSError):
            plain.settimeout(patience)
            plain.sendall(data)
            while chunk := plain.recv(65536):
                received += chunk
                plain.settimeout(0.1)
        head, _, body = received.partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/1\.[01] (\d{3})", head)
        return (int(status[1]) if status else 0), body

    before, pids = len(stack.output), {name: stack.part(name).pid for name in PROCESSES}
    yield send
    assert stack.get("/healthz").status_code == 200
    assert {name: stack.part(name).pid for name in PROCESSES} == pids
    # On a busy machine Valkey may answer so late that a node subscribes again.
    assert [line for line in stack.output[before:] if REALTIME not in line] == []


def error_in(body: bytes) -> str:
    """Return the error of a JSON body, which may be chunked."""
    error: str = json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])["error"]
    return error


@pytest.mark.attack("Tokens and passwords of odd bytes")
def test_only_a_valid_token_is_accepted(send: Send, ann: Person, record_property: Any) -> None:
    record_property("tried", len(TOKENS))
    assert send(get(b"Authorization: Bearer " + ann.token.encode()), 15)[0] == 200
    accepted = []
    for text in TOKENS:
        header = b"Authorization: " + text.replace(b"{}", ann.token.encode())
        status, body = send(get(header), 15)
        if status not in (400, 401):
            accepted.append((text, status))
        elif status == 401:
            assert error_in(body) == "authentication required"
    record_property("through", len(accepted))
    assert accepted == []


@pytest.mark.attack("Broken requests, headers and handshakes")
def test_no_malformed_request_is_a_server_error(
    send: Send, ann: Person, record_property: Any
) -> None:
    record_property("tried", len(REQUESTS))
    faults = []
    for request in REQUESTS:
        status, body = send(request.replace(b"{}", ann.token.encode()))
        if status in FAULTS or SECRETS.search(body):
            faults.append((request[:200], status, body[:200]))
    record_property("through", len(faults))
    assert faults == []
