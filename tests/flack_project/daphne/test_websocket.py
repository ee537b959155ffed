"""Tests of flack_project/daphne/websocket.py, as a process of its own."""

import asyncio
import re
import select
import ssl
import struct
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson
import pytest
from daphne.cli import CommandLineInterface
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from chat import throttling
from flack_project.daphne.inbox import MAX_MESSAGES, MAX_SIZE, Inbox
from flack_project.daphne.websocket import WebSocketProtocol
from tests.certificates import certify
from tests.flack_project.daphne.clients import assert_closed, assert_parting, open_unread, receive
from tests.frames import Connection
from tests.kit import until
from tests.processes import COMMANDS
from tests.running import free_port

# --- Close codes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1000, 1008, 1009, 1011, 1012, 1013, 4001])
def test_the_application_closes_with_any_code(strict, code):
    with (
        connect(f"ws://127.0.0.1:{strict.port}/close/{code}/", proxy=None) as connection,
        pytest.raises(ConnectionClosed) as closed,
    ):
        connection.recv(timeout=15)
    assert closed.value.rcvd.code == code


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
        for _ in range(throttling.FRAMES):
            connection.send("nonsense")
            assert receive(connection, "error")["status"] == 400
        connection.send("nonsense")
        assert_closed(connection, 429, 1008)


@pytest.mark.attack("Sockets: frames")
@pytest.mark.parametrize("compression", [None, "deflate"])
@pytest.mark.parametrize("pieces", [1, 4, 1000])
def test_a_frame_that_is_too_long_closes_its_socket_with_1009(any_server, compression, pieces):
    size = throttling.FRAME_SIZE // pieces
    with any_server.socket() as other, any_server.socket(compression=compression) as connection:
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


ours = pytest.mark.parametrize("strict", ["flack"], indirect=True)


@pytest.mark.attack("Sockets: frames")
def test_a_frame_of_ten_megabytes_is_not_read_to_its_end(server):
    with open_unread(server) as plain:
        plain.sendall(b"\x81\xff" + struct.pack("!Q", 10**7) + b"mask")
        assert_parting(plain, 413, 1009)


@ours
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


def send_until_blocked(plain, data):
    """Send data until the server has not read any for two seconds; return how many bytes."""
    plain.setblocking(False)
    sent = 0
    while sent < len(data) and select.select([], [plain], [], 2)[1]:
        sent += plain.send(data[sent : sent + 65536])
    return sent


@ours
@pytest.mark.attack("Sockets: frames")
def test_a_client_cannot_send_more_than_the_application_receives(strict):
    frame = b"\x81\xff" + struct.pack("!Q", 100_000) + b"mask" + b"x" * 100_000
    with open_unread(strict, "/deaf/") as plain:
        sent = send_until_blocked(plain, frame * 400)  # 40 MB
    assert sent < 15_000_000  # more than the kernel's buffers hold


@pytest.mark.attack("Sockets: frames")
def test_a_client_that_does_not_read_its_errors_leaves_the_node_when_it_disconnects(server):
    def sockets():
        found = re.search(
            r"^flack_sockets\S* (\S+)", server.http.get("/metrics").text, re.MULTILINE
        )
        return float(found[1])

    headers = {"Authorization": f"Bearer {server.sign_up('Pusher')}"}
    payload = orjson.dumps({"ref": "r" * 200})
    frames = (b"\x81\xfe" + struct.pack("!H", len(payload)) + bytes(4) + payload) * 50_000
    before = sockets()
    with open_unread(server) as plain:
        until(lambda: sockets() == before + 1)
        assert send_until_blocked(plain, frames) < len(frames)
        posted = server.http.post("/api/messages", json={"source": "hi"}, headers=headers)
        assert posted.status_code == 201  # its push finds the buffer full as well
        with server.socket() as other:
            other.send("nonsense")
            receive(other, "error")
    until(lambda: sockets() == before)


class Transport:
    """A transport that keeps whether it reads."""

    reads = True

    def pauseProducing(self):  # noqa: N802
        self.reads = False

    def resumeProducing(self):  # noqa: N802
        self.reads = True


@pytest.fixture
def inbox():
    """The inbox of an open socket, whose transport is the one above."""
    protocol = WebSocketProtocol()
    protocol.state, protocol.transport = protocol.STATE_OPEN, Transport()
    return Inbox(protocol)


@pytest.mark.attack("Sockets: frames")
@pytest.mark.parametrize("message", [{"text": "x"}, {"bytes": b"x"}])
async def test_reading_stops_while_more_than_16_messages_wait(inbox, message):
    for _ in range(MAX_MESSAGES):
        inbox.put_nowait(message)
    assert inbox.protocol.transport.reads
    inbox.put_nowait(message)
    assert not inbox.protocol.transport.reads
    await inbox.get()
    assert inbox.protocol.transport.reads


