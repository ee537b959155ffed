"""`make people`: hold many idle sockets of signed-in users, and count who is offline after it.

Two nodes have SOCKETS (20,000) sockets, half of them each. Every socket sent the token of a user of
its own, and repeats it every 30 s as the page does; it also answers the server's WebSocket pings.
Two processes generate this load. After SECONDS (300) every user must be online and not have been
offline in between, and every socket must receive a push. The databases of DATABASES
("SQLite PostgreSQL") are measured one after the other.

A run with at least `RECORDED` sockets and seconds replaces the table in comparison/BENCH.md.
"""

import itertools
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import Process
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

from comparison.bench.framing import TEXT, Wire, frame
from comparison.bench.processes import Processes
from comparison.bench.servers import Server, Starter
from comparison.bench.swarm import Client, Swarm
from comparison.bench.table import about, fill
from comparison.markdown import table
from comparison.units import PING_EVERY
from comparison.usage import arguments
from flack_project.launcher.stack import raise_file_limit

Crowds = dict[Process, Connection]  # generators, and what they send
DATABASES = ("SQLite", "PostgreSQL")
NODES = 2  # with a generator each; a process may open 20,000 files on many machines
SETTLED = 5.0  # seconds until the work of connecting is over
AT_ONCE = 500  # sockets that are opened before their users sign in
RECORDED = (20_000, 300)  # sockets and seconds
PATIENCE = 600.0  # seconds in which all sockets must be open


@dataclass(frozen=True)
class Outcome:
    """What some sockets needed, and what became of them; memory in KiB."""

    sockets: int
    seconds: float
    cpu: dict[str, float]  # cores that each part kept busy
    resident: float  # of all nodes
    grown: float  # of it, since before the sockets were opened
    offline: int  # users at the end
    changed: int  # users that were offline at any time
    closed: int  # sockets that the server closed
    reached: int  # sockets that received the push at the end

    @property
    def is_whole(self) -> bool:
        """True if no user was offline, no socket was closed and the push reached each of them."""
        return self.reached == self.sockets and not self.offline + self.changed + self.closed


def as_table(outcomes: Mapping[str, Outcome]) -> str:
    """Return the outcomes by database as a table."""
    rows: dict[str, Callable[[Outcome], str]] = {
        "sockets, all signed in": lambda one: f"{one.sockets:,}",
        "seconds": lambda one: f"{one.seconds:.0f}",
        "nodes, µs for each socket and second":
            lambda one: f"{1e6 * one.cpu['nodes'] / one.sockets:.1f}",
        "memory of the nodes, MiB": lambda one: f"{one.resident / 1024:.0f}",
        "memory of a socket, KiB": lambda one: f"{one.grown / one.sockets:.1f}",
        "users offline at the end": lambda one: f"{one.offline}",
        "users offline at any time": lambda one: f"{one.changed}",
        "sockets closed": lambda one: f"{one.closed}",
        "sockets that received a push at the end": lambda one: f"{one.reached:,}",
    }  # fmt: skip
    for part in dict.fromkeys(part for one in outcomes.values() for part in one.cpu):
        rows[f"cores busy: {part}"] = lambda one, part=part: f"{one.cpu.get(part, 0):.3f}"  # type: ignore[misc]
    return table(
        ["", *outcomes], ([name, *map(cell, outcomes.values())] for name, cell in rows.items())
    )


def crowd(port: int, tokens: Sequence[str], over: Event, told: Connection) -> None:
    """Open a socket for each token, and ping until `over`; then receive one push.

    Sends "open" when all sockets are, "due" before the push, then the numbers of sockets that the
    server closed and that received the push.
    """
    swarm = Swarm([port], Wire("/ws/"))
    clients: list[Client] = []
    for begin in range(0, len(tokens), AT_ONCE):
        some = tokens[begin : begin + AT_ONCE]
        opened = swarm.connect(len(some), patience=PATIENCE)
        for client, token in zip(opened, some, strict=True):
            ping(client, token)
        clients += opened
    told.send("open")
    users = itertools.cycle(zip(clients, tokens, strict=True))
    while not over.is_set():
        swarm.run(1, lambda: ping(*next(users)), len(tokens) / PING_EVERY)
    swarm.push(lambda _: told.send("due"))
    swarm.drain(len(clients), PATIENCE)
    told.send((swarm.closed, swarm.received))


