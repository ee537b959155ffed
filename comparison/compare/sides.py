"""A contestant that runs, as the load generator sees it."""

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psutil

from comparison.bench import http, running
from comparison.bench.cores import Cores, pinned
from comparison.bench.processes import Processes, free_port, listening_on
from comparison.bench.servers import wait_for
from comparison.compare import machine
from comparison.compare.database import Database
from comparison.contestants.definitions import RUNNABLE
from comparison.contestants.running import Starter, front, start
from comparison.contract.wires import detect

_numbers = itertools.count()
PEOPLE = 20  # accounts that post over sockets, and all accounts if the database is not known
REDIS = 6379  # the port of a Redis URL that names none
PATIENCE = 60.0  # seconds until a server answers, of which several may start at once


@dataclass
class Side:
    """A running contestant, with what it consists of."""

    name: str
    url: str
    wire: str  # a name of WIRES
    parts: dict[str, list[Processes]]  # web, worker, nginx, valkey, postgresql
    database: Database | None  # None if it cannot be asked
    answered: float | None = None  # seconds from its start to its first answer, if started here
    nodes: tuple[int, ...] = ()  # the ports of its nodes, if started here
    tokens: list[str] = field(default_factory=list)
    server: dict[str, Any] = field(
        default_factory=dict
    )  # command and versions, if not started here

    @property
    def port(self) -> int:
        """The port where clients connect."""
        port = urlsplit(self.url).port
        assert port is not None
        return port

    @property
    def processes(self) -> list[Processes]:
        """Every process of it."""
        return [each for part in self.parts.values() for each in part]

    def sign_up(self, count: int = PEOPLE) -> None:
        """Have at least `count` accounts: one is registered, the others are copies of it.

        If the database is not known, 20 are registered, and no more.
        """
        with closing(http.Client(self.port)) as client:
            if not self.tokens:
                self.tokens.append(client.sign_up()[1])
            if self.database is not None:
                self.tokens += self.database.accounts(count - len(self.tokens))
            while len(self.tokens) < PEOPLE:
                self.tokens.append(client.sign_up()[1])


@contextmanager
def started(name: str, server: Database, cores: Cores, nodes: int = 1) -> Iterator[Side]:
    """Start nodes of a contestant on an empty database, on the cores of the servers."""
    contestant = RUNNABLE[name]
    with ExitStack() as stack:
        database = stack.enter_context(server.another(f"compare_{os.getpid()}_{next(_numbers)}"))
        starter = stack.enter_context(Starter())
        with pinned(cores.servers):
            found = start(starter, contestant, database.url, nodes)
        parts = {"web": [found.web], "worker": [found.worker]}
        parts |= {part: [processes] for part, processes in found.beside.items()}
        parts["postgresql"] = [database.processes]
        wire = detect(found.url, PATIENCE) if contestant.keeps_contract else "json"
        ports = tuple(running.ports_of(found.nodes))
        side = Side(name, found.url, wire, parts, database, found.answered, ports)
        if contestant.keeps_contract:
            side.sign_up()
        else:
            side.tokens = ["nobody"] * PEOPLE
        yield side


@contextmanager
def external(name: str, url: str, cores: Cores, asked: str = "") -> Iterator[Side]:
    """Use a server that runs on this machine already, behind nginx; its cores are not changed.

    nginx is that of every contestant, on the cores of the servers. The worker, Valkey (or Redis)
    and PostgreSQL of the server are found by its environment, if that names a broker and a
    database. `asked` is the wire that it must speak, "json" or "socketio"; empty: any.
    """
    with ExitStack() as stack:
        port = urlsplit(url).port
        if port is None:
            raise LookupError(f"{url} needs a port, such as http://127.0.0.1:5000.")
        wire = detect(url, PATIENCE)
        if not wire.startswith(asked):
            raise LookupError(f"The server at {url} speaks {wire}, not WIRE={asked}.")
        web = listening_on(port)
        parts = {"web": [Processes(web.pid)], "worker": []}
        starter, front_port = stack.enter_context(Starter()), free_port()
        with pinned(cores.servers):
            nginx = front(starter, front_port, [port], "")
        wait_for(front_port)
        parts["nginx"] = [Processes(nginx.pid)]
        with suppress(LookupError):  # a server without a worker, or a broker of another machine
            variable, broker = running.broker_of(port)
            parts["worker"] = [running.using(variable, broker, "celery")]
            parts["valkey"] = [Processes(listening_on(urlsplit(broker).port or REDIS).pid)]
        database = None
        if (address := running.variable_of(port, "DATABASE_URL")).startswith("postgres"):
            database = stack.enter_context(Database(address))
            parts["postgresql"] = [database.processes]
        described = machine.server(web, database)
        side = Side(name, f"http://127.0.0.1:{front_port}", wire, parts, database, server=described)
        side.sign_up()
        yield side


def pin(database: Database, cores: Cores) -> None:
    """Pin a PostgreSQL server, and the processes that it starts from now on."""
    processes = [psutil.Process(database.pid)]
    for process in (*processes, *processes[0].children(recursive=True)):
        os.sched_setaffinity(process.pid, cores.servers)


def described(name: str) -> dict[str, Any]:
    """Return the commands and settings of a contestant, for the report."""
    contestant = RUNNABLE[name]
    commands = {"node": contestant.node, "workers": list(contestant.workers)}
    return {
        "title": contestant.title,
        "label": contestant.label,
        "commands": commands,
        "settings": dict(contestant.environment),
        "balance": contestant.balance,
    }
