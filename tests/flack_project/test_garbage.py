"""Whatever bytes come, a node answers in the contract's form or hangs up; others are unharmed."""

import socket

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.running import HANDSHAKE

# What httpx lets through of a header's bytes.
UNSAYABLE = bytes([*range(9), *range(10, 28)])
values = st.binary(max_size=300).map(lambda raw: raw.translate(None, UNSAYABLE).strip())
HEADERS = ["Authorization", "Idempotency-Key", "Prefer", "If-None-Match", "Content-Type", "Accept"]
HEADERS += ["Cookie", "Origin", "X-Forwarded-For", "X-Forwarded-Proto", "Accept-Encoding", "Range"]
schemes = st.sampled_from([b"Bearer ", b"bearer  ", b"Basic ", b"Token ", b""])


@pytest.fixture(scope="module")
def token(server):
    """A good token."""
    return server.sign_up("Garbage")


def assert_is_of_the_contract(answer: httpx.Response) -> None:
    """Check that an answer is no fault of the server's, and an error is JSON."""
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert isinstance(answer.json()["error"], str)


@given(headers=st.dictionaries(st.sampled_from(HEADERS), values, max_size=4))
def test_any_headers(server, token, headers):
    headers = {"Authorization": f"Bearer {token}".encode(), **headers}
    for method, path in (("POST", "/api/messages"), ("GET", "/api/users"), ("POST", "/api/tokens")):
        content = orjson.dumps({"source": "hello"})
        request = {"Content-Type": b"application/json", **headers}
        assert_is_of_the_contract(
            server.http.request(method, path, content=content, headers=request)
        )


def test_a_content_type_that_cannot_be_read(server, token):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "\x1c\x1c"}
    answer = server.http.post("/api/messages", content=b'{"source": "hello"}', headers=headers)
    assert_is_of_the_contract(answer)


@given(scheme=schemes, credentials=values)
def test_any_token(server, scheme, credentials):
    headers = {"Authorization": (scheme + credentials).strip()}
    for method, path in (("GET", "/api/users"), ("POST", "/api/tokens"), ("DELETE", "/api/tokens")):
        answer = server.http.request(method, path, headers=headers)
        assert_is_of_the_contract(answer)
        if answer.status_code == 401:
            assert answer.json() == {
                "error": "authentication required",
                "code": "authentication_required",
            }


def say(server, data: bytes) -> bytes:
    """Send bytes on a connection of its own and return the beginning of what comes back."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=0.3) as plain:
        try:
            plain.sendall(data)
            plain.shutdown(socket.SHUT_WR)
            return plain.recv(65536)
        except OSError:
            return b""


@given(data=st.binary(min_size=1, max_size=2000))
def test_any_bytes_instead_of_a_request(server, data):
    assert b" 500 " not in say(server, data).partition(b"\r\n")[0]
    assert server.http.get("/healthz").status_code == 200


@given(frames=st.binary(min_size=1, max_size=2000))
def test_any_bytes_instead_of_frames(server, frames):
    with server.socket() as other:
        answer = say(server, HANDSHAKE + frames)
        assert answer[:12] in (b"HTTP/1.1 101", b"")
        other.send("nonsense")
        assert orjson.loads(other.recv(timeout=15))["data"]["status"] == 400
