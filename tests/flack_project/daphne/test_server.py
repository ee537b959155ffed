"""Tests of flack_project/daphne/server.py and websocket.py, as a process of its own."""

import os
import socket
import struct
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import orjson
import pytest
import rest_framework
from daphne.cli import CommandLineInterface
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chat import throttling
from flack_project.daphne.server import clear_away
from tests.kit import NO_REDIS, PASSWORD, PREVIEW, basic, serve_page, until
from tests.processes import COMMANDS
from tests.running import HANDSHAKE


@pytest.fixture(scope="module", params=["flack", "daphne", "uvicorn"])
def any_server(request):
    """Flack under each ASGI server, where somebody came and left; its own is the fastest."""
    if request.param == "flack":
        server = request.getfixturevalue("server")
    else:
        server = request.getfixturevalue("serve")(request.param, FLACK_RATE_LIMITS="0")
    with server.socket() as connection:
        ping = {"event": "ping_user", "token": server.sign_up("Leaver")}
        connection.send(orjson.dumps(ping).decode())
        connection.send("nonsense")
        hear(connection, "error")
    return server


def hear(connection, event, **model):
    """Return the next frame of an event, whose model has these values."""
    while True:
        frame = orjson.loads(connection.recv(timeout=15))
        data = frame["data"]
        if frame["event"] == event and model.items() <= data.get("model", {}).items():
            return data


