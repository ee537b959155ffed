"""Tests of flack_project/daphne/websocket.py, as a process of its own."""

import asyncio
import struct
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import orjson
import pytest
from daphne import ws_protocol
from websockets.exceptions import ConnectionClosed

from chat import throttling
from flack_project.daphne.server import CHECK_EVERY, CommandLineInterface
from flack_project.daphne.websocket import WebSocketProtocol
from tests.flack_project.daphne.clients import (
    CLOSE_CODES,
    assert_closed,
    assert_parting,
    code_at,
    code_of_close,
    open_unread,
    receive,
)
from tests.kit import until
from tests.processes import COMMANDS

# --- Close codes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CLOSE_CODES)
def test_the_application_closes_with_any_code(strict, code):
    assert code_of_close(strict, code) == code


@pytest.mark.parametrize("strict", ["flack"], indirect=True)
def test_an_application_that_fails_during_its_response_harms_no_other(strict):
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            strict.http.get("/broken/")  # it is cut off
        assert code_at(strict, "/broken/") == 1011  # ended applications are still cleared away


@pytest.mark.parametrize("strict", ["flack", "daphne"], indirect=True)
def test_a_client_on_a_slow_network_has_seconds_to_answer_a_close(strict):
    with open_unread(strict, "/close/1008/") as plain:
        plain.settimeout(2)  # the way there and back; autobahn itself resets after one second
        with pytest.raises(TimeoutError):
            while True:
                assert plain.recv(4096)


@pytest.mark.attack("Sockets: tokens")
def test_a_socket_whose_token_ends_is_closed_with_1008(any_server):
    token = any_server.sign_up("Ended")
    with any_server.socket() as connection:
        connection.send(orjson.dumps({"event": "ping_user", "token": token}).decode())
        connection.send("nonsense")
        assert receive(connection, "error")["status"] == 400
        headers = {"Authorization": f"Bearer {token}"}
        assert any_server.http.delete("/api/tokens", headers=headers).status_code == 204
        assert_closed(connection, 401, 1008)


@pytest.mark.attack("Sockets: frames")
def test_too_many_frames_close_a_socket_with_1008(strict):
    with strict.socket() as connection:
        for _ in range(throttling.FRAMES):  # at once, because they are counted for 10 s only
            connection.send("nonsense")
        for _ in range(throttling.FRAMES):
            assert receive(connection, "error")["status"] == 400
        connection.send("nonsense")
        assert_closed(connection, 429, 1008)


@pytest.mark.attack("Sockets: frames")
@pytest.mark.parametrize("strict", ["flack"], indirect=True)
def test_frames_are_counted_when_they_arrive_also_if_the_application_is_slow(strict):
    with open_unread(strict, "/deaf/") as plain:
        plain.sendall(b"\x81\x82mask\0\0" * (throttling.FRAMES + 1))  # one read takes all
        assert_parting(plain, 429, 1008)


def test_as_many_frames_as_the_limit_are_received(monkeypatch):
    protocol, received, stopped = WebSocketProtocol(), [], []
    monkeypatch.setattr(
        ws_protocol.WebSocketProtocol, "onMessage", lambda *message: received.append(message)
    )
    monkeypatch.setattr(protocol, "_stop", lambda code, text: stopped.append(code))
    for _ in range(throttling.FRAMES):
        protocol.onMessage(b"", False)
    assert (len(received), stopped) == (throttling.FRAMES, [])
    protocol.onMessage(b"", False)
    assert (len(received), stopped) == (throttling.FRAMES, [1008])


@pytest.mark.attack("Sockets: frames")
@pytest.mark.parametrize("compression", [None, "deflate"])
@pytest.mark.parametrize("pieces", [1, 4, 1000])
def test_a_frame_that_is_too_long_closes_its_socket_with_1009(any_server, compression, pieces):
    size = throttling.FRAME_SIZE // pieces
    with any_server.socket() as other, any_server.socket(compression=compression) as connection:
        with suppress(ConnectionClosed):  # the server may close before the client has sent all
            connection.send(["x" * size] * pieces + ["x" * 500] if pieces > 1 else "x" * (size + 1))
        assert_closed(connection, 413, 1009)
        other.send("x" * throttling.FRAME_SIZE)
        assert receive(other, "error")["status"] == 400


