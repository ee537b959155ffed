"""Broken requests and tokens, sent byte for byte: each gets an answer of our own, or none."""

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
PARTS = ("nginx.1", "node.1", "node.2")
# 501 and 505 are what nginx says of what is not HTTP as we speak it. A 502 would be worse than it
# looks: for nginx a node that gives it is broken, so that it is asked nothing for some seconds.
FAULTS = {500, 502, 503, 504}
SECRETS = re.compile(rb"Traceback \(most recent|ImproperlyConfigured|root:x:0")


@pytest.fixture
def stack(sqlite_stack: Stack) -> Stack:
    """Nothing here depends on the database."""
    return sqlite_stack


@pytest.fixture
def ann(stack: Stack) -> Person:
    """Somebody with a good token."""
    return stack.person("ann")


@pytest.fixture
def send(stack: Stack) -> Iterator[Send]:
    """A function that sends bytes to nginx; gives status and body, 0 for no answer.

    In the end no part may have said anything, and all are as well as before.
    """

    def send(data: bytes, patience: float = 0.5) -> tuple[int, bytes]:
        said = b""
        # The end may be a reset, or never come.
        with socket.create_connection(("127.0.0.1", stack.port)) as plain, suppress(OSError):
            plain.settimeout(patience)
            plain.sendall(data)
            while part := plain.recv(65536):
                said += part
                plain.settimeout(0.1)
        head, _, body = said.partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/1\.[01] (\d{3})", head)
        return (int(status[1]) if status else 0), body

    before, parts = len(stack.output), {name: stack.part(name).pid for name in PARTS}
    yield send
    assert stack.get("/healthz").status_code == 200
    assert {name: stack.part(name).pid for name in PARTS} == parts
    assert stack.output[before:] == []


def error_in(body: bytes) -> str:
    """Return the error in a JSON body, which may have come in chunks."""
    error: str = json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])["error"]
    return error


@pytest.mark.attack("Tokens and passwords of odd bytes")
def test_nothing_but_a_token_is_a_token(send: Send, ann: Person, record_property: Any) -> None:
    record_property("tried", len(TOKENS))
    assert send(get(b"Authorization: Bearer " + ann.token.encode()), 15)[0] == 200
    taken = []
    for text in TOKENS:
        header = b"Authorization: " + text.replace(b"{}", ann.token.encode())
        status, body = send(get(header), 15)
        if status not in (400, 401):
            taken.append((text, status))
        elif status == 401:
            assert error_in(body) == "authentication required"
    record_property("through", len(taken))
    assert taken == []


@pytest.mark.attack("Broken requests, headers and handshakes")
def test_no_broken_request_is_a_fault_of_ours(
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
