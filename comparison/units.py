"""What each unit of work costs Flack, from the numbers of `make bench`. Costs are µs of CPU."""

from dataclasses import dataclass
from statistics import linear_regression

import numpy

from comparison.bench.table import GROWTH, ONE_NODE, STEADY, Results, medians

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


def costs(results: Results) -> Costs:
    """Return the costs; the costs of pushes are fitted to the points of one node."""
    flack = {row: medians(results, row, "flack") for row in results}
    ping, post = flack["a ping of a user, PostgreSQL"], flack["POST message, PostgreSQL"]
    alone = {row: point for row, point in POINTS.items() if point[1] == 1}
    hear, deliver, hold = numpy.linalg.solve(
        [[1 / sockets, 1, 1 / hertz] for sockets, _, hertz in alone.values()],
        [flack[row]["µs"] for row in alone],
    )
    same = [row for row, (sockets, _, _) in POINTS.items() if sockets == 1000]
    redis_node, redis_push = linear_regression(
        [POINTS[row][1] for row in same], [1000 * flack[row]["redis µs"] for row in same]
    )
    return Costs(
        hear=max(0, float(hear)),
        deliver=float(deliver),
        hold=max(0, float(hold)),
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
