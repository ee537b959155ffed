"""Simulate larger installations of Flack from the unit costs that `make bench` measured.

`python -m comparison.scaling` reads comparison/bench.json and writes the tables of docs/SCALING.md.
Costs are µs of CPU on the machine of the bench.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import quantiles

from comparison import machines
from comparison.bench.table import FOLDER, Results, load, medians
from comparison.lines import between
from comparison.markdown import table
from comparison.units import BUSY, NODE, PING_EVERY, POINTS, Costs, costs
from comparison.usage import arguments

DOCUMENT = FOLDER.parent / "docs" / "SCALING.md"
PICTURE = DOCUMENT.with_name("scaling.svg")
NEEDED = ["Sockets", "Messages a second", "Nodes", "Node memory", "p99",
          "nginx", "Redis", "PostgreSQL"]  # fmt: skip


@dataclass(frozen=True)
class Simulated:
    """A result: CPU in µs per delivery, busy share of a node's core, delays in seconds."""

    cpu: float
    busy: float
    median: float
    p99: float


def simulate(cost: Costs, sockets: int, nodes: int, gaps: Iterator[float], background: float = 0,
             pushes: int = 2000) -> Simulated:  # fmt: skip
    """Simulate pushes that are `gaps` seconds apart; each node has its own core.

    Like the hub, a node writes all queued pushes in one batch. `background` is the share of its
    core that other work takes. All nodes get the same pushes, so one is simulated.
    """
    share = sockets / nodes
    background += share * cost.hold / 1e6
    due, at = [], 0.0
    for _ in range(pushes):
        at += next(gaps)
        due.append(at)
    free = worked = 0.0
    delays: list[float] = []
    while len(delays) < pushes:
        begin = max(free, due[len(delays)])
        batch = [time for time in due[len(delays) : len(delays) + 400] if time <= begin]
        work = len(batch) * cost.hear + share * (cost.deliver + (len(batch) - 1) * cost.join)
        free = begin + work / 1e6 / (1 - background)
        worked += work
        delays += [free - time for time in batch]
    parts = quantiles(delays, n=100)
    busy = worked / 1e6 / max(free, at) + background
    cpu = (worked * nodes + cost.hold * sockets * max(free, at)) / (pushes * sockets)
    return Simulated(cpu, busy, parts[49], parts[98])


def regular(hertz: float) -> Iterator[float]:
    """Yield the constant gaps of the bench's pushes."""
    while True:
        yield 1 / hertz


def poisson(hertz: float) -> Iterator[float]:
    """Yield the gaps of independent pushes; the same sequence each time."""
    chance = random.Random(1)
    while True:
        yield chance.expovariate(hertz)


def background(cost: Costs, sockets: int, nodes: int, hertz: float) -> float:
    """Return the share of each node's core for pings and posts, if every client is signed in."""
    return (sockets / PING_EVERY * cost.ping + hertz * cost.post) / nodes / 1e6


def nodes_for(cost: Costs, sockets: int, hertz: float) -> tuple[int, Simulated]:
    """Return the smallest number of nodes that stay below `BUSY`, and their result."""
    nodes = 1
    while True:
        other = background(cost, sockets, nodes, hertz)
        if other < BUSY:
            result = simulate(cost, sockets, nodes, poisson(hertz), other)
            if result.busy <= BUSY:
                return nodes, result
        nodes += max(1, nodes // 20)


def compared(results: Results) -> Iterator[tuple[str, float, float]]:
    """Yield each point's name, its measured and its simulated cost, in µs per delivery."""
    cost = costs(results)
    for row, (sockets, nodes, hertz) in POINTS.items():
        simulated = simulate(cost, sockets, nodes, regular(hertz))
        yield row, medians(results, row, "flack")["µs"], simulated.cpu


def tables(results: Results) -> dict[str, str]:
    """Return the tables of the document, by name."""
    cost = costs(results)
    points = [
        [
            row,
            f"{measured:.1f} µs",
            f"{simulated:.1f} µs",
            f"{100 * (simulated / measured - 1):+.0f} %",
        ]
        for row, measured, simulated in compared(results)
    ]
    growth = []
    needed: dict[tuple[int, int], int] = {}
    for sockets in (1_000, 10_000, 100_000, 1_000_000):
        for hertz in (1, 10):
            nodes, result = nodes_for(cost, sockets, hertz)
            needed[sockets, hertz] = nodes
            pings = sockets / PING_EVERY
            memory = nodes * NODE + sockets * cost.socket / 2**20
            redis = hertz * (cost.redis_push + nodes * cost.redis_node + cost.redis_post)
            redis += pings * cost.redis_ping
            postgresql = hertz * cost.postgresql_post + pings * cost.postgresql_ping
            nginx = hertz * sockets * cost.relay
            cores = [f"{part / 1e6:.2f}" for part in (nginx, redis, postgresql)]
            growth.append([f"{sockets:,}", hertz, nodes, f"{memory:.1f} GiB",
                           f"{result.p99:.2f} s", *cores])  # fmt: skip
    people = (
        "A million people in one room with a message a second need "
        f"{needed[1_000_000, 1]} nodes, each on a "
        "core of its own; [the table below](#what-a-room-needs) has what they need besides."
    )
    units = [[f"`{name}`", f"{value:.4g}"] for name, value in vars(cost).items()]
    return {
        "people": f"{machines.table(cost)}\n\n{people}",
        "units": table(["Unit", "µs of CPU"], units),
        "points": table(["Point", "Measured", "Simulated", ""], points),
        "growth": table(NEEDED, growth),
    }


def written(text: str, results: Results) -> str:
    """Return the document with updated tables."""
    for name, found in tables(results).items():
        text = between(text, name, found)
    return text


def main() -> None:
    """Update the document, and print its tables."""
    found = load()
    DOCUMENT.write_text(written(DOCUMENT.read_text(), found))
    machines.draw(costs(found), PICTURE)
    print(*tables(found).values(), sep="\n\n")


if __name__ == "__main__":
    arguments(__doc__)
    main()