@pytest.mark.attack("Sockets: frames")
@pytest.mark.parametrize("payload", [{"text": "x"}, {"bytes": b"x"}])
async def test_reading_stops_while_more_than_256_kib_wait(inbox, payload):
    message = {name: one * (MAX_SIZE // 2) for name, one in payload.items()}
    for _ in range(2):
        inbox.put_nowait(message)
    assert inbox.protocol.transport.reads
    inbox.put_nowait(payload)
    assert not inbox.protocol.transport.reads
    await inbox.get()
    assert inbox.protocol.transport.reads


async def test_a_socket_that_was_refused_is_not_read_again(inbox):
    for _ in range(MAX_MESSAGES + 1):
        inbox.put_nowait({"text": "x"})
    inbox.protocol.state = WebSocketProtocol.STATE_CLOSING
    await inbox.get()
    assert not inbox.protocol.transport.reads


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


def push_more_than_buffers_hold(server, token, reader):
    """Post 70 messages of 100 kB each; check that a client which reads receives all of them."""
    headers = {"Authorization": f"Bearer {token}"}
    sources = [f"{number} " + "\x01" * 9_990 for number in range(70)]
    for source in sources:
        body = {"source": source}
        assert server.http.post("/api/messages", json=body, headers=headers).status_code == 201
    for source in sources:
        receive(reader, "updated_model", source=source)


@pytest.mark.attack("Sockets: frames")
def test_a_socket_that_does_not_read_is_closed_and_harms_no_other(server):
    token = server.sign_up("Flood")
    with open_unread(server) as unread, server.socket(max_queue=None) as reader:
        push_more_than_buffers_hold(server, token, reader)
        peer = unread.getsockname()[1]
        until(lambda: peer not in server.peers(), seconds=10)


@pytest.fixture
def impatient(serve, monkeypatch):
    """A server that pings a silent client after one second, and waits one second for the pong."""
    patience = "--ping-interval 1 --ping-timeout 1"
    monkeypatch.setitem(COMMANDS, "flack", COMMANDS["flack"].replace("-v 0", f"-v 0 {patience}"))
    return serve()


def test_a_half_open_socket_is_closed_and_one_that_only_listens_is_not(impatient):
    with open_unread(impatient) as half_open, impatient.socket() as listener:
        peer = half_open.getsockname()[1]
        until(lambda: peer not in impatient.peers(), seconds=10)
        listener.send("nonsense")
        assert receive(listener, "error")["status"] == 400


def test_a_half_open_socket_is_closed_within_a_minute():
    options = CommandLineInterface().parser.parse_args(["application"])
    looked_for_every = 2  # seconds, by daphne
    assert options.ping_interval + options.ping_timeout + 2 * looked_for_every < 60
    assert "ping" not in (Path(__file__).parents[3] / "Procfile").read_text()


# --- TLS ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tls(serve, tmp_path_factory):
    """A server that also listens on an `ssl:` endpoint, and a function that connects to that."""
    folder, port = tmp_path_factory.mktemp("tls"), free_port()
    certify(folder, "localhost")
    keys = f"privateKey={folder}/privkey.pem:certKey={folder}/fullchain.pem"
    with pytest.MonkeyPatch.context() as patch:
        endpoint = f"-v 0 -e ssl:{port}:interface=127.0.0.1:{keys}"
        patch.setitem(COMMANDS, "flack", COMMANDS["flack"].replace("-v 0", endpoint))
        server = serve(FLACK_RATE_LIMITS="0")
    context = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))

    @contextmanager
    def secure(**options):
        url = f"wss://localhost:{port}/ws/"
        options |= {"proxy": None, "ssl": context, "create_connection": Connection}
        with connect(url, **options) as connection:
            yield connection

    return server, secure


@pytest.mark.attack("Sockets: frames")
def test_everything_sent_on_a_tls_endpoint_is_encrypted(tls):
    server, secure = tls
    token = server.sign_up("Alice")
    with secure() as alice, secure() as stranger:
        alice.send(orjson.dumps({"event": "ping_user", "token": token}).decode())
        alice.send(orjson.dumps({"event": "post_message", "data": {"source": "hi"}}).decode())
        assert receive(alice, "ack")["source"] == "hi"
        assert receive(stranger, "updated_model", source="hi")
        assert alice.ping().wait(15)
        stranger.send("x" * (throttling.FRAME_SIZE + 1))
        assert_closed(stranger, 413, 1009)


def test_a_tls_socket_receives_more_than_all_buffers_hold(tls):
    server, secure = tls
    token = server.sign_up("Flood")
    with secure(max_queue=None) as reader:
        push_more_than_buffers_hold(server, token, reader)
