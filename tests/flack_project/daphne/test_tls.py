"""Tests of an `ssl:` endpoint of Flack's daphne."""

from contextlib import contextmanager

import orjson
import pytest
from websockets.sync.client import connect

from chat import throttling
from comparison.bench.processes import free_port
from comparison.contract.wires import calm_tls
from tests.certificates import certify
from tests.flack_project.daphne.clients import (
    assert_closed,
    push_more_than_buffers_hold,
    receive,
)
from tests.frames import Connection
from tests.processes import COMMANDS


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
    context = calm_tls(cafile=folder / "fullchain.pem")

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
