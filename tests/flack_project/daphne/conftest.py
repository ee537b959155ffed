"""Servers that are processes of their own, for the tests of this folder."""

import orjson
import pytest

from tests.flack_project.daphne.clients import receive
from tests.processes import APPLICATION, COMMANDS

SERVERS = ["flack", "daphne", "uvicorn"]


@pytest.fixture(scope="session", params=SERVERS)
def any_server(request):
    """Flack under each ASGI server, after a user left it and a client sent nonsense."""
    if request.param == "flack":
        server = request.getfixturevalue("server")
    else:
        server = request.getfixturevalue("serve")(request.param, FLACK_RATE_LIMITS="0")
    with server.socket() as connection:
        ping = {"event": "ping_user", "token": server.sign_up("Leaver")}
        connection.send(orjson.dumps(ping).decode())
        connection.send("nonsense")
        receive(connection, "error")
    return server


@pytest.fixture(scope="session", params=SERVERS)
def strict(request, serve):
    """Each ASGI server, with limits, and with the sockets of closing.py."""
    command = COMMANDS[request.param]
    with pytest.MonkeyPatch.context() as patch:
        closing = command.replace(APPLICATION, "tests.flack_project.daphne.closing:application")
        patch.setitem(COMMANDS, request.param, closing)
        return serve(request.param)