@pytest.mark.attack("Sockets: frames")
def test_too_many_sockets_of_one_address_are_closed_with_1013(strict):
    with ExitStack() as stack:
        sockets = [stack.enter_context(strict.socket()) for _ in range(throttling.SOCKETS + 1)]
        assert_closed(sockets[-1], 429, 1013)
        sockets[0].send("nonsense")
        assert receive(sockets[0], "error")["status"] == 400


# --- Flack's daphne -------------------------------------------------------------------------------


@pytest.mark.attack("Sockets: frames")
def test_a_frame_of_ten_megabytes_is_not_read_to_its_end(server):
    with open_unread(server) as plain:
        plain.sendall(b"\x81\xff" + struct.pack("!Q", 10**7) + b"mask")
        assert_parting(plain, 413, 1009)


@pytest.mark.parametrize("strict", ["flack"], indirect=True)
@pytest.mark.attack("Sockets: frames")
# A ping; a piece of a text that never ends; a text.
@pytest.mark.parametrize(("first", "opcode"), [(b"", 0x89), (b"\x01\x80mask", 0), (b"", 0x81)])
def test_a_flood_of_frames_closes_its_socket_only(strict, first, opcode):
    with strict.socket() as other, open_unread(strict) as plain:
        plain.sendall(first + bytes([opcode, 0x80, *b"mask"]) * 5000)
        assert_parting(plain, 429, 1008)
        other.send("nonsense")
        assert receive(other, "error")["status"] == 400


@pytest.mark.attack("Sockets: frames")
@pytest.mark.parametrize(
    ("frame", "code"),
    [(b"\x81\x02hi", 1002), (b"\x83\x82mask\0\0", 1002), (b"\xc1\x82mask\0\0", 1002),
     (b"\x09\x80mask", 1002), (b"\x80\x80mask", 1002), (b"\x88\x81mask\0", 1002),
     (b"\x81\x84\0\0\0\0hi\xff\xfe", 1007), (b"\x88\x84\0\0\0\0\x03\xe8\xff\xfe", 1007)],
    ids=["unmasked", "reserved opcode", "reserved bit", "ping in pieces", "end of no text",
         "half a close code", "text that is not UTF-8", "reason that is not UTF-8"],
)  # fmt: skip
def test_what_breaks_the_protocol_closes_its_socket_only(server, frame, code):
    with server.socket() as other, open_unread(server) as plain:
        plain.sendall(frame * 2)
        assert_parting(plain, 400, code)
        other.send("nonsense")
        assert receive(other, "error")["status"] == 400


@pytest.mark.parametrize("end", ["resumeProducing", "stopProducing"])
async def test_a_sender_goes_on_however_often_twisted_paused_it(end):
    protocol = WebSocketProtocol()
    protocol.pauseProducing()
    senders = [asyncio.create_task(protocol.drained())]
    await asyncio.sleep(0)
    protocol.pauseProducing()
    senders.append(asyncio.create_task(protocol.drained()))
    await asyncio.sleep(0)
    getattr(protocol, end)()
    async with asyncio.timeout(5):
        await asyncio.gather(*senders)


@pytest.fixture
def impatient(serve, monkeypatch):
    """A server that pings a silent client after one second, and waits 5 s for the pong."""
    patience = "--ping-interval 1 --ping-timeout 5"
    monkeypatch.setitem(COMMANDS, "flack", COMMANDS["flack"].replace("-v 0", f"-v 0 {patience}"))
    return serve()


def test_a_half_open_socket_is_closed_and_one_that_only_listens_is_not(impatient):
    with open_unread(impatient) as half_open, impatient.socket() as listener:
        peer = half_open.getsockname()[1]
        until(lambda: peer not in impatient.peers(), seconds=30)
        listener.send("nonsense")
        assert receive(listener, "error")["status"] == 400


def test_a_half_open_socket_is_closed_within_a_minute():
    options = CommandLineInterface().parser.parse_args(["application"])
    assert options.ping_interval + options.ping_timeout + 2 * CHECK_EVERY < 60
    assert "ping" not in (Path(__file__).parents[3] / "Procfile").read_text()


def test_a_socket_may_stay_open_for_more_than_a_day():
    assert CommandLineInterface().parser.parse_args(["application"]).websocket_timeout == -1
