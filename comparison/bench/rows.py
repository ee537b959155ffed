"""The measured work of pushes and sockets, the same for every server."""

import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

from comparison.bench import http
from comparison.bench.framing import TEXT, frame
from comparison.bench.processes import Processes
from comparison.bench.servers import Server
from comparison.bench.swarm import Client, Swarm

Numbers = dict[str, float]


@dataclass
class Cost:
    """The CPU time of some work in µs: of the server, of the generator, and of the stores."""

    server: float = 0
    own: float = 0
    stores: Numbers = field(default_factory=dict)

    def each(self, count: int) -> Numbers:
        """Return the cost of each of `count` units, in the stores too if they were measured."""
        stores = {f"{name} µs": used / count for name, used in self.stores.items()}
        return {"µs": self.server / count, "own µs": self.own / count} | stores


@contextmanager
def measured(*processes: Processes, stores: Mapping[str, Processes] = {}) -> Iterator[Cost]:
    """Measure the block, and the work that the servers finish after it."""
    cost = Cost(-sum(each.cpu() for each in processes), -time.process_time() * 1e6)
    idle = {name: store.cpu() for name, store in stores.items()}
    yield cost
    cost.own += time.process_time() * 1e6
    before = -1.0
    while (now := sum(each.cpu() for each in processes)) > before + 2e4:
        before = now
        time.sleep(0.4)
    cost.server += now
    cost.stores = {name: store.cpu() - idle[name] for name, store in stores.items()}


def quantile(seconds: Sequence[float], part: float) -> float:
    """Return the quantile in milliseconds."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0


def deliveries(swarm: Swarm, clients: Sequence[Client], cost: Cost) -> Numbers:
    """Return the cost and latency of a swarm's deliveries, and the lost and doubled ones."""
    lost, doubled = swarm.lost_and_doubled(clients)
    return cost.each(swarm.received or 1) | {
        "p50 ms": quantile(swarm.delays, 0.5),
        "p99 ms": quantile(swarm.delays, 0.99),
        "lost": lost,
        "doubled": doubled,
    }


@contextmanager
def swarm_of(server: Server, count: int) -> Iterator[tuple[Swarm, list[Client]]]:
    """Connect `count` sockets, and close them at the end of the block."""
    swarm = Swarm(server.ports, server.wire)
    try:
        clients = swarm.connect(count)
        swarm.run(0.5)
        yield swarm, clients
    finally:
        swarm.close()
        time.sleep(0.5)


def idle(server: Server, count: int = 900) -> Numbers:
    """Connect idle sockets: 1000 with the first 100, which is gunicorn's limit."""
    with swarm_of(server, 100) as (swarm, _):
        resident = server.web.resident()
        with measured(server.web) as cost:
            swarm.connect(count)
        return cost.each(count) | {"KiB": (server.web.resident() - resident) / count}


def holding(server: Server, count: int = 3000, seconds: float = 30) -> Numbers:
    """Hold idle sockets, whose clients answer the server's WebSocket pings; µs a second of each."""
    with swarm_of(server, count) as (swarm, _):
        swarm.run(3)  # until the work of connecting is over
        before, began = server.web.cpu(), time.perf_counter()
        swarm.run(seconds)
        used, elapsed = server.web.cpu() - before, time.perf_counter() - began
        return {"µs a second": used / elapsed / count}


def steady(server: Server, count: int = 1000, hertz: int = 10, seconds: int = 5,
           padding: int = 0, deaf: int = 0) -> Numbers:  # fmt: skip
    """Push `hertz` times per second to `count` sockets, of which `deaf` ones do not read."""
    publish = partial(server.publish, padding=padding)
    with swarm_of(server, count - deaf) as (swarm, clients):
        swarm.connect(deaf, deaf=True)
        with measured(server.web, stores=server.stores) as cost:
            swarm.run(seconds, lambda: swarm.push(publish), hertz)
            swarm.drain(len(swarm.sent) * len(clients))
        return deliveries(swarm, clients, cost)


def burst(server: Server, count: int = 500, pushes: int = 400) -> Numbers:
    """Send many pushes at once; meanwhile measure the latency of Flack's /healthz."""
    over = multiprocessing.Event()
    heard, told = multiprocessing.Pipe(duplex=False)
    asking = multiprocessing.Process(target=ask, args=(server.ports[0], over, told))
    with swarm_of(server, count) as (swarm, clients), measured(server.web) as cost:
        if server.name == "flack":
            asking.start()
            heard.recv()
        swarm.push(server.publish, pushes)
        swarm.drain(pushes * count, 60)
        over.set()
    numbers = deliveries(swarm, clients, cost)
    if server.name == "flack":
        numbers["healthz p99 ms"] = quantile(heard.recv(), 0.99)
        asking.join()
    return numbers


def ask(port: int, over: Event, told: Connection) -> None:
    """Request /healthz 100 times per second, in a separate process."""
    client, seconds = http.Client(port), []
    client.send("GET", "/healthz")
    told.send("ready")
    while not over.wait(0.01):
        seconds.append(client.send("GET", "/healthz").seconds)
    told.send(seconds)


def storm(server: Server, tokens: Sequence[str], listeners: int = 500) -> Numbers:
    """Connect many users at once, while listeners get a push about each."""
    with swarm_of(server, listeners) as (swarm, _), measured(server.web) as cost:
        for client, token in zip(swarm.connect(len(tokens)), tokens, strict=True):
            client.wire.send(frame(TEXT, b'{"event":"ping_user","token":"%s"}' % token.encode()))
        swarm.run(8)
    time.sleep(8)  # until all are offline, so that the next row does not measure it
    return cost.each(len(tokens))


def pings(server: Server, tokens: Sequence[str]) -> Numbers:
    """Send a ping of each user as rarely as the page does, so that each is written."""

    def ping() -> None:
        for client, token in zip(clients, tokens, strict=True):
            client.wire.send(frame(TEXT, b'{"event":"ping_user","token":"%s"}' % token.encode()))

    with swarm_of(server, len(tokens)) as (swarm, clients):
        ping()
        swarm.run(20)
        with measured(server.web, stores=server.stores) as cost:
            ping()
            swarm.run(3)
    time.sleep(8)  # until all are offline
    numbers = cost.each(len(tokens))
    return numbers | {"node and redis µs": numbers["µs"] + numbers.get("redis µs", 0)}
