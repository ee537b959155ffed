"""What each unit of work costs Flack, from the numbers of `make bench`. Costs are µs of CPU."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import linear_regression

import numpy

from comparison.bench.table import GROWTH, HOLDING, ONE_NODE, STEADY, Results, medians

PING_EVERY = 30  # seconds between two pings of a page
BUSY = 0.6  # maximum share of a node's core; above it, add a node
NODE = 0.1  # GiB of a node without sockets

# The rows of steady pushes: sockets, nodes and pushes per second.
POINTS = {
    f"{GROWTH}, 100 sockets": (100, 1, 100),
    ONE_NODE: (1000, 1, 10),
    f"{GROWTH}, 5000 sockets": (5000, 1, 2),
    f"{ONE_NODE} on 2 nodes": (1000, 2, 10),
    f"{ONE_NODE} on 4 nodes": (1000, 4, 10),
}


@dataclass(frozen=True)
class Costs:
    """The cost of each unit in µs; memory in KiB."""

    hear: float  # a push, for each node
    deliver: float  # a push, for each socket
    hold: float  # a socket, for each second: pings, checks, memory that no cache holds
    join: float  # one more push in a write to a socket that is due anyway
    relay: float  # a push, for each socket, in nginx
    ping: float  # of a signed-in user, in the node
    post: float  # a message, in node and worker
    redis_push: float
    redis_node: float  # a push, for each node
    redis_ping: float
    redis_post: float
    postgresql_ping: float
    postgresql_post: float
    socket: float


Equation = tuple[Sequence[float], float]  # how often each unknown counts, and the measured sum


def fitted(equations: Sequence[Equation]) -> list[float]:
    """Return the unknowns, none below zero, that have the least squares of relative errors.

    Noise may ask for a cost below zero. Then the best solution has zeros, so each set of zeros is
    tried; the unknowns are few.
    """
    matrix = numpy.array([[each / measured for each in counts] for counts, measured in equations])
    count, best, least = matrix.shape[1], numpy.zeros(matrix.shape[1]), float(len(matrix))
    for size in range(1, count + 1):
        for kept in map(list, combinations(range(count), size)):
            found = numpy.zeros(count)
            found[kept] = numpy.linalg.lstsq(matrix[:, kept], numpy.ones(len(matrix)))[0]
            error = float(((matrix @ found - 1) ** 2).sum())
            if (found >= 0).all() and error < least:
                best, least = found, error
    return [float(each) for each in best]


def of_pushes(flack: Mapping[str, Mapping[str, float]]) -> list[float]:
    """Return `hear`, `deliver` and `hold`, from the points of one node and the idle sockets."""
    equations: list[Equation] = [
        ((1 / sockets, 1, 1 / hertz), flack[row]["µs"])
        for row, (sockets, nodes, hertz) in POINTS.items()
        if nodes == 1
    ]
    if held := flack.get(HOLDING):
        equations.append(((0, 0, 1), held["µs a second"]))
    return fitted(equations)


def costs(results: Results) -> Costs:
    """Return the costs of all units."""
    flack = {row: medians(results, row, "flack") for row in results}
    ping, post = flack["a ping of a user, PostgreSQL"], flack["POST message, PostgreSQL"]
    hear, deliver, hold = of_pushes(flack)
    same = [row for row, (sockets, _, _) in POINTS.items() if sockets == 1000]
    redis_node, redis_push = linear_regression(
        [POINTS[row][1] for row in same], [1000 * flack[row]["redis µs"] for row in same]
    )
    return Costs(
        hear=hear,
        deliver=deliver,
        hold=hold,
        join=flack["burst"]["µs"],
        relay=max(0, flack["steady push through nginx"]["µs"] - flack[STEADY]["µs"]),
        ping=ping["µs"],
        post=post["µs"],
        redis_push=max(0, redis_push),
        redis_node=max(0, redis_node),
        redis_ping=ping["redis µs"],
        redis_post=post["redis µs"],
        postgresql_ping=ping["postgresql µs"],
        postgresql_post=post["postgresql µs"],
        socket=flack["an idle socket"]["KiB"],
    )