def ping(client: Client, token: str) -> None:
    """Report that the user of a token is present."""
    client.wire.send(frame(TEXT, b'{"event":"ping_user","token":"%s"}' % token.encode()))


@contextmanager
def crowds(server: Server, tokens: Sequence[str]) -> Iterator[tuple[Crowds, Event]]:
    """Start a generator for each node; yield them with an event that ends the pings."""
    over = multiprocessing.Event()
    started: Crowds = {}
    try:
        for place, port in enumerate(server.ports):
            heard, told = multiprocessing.Pipe(duplex=False)
            mine = tokens[place :: len(server.ports)]
            process = Process(target=crowd, args=(port, mine, over, told))
            process.start()
            told.close()  # so that a generator that fails is the end of its pipe
            started[process] = heard
        yield started, over
    finally:
        for process in started:
            process.kill()
            process.join()


def hold(starter: Starter, server: Server, count: int, seconds: float) -> Outcome:
    """Hold the sockets of `count` users for some time, and return what that takes."""
    tokens = starter.fill("users", count)
    # The announcement of each arrival to all others is another row: the sign-in storm.
    starter.fill("online", 0)
    before, arrived = server.web.resident(), int(time.time())
    with crowds(server, tokens) as (started, over):
        pipes = started.values()
        assert [heard.recv() for heard in pipes] == ["open"] * len(pipes)
        time.sleep(SETTLED)
        parts = {"nodes": server.web, "worker": server.worker, **server.stores}
        parts["generators"] = Processes(*(process.pid for process in started if process.pid))
        used, began = {name: part.cpu() for name, part in parts.items()}, time.perf_counter()
        time.sleep(seconds)
        elapsed = time.perf_counter() - began
        cpu = {name: (part.cpu() - used[name]) / 1e6 / elapsed for name, part in parts.items()}
        resident = server.web.resident()
        offline, changed = map(int, starter.fill("absent", arrived))
        over.set()
        assert [heard.recv() for heard in pipes] == ["due"] * len(pipes)
        server.publish([0])
        closed, reached = map(sum, zip(*(heard.recv() for heard in pipes), strict=True))
    return Outcome(count, elapsed, cpu, resident, resident - before, offline, changed,
                   closed, reached)  # fmt: skip


def start(starter: Starter, database: str) -> Server:
    """Start the nodes, a worker, and the beat that takes silent users offline."""
    starter.valkey()
    if database == "PostgreSQL":
        server = starter.flack(NODES, DATABASE_URL=starter.postgresql())
    else:
        server = starter.flack(NODES)
    beat = starter.run(sys.executable, "-m", "celery", "--quiet", "-A", "flack_project", "beat",
                       "-s", starter.folder / "beat", **starter.environment)  # fmt: skip
    return replace(server, worker=Processes(*server.worker.pids, beat.pid))


def main() -> None:
    """Measure, print, and store the result of a whole run; fail if a user was offline."""
    count = int(os.environ.get("SOCKETS") or RECORDED[0])
    seconds = float(os.environ.get("SECONDS") or RECORDED[1])
    raise_file_limit()
    wanted = (os.environ.get("DATABASES") or " ".join(DATABASES)).split()
    if not set(wanted) <= set(DATABASES):
        sys.exit(f"DATABASES={' '.join(wanted)} must name some of {', '.join(DATABASES)}.")
    outcomes: dict[str, Outcome] = {}
    for database in wanted:
        with Starter() as starter:
            outcomes[database] = hold(starter, start(starter, database), count, seconds)
        print(database, outcomes[database], sep=" | ", flush=True)
    lines = f"{about()}\n\n{as_table(outcomes)}"
    print(lines)
    if count >= RECORDED[0] and seconds >= RECORDED[1]:
        fill("people", lines)
    sys.exit(not all(outcome.is_whole for outcome in outcomes.values()))


if __name__ == "__main__":
    arguments(__doc__)
    main()