def test_people_chat_under_any_asgi_server(any_server):
    token = any_server.sign_up("Alice")
    with any_server.socket() as alice, any_server.socket() as stranger:
        alice.send(orjson.dumps({"event": "ping_user", "token": token}).decode())
        post = {"event": "post_message", "data": {"source": "*hi*"}, "ref": "r"}
        alice.send(orjson.dumps(post).decode())
        message = hear(alice, "ack")
        assert message["html"] == "<em>hi</em>"
        assert hear(stranger, "updated_model", source="*hi*")["model"] == message
        edit = any_server.http.put(
            message["_links"]["self"],
            json={"source": "ho"},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert edit.status_code == 204
        assert hear(stranger, "updated_model", source="ho")["model"]["id"] == message["id"]


def test_texts_that_were_joined_arrive_as_frames_in_order(any_server):
    headers = {"Authorization": f"Bearer {any_server.sign_up('Joined')}"}
    with any_server.socket() as alice, any_server.socket() as bob:
        for number in range(40):
            body = {"source": f"number {number}"}
            any_server.http.post("/api/messages", json=body, headers=headers)
        for listener in (alice, bob):
            for number in range(40):
                assert hear(listener, "updated_model", source=f"number {number}")


def test_a_page_of_another_site_is_refused(any_server):
    with pytest.raises(InvalidStatus) as error, any_server.socket(origin="http://evil.example"):
        pass
    assert error.value.response.status_code == 403
    with any_server.socket(origin=f"http://127.0.0.1:{any_server.port}"):
        pass


@pytest.mark.parametrize("frame", ["nonsense", b"\xff\x00"])
def test_a_frame_of_nonsense_is_answered(any_server, frame):
    with any_server.socket() as connection:
        connection.send(frame)
        assert hear(connection, "error")["status"] == 400


def test_a_static_file_is_served_whole(any_server):
    folder = Path(rest_framework.__file__).parent / "static"
    content = (folder / "rest_framework/css/bootstrap.min.css").read_bytes()
    response = any_server.http.get("/static/rest_framework/css/bootstrap.min.css")
    assert response.content == content
    assert response.headers["Content-Type"].startswith("text/css")


def test_head_has_the_headers_and_no_body(any_server):
    got, asked = any_server.http.get("/healthz"), any_server.http.head("/healthz")
    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["Content-Type"] == got.headers["Content-Type"]


def test_a_body_that_is_too_big_is_a_413(any_server):
    response = any_server.http.post("/api/users", content=b"x" * 300_000)
    assert (response.status_code, list(response.json())) == (413, ["error"])
    assert any_server.http.get("/healthz").status_code == 200


def test_a_body_in_chunks_is_read(any_server):
    body = orjson.dumps({"nickname": "Chunky", "password": PASSWORD})
    response = any_server.http.post(
        "/api/users",
        content=(body[i : i + 9] for i in range(0, len(body), 9)),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 201


def test_who_closes_the_last_socket_goes_offline(any_server):
    def left():
        users = any_server.http.get("/api/users?online=0").json()["users"]
        return "Leaver" in [user["nickname"] for user in users]

    until(left)


@pytest.fixture(scope="module")
def strict(serve):
    """Flack's own server with its limits."""
    return serve()


# --- Flack's own server ---------------------------------------------------------------------------


@pytest.mark.parametrize("backlog", [None, 1], ids=["a killed node", "a node that listens"])
def test_what_a_killed_node_left_is_cleared_away(tmp_path, backlog):
    path, lock = tmp_path / "node.sock", tmp_path / "node.sock.lock"
    lock.symlink_to(str(os.getpid()))  # in a container each node has the same
    with socket.socket(socket.AF_UNIX) as node:
        node.bind(str(path))
        if backlog:
            node.listen(backlog)
        clear_away(path)
    assert path.exists() == lock.is_symlink() == bool(backlog)


def test_what_is_no_socket_is_left_alone(tmp_path):
    (tmp_path / "node.sock").write_text("mine")
    clear_away(tmp_path / "node.sock")
    assert (tmp_path / "node.sock").read_text() == "mine"


def test_requests_are_counted(server):
    for _ in range(30):
        server.http.get("/healthz")
    assert server.http.get("/stats").json()["requests_per_second"] >= 2


def assert_closed(connection, status, code):
    """Check that a client is told why it is closed."""
    assert hear(connection, "error")["status"] == status
    with pytest.raises(ConnectionClosed) as closed:
        hear(connection, "nothing")
    assert closed.value.rcvd.code == code


@pytest.mark.attack("Sockets: frames")
@pytest.mark.parametrize("compression", [None, "deflate"])
@pytest.mark.parametrize("pieces", [1, 4, 1000])
def test_a_frame_that_is_too_long_closes_its_socket_only(server, compression, pieces):
    size = throttling.FRAME_SIZE // pieces
    with server.socket() as other, server.socket(compression=compression) as connection:
        connection.send(["x" * size] * pieces + ["x" * 500] if pieces > 1 else "x" * (size + 1))
        assert_closed(connection, 413, 1009)
        other.send("x" * throttling.FRAME_SIZE)
        assert hear(other, "error")["status"] == 400


@pytest.mark.attack("Sockets: frames")
def test_a_frame_of_ten_megabytes_is_not_read_to_its_end(server):
    with open_unread(server) as plain:
        plain.sendall(b"\x81\xff" + struct.pack("!Q", 10**7) + b"mask")
        assert_parting(plain, 413, 1009)


def assert_parting(plain, status, code):
    """Read a plain socket to its end, and check that an error and a close came last."""
    plain.settimeout(15)
    said = b""
    with suppress(ConnectionResetError):
        while data := plain.recv(4096):
            said += data
    assert f'"status":{status}'.encode() in said
    assert said.endswith(struct.pack("!BBH", 0x88, 2, code))


@pytest.mark.attack("Sockets: frames")
# A ping; a piece of a text that never ends; a text.
@pytest.mark.parametrize(("first", "opcode"), [(b"", 0x89), (b"\x01\x80mask", 0), (b"", 0x81)])
def test_a_flood_of_frames_closes_its_socket_only(strict, first, opcode):
    with strict.socket() as other, open_unread(strict) as plain:
        plain.sendall(first + bytes([opcode, 0x80, *b"mask"]) * 5000)
        assert_parting(plain, 429, 1008)
        other.send("nonsense")
        assert hear(other, "error")["status"] == 400


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
        assert hear(other, "error")["status"] == 400


@pytest.mark.attack("Sockets: frames")
def test_too_many_sockets_of_one_address_are_told_so(strict):
    with ExitStack() as stack:
        sockets = [stack.enter_context(strict.socket()) for _ in range(throttling.SOCKETS + 1)]
        assert_closed(sockets[-1], 429, 1013)
        sockets[0].send("nonsense")
        assert hear(sockets[0], "error")["status"] == 400


def open_unread(server):
    """Return a plain socket that is an open WebSocket, with a small window."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.connect(("127.0.0.1", server.port))
    plain.sendall(HANDSHAKE)
    assert plain.recv(1024).startswith(b"HTTP/1.1 101")
    return plain


@pytest.mark.attack("Sockets: frames")
def test_a_socket_that_does_not_read_is_closed_and_harms_no_other(server):
    headers = {"Authorization": f"Bearer {server.sign_up('Flood')}"}
    count = 70  # pushes of 100 kB each: more than all buffers between here and there hold
    with open_unread(server) as unread, server.socket(max_queue=None) as reader:
        for number in range(count):
            body = {"source": f"{number} " + "\x01" * 9_990}
            assert server.http.post("/api/messages", json=body, headers=headers).status_code == 201
        for number in range(count):
            text = hear(reader, "updated_model")["model"]["source"]
            assert text.startswith(f"{number} ")
        peer = unread.getsockname()[1]
        until(lambda: peer not in server.peers(), seconds=10)


@pytest.fixture
def impatient(serve, monkeypatch):
    """A server that pings who is silent for a second, and waits a second for the answer."""
    patience = "--ping-interval 1 --ping-timeout 1"
    monkeypatch.setitem(COMMANDS, "flack", COMMANDS["flack"].replace("-v 0", f"-v 0 {patience}"))
    return serve()


def test_a_half_open_socket_is_closed_and_one_that_only_listens_is_not(impatient):
    with open_unread(impatient) as half_open, impatient.socket() as listener:
        peer = half_open.getsockname()[1]
        until(lambda: peer not in impatient.peers(), seconds=10)
        listener.send("nonsense")
        assert hear(listener, "error")["status"] == 400


def test_a_half_open_socket_is_closed_within_a_minute():
    options = CommandLineInterface().parser.parse_args(["application"])
    looked_for_every = 2  # seconds, by daphne
    assert options.ping_interval + options.ping_timeout + 2 * looked_for_every < 60
    assert "ping" not in (Path(__file__).parents[3] / "Procfile").read_text()


def test_runserver_alone_is_a_chat_with_a_worker(serve):
    with serve_page() as page:
        server = serve("runserver", FLACK_PREVIEW_HOSTS=page.removeprefix("http://"))
        headers = {"Authorization": f"Bearer {server.sign_up('Alice')}"}
        with server.socket() as stranger:
            posted = server.http.post("/api/messages", json={"source": page}, headers=headers)
            html = posted.json()["html"]
            assert hear(stranger, "updated_model", source=page)["model"]["html"] == html
            html += PREVIEW.format(page)
            assert hear(stranger, "updated_model", source=page)["model"]["html"] == html
        until(lambda: server.http.get("/readyz").status_code == 200)
    assert server.http.get("/admin/login/").status_code == 200


# --- Redis away -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cut_off(serve):
    """A server whose Redis, which is broker, channel layer, cache and leases, cannot be reached."""
    return serve(REDIS_URL=NO_REDIS)


def test_without_redis_people_post_and_read(cut_off):
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {cut_off.sign_up('Alice')}"}
    posted = cut_off.http.post("/api/messages", json={"source": "see foo.com"}, headers=headers)
    assert posted.status_code == 201
    edited = cut_off.http.put(posted.headers["Location"], json={"source": "b"}, headers=headers)
    assert edited.status_code == 204
    shown = cut_off.http.get(posted.headers["Location"], headers=headers)
    assert shown.json()["source"] == "b"
    assert cut_off.http.delete("/api/tokens", headers=headers).status_code == 204
    assert cut_off.http.post("/api/tokens", headers=basic("Alice")).status_code == 200
    assert time.monotonic() - began < 10


def test_without_redis_a_socket_posts_and_hears_its_ack(cut_off):
    token = cut_off.sign_up("Bob")
    with cut_off.socket() as connection:
        post = {"event": "post_message", "data": {"source": "hi"}, "token": token}
        connection.send(orjson.dumps(post).decode())
        assert hear(connection, "ack")["source"] == "hi"


def test_without_redis_a_deferred_request_is_a_503_soon(cut_off):
    token = cut_off.sign_up("Carol")
    began = time.monotonic()
    response = cut_off.http.post(
        "/api/messages",
        json={"source": "a"},
        headers={"Authorization": f"Bearer {token}", "Prefer": "respond-async"},
    )
    assert (response.status_code, list(response.json())) == (503, ["error"])
    assert int(response.headers["Retry-After"]) > 0
    assert time.monotonic() - began < 5


def test_without_redis_health_says_which_part_is_away(cut_off):
    assert cut_off.http.get("/healthz").status_code == 200
    assert cut_off.http.get("/stats").status_code == 503
    ready = cut_off.http.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "ok")
    assert ready.json()["redis"] != "ok"
