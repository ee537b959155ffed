"""Tests of flack_project/daphne/server.py, as a process of its own."""

import os
import socket
import time
from pathlib import Path

import orjson
import pytest
import rest_framework
from websockets.exceptions import InvalidStatus

from chat import throttling
from flack_project.daphne.server import clear_away
from tests.flack_project.daphne.clients import CLOSE_CODES, assert_closed, code_of_close, receive
from tests.kit import NO_REDIS, PASSWORD, PREVIEW, basic, serve_page, until


def test_people_chat_under_any_asgi_server(any_server):
    token = any_server.sign_up("Alice")
    with any_server.socket() as alice, any_server.socket() as stranger:
        alice.send(orjson.dumps({"event": "ping_user", "token": token}).decode())
        post = {"event": "post_message", "data": {"source": "*hi*"}, "ref": "r"}
        alice.send(orjson.dumps(post).decode())
        message = receive(alice, "ack")
        assert message["html"] == "<em>hi</em>"
        assert receive(stranger, "updated_model", source="*hi*")["model"] == message
        edit = any_server.http.put(
            message["_links"]["self"],
            json={"source": "ho"},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert edit.status_code == 204
        assert receive(stranger, "updated_model", source="ho")["model"]["id"] == message["id"]


def test_texts_that_were_joined_arrive_as_frames_in_order(any_server):
    headers = {"Authorization": f"Bearer {any_server.sign_up('Joined')}"}
    with any_server.socket() as alice, any_server.socket() as bob:
        for number in range(40):
            body = {"source": f"number {number}"}
            any_server.http.post("/api/messages", json=body, headers=headers)
        for listener in (alice, bob):
            for number in range(40):
                assert receive(listener, "updated_model", source=f"number {number}")


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
        assert receive(connection, "error")["status"] == 400


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
    assert (response.status_code, list(response.json())) == (413, ["error", "code"])
    assert any_server.http.get("/healthz").status_code == 200


def test_a_body_in_chunks_is_read(any_server):
    body = orjson.dumps({"nickname": "Chunky", "password": PASSWORD})
    response = any_server.http.post(
        "/api/users",
        content=(body[i : i + 9] for i in range(0, len(body), 9)),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 201


def test_a_user_whose_last_socket_closes_goes_offline(any_server):
    def left():
        users = any_server.http.get("/api/users?online=0").json()["users"]
        return "Leaver" in [user["nickname"] for user in users]

    until(left)


# --- Flack's own server ---------------------------------------------------------------------------


@pytest.mark.parametrize("backlog", [None, 1], ids=["a killed node", "a node that listens"])
def test_the_socket_file_of_a_killed_node_is_removed(tmp_path, backlog):
    path, lock = tmp_path / "node.sock", tmp_path / "node.sock.lock"
    lock.symlink_to(str(os.getpid()))  # in a container each node has the same
    with socket.socket(socket.AF_UNIX) as node:
        node.bind(str(path))
        if backlog:
            node.listen(backlog)
        clear_away(path)
    assert path.exists() == lock.is_symlink() == bool(backlog)


def test_a_file_that_is_no_socket_is_kept(tmp_path):
    (tmp_path / "node.sock").write_text("mine")
    clear_away(tmp_path / "node.sock")
    assert (tmp_path / "node.sock").read_text() == "mine"


def test_requests_are_counted(server):
    for _ in range(30):
        server.http.get("/healthz")
    assert server.http.get("/stats").json()["requests_per_second"] >= 2


@pytest.fixture(scope="module")
def page():
    """The URL of a page that has a preview."""
    with serve_page() as url:
        yield url


@pytest.fixture(scope="module")
def runserver(serve, page):
    """`manage.py runserver`, with the sockets of closing.py."""
    return serve(
        "runserver",
        DJANGO_SETTINGS_MODULE="tests.flack_project.daphne.closing_settings",
        FLACK_PREVIEW_HOSTS=page.removeprefix("http://"),
    )


def test_runserver_alone_is_a_chat_with_a_worker(runserver, page):
    headers = {"Authorization": f"Bearer {runserver.sign_up('Alice')}"}
    with runserver.socket() as stranger:
        posted = runserver.http.post("/api/messages", json={"source": page}, headers=headers)
        html = posted.json()["html"]
        assert receive(stranger, "updated_model", source=page)["model"]["html"] == html
        html += PREVIEW.format(page)
        assert receive(stranger, "updated_model", source=page)["model"]["html"] == html
        stranger.send("x" * (throttling.FRAME_SIZE + 1))
        assert_closed(stranger, 413, 1009)
    until(lambda: runserver.http.get("/readyz").status_code == 200)
    assert runserver.http.get("/admin/login/").status_code == 200


@pytest.mark.parametrize("code", CLOSE_CODES)
def test_runserver_closes_with_any_code(runserver, code):
    assert code_of_close(runserver, code) == code


# --- Without Redis --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cut_off(serve):
    """A server whose Redis (broker, channel layer, cache and leases) is unavailable."""
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
    assert time.monotonic() - began < 20


def test_without_redis_a_socket_posts_and_receives_its_ack(cut_off):
    token = cut_off.sign_up("Bob")
    with cut_off.socket() as connection:
        post = {"event": "post_message", "data": {"source": "hi"}, "token": token}
        connection.send(orjson.dumps(post).decode())
        assert receive(connection, "ack")["source"] == "hi"


def test_without_redis_a_deferred_request_is_a_503_soon(cut_off):
    token = cut_off.sign_up("Carol")
    began = time.monotonic()
    response = cut_off.http.post(
        "/api/messages",
        json={"source": "a"},
        headers={"Authorization": f"Bearer {token}", "Prefer": "respond-async"},
    )
    assert (response.status_code, list(response.json())) == (503, ["error", "code"])
    assert int(response.headers["Retry-After"]) > 0
    assert time.monotonic() - began < 15


def test_without_redis_readyz_names_the_unavailable_service(cut_off):
    assert cut_off.http.get("/healthz").status_code == 200
    assert cut_off.http.get("/stats").status_code == 503
    ready = cut_off.http.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "ok")
    assert ready.json()["redis"] != "ok"
