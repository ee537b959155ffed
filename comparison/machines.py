"""How many people a machine carries, computed from the unit costs.

The assumptions: everything of Flack runs on this machine (nodes, worker, nginx, Redis and
PostgreSQL); its cores are those of the bench; all people are in one room, signed in, and receive
every message; at most `BUSY` of all cores is used, and of the one core of a node or of Redis.
"""

from dataclasses import dataclass
from math import ceil
from pathlib import Path

import matplotlib as mpl

from comparison import markdown
from comparison.units import BUSY, NODE, PING_EVERY, Costs

mpl.use("svg")
import matplotlib.pyplot as plt  # after the choice of the backend

CORES = (2, 8, 64)
ROOMS = {0.1: "quiet: 6 messages a minute", 1: "a message a second", 10: "busy: 10 a second"}
MOST = 100_000_000  # people; no machine is asked for more


@dataclass(frozen=True)
class Load:
    """What some people in one room need: cores of each part, nodes, memory in GiB."""

    web: float  # nodes and worker
    nginx: float
    redis: float
    postgresql: float
    nodes: int
    memory: float

    @property
    def cores(self) -> float:
        """The cores that are busy, all parts together."""
        return self.web + self.nginx + self.redis + self.postgresql


def load_of(cost: Costs, people: int, hertz: float) -> Load:
    """Return what this number of people needs, with `hertz` messages a second."""
    pings = people / PING_EVERY
    each = people * (hertz * cost.deliver + cost.hold) + pings * cost.ping + hertz * cost.post
    # Each node receives every push, so a node more costs `hear` once more.
    room = BUSY - hertz * cost.hear / 1e6  # of a node's core, for everything but receiving
    nodes = max(1, ceil(each / 1e6 / room)) if room > 0 else MOST
    redis = hertz * (cost.redis_push + nodes * cost.redis_node + cost.redis_post)
    return Load(
        web=(each + nodes * hertz * cost.hear) / 1e6,
        nginx=people * hertz * cost.relay / 1e6,
        redis=(redis + pings * cost.redis_ping) / 1e6,
        postgresql=(hertz * cost.postgresql_post + pings * cost.postgresql_ping) / 1e6,
        nodes=nodes,
        memory=nodes * NODE + people * cost.socket / 2**20,
    )


def limit(cost: Costs, people: int, hertz: float, cores: int) -> str:
    """Return what these people exceed on a machine, or an empty string if it carries them."""
    load = load_of(cost, people, hertz)
    if load.redis > BUSY:
        return "Redis"
    return "cores" if load.cores > BUSY * cores else ""


def people_on(cost: Costs, cores: int, hertz: float) -> int:
    """Return the largest number of people that a machine carries, by bisection."""
    low, high = 0, MOST
    while low < high:
        middle = (low + high + 1) // 2
        if limit(cost, middle, hertz, cores):
            high = middle - 1
        else:
            low = middle
    return low


def rounded(people: int) -> str:
    """Return a number of people with two digits, rounded down."""
    digits = max(0, len(str(people)) - 2)
    return f"{people // 10**digits * 10**digits:,}"


def table(cost: Costs) -> str:
    """Return the table of people by cores and messages a second."""
    rows = []
    for hertz, room in ROOMS.items():
        cells = []
        for cores in CORES:
            people = people_on(cost, cores, hertz)
            load = load_of(cost, people, hertz)
            nodes = f"{load.nodes} node{'s' if load.nodes > 1 else ''}"
            cells.append(f"{rounded(people)} people ({nodes}, {load.memory:.1f} GiB)")
        last = limit(cost, people_on(cost, CORES[-1], hertz) + 1, hertz, CORES[-1])
        rows.append([room, *cells, last])
    return markdown.table(["A room with", *(f"{cores} cores" for cores in CORES), "ends at"], rows)


def draw(cost: Costs, path: Path) -> None:
    """Draw the people that machines of 1 to 64 cores carry, a line for each room."""
    sizes = [1, 2, 4, 8, 16, 32, 64]
    with mpl.rc_context({"svg.hashsalt": "flack", "font.size": 9}):
        figure, axis = plt.subplots(figsize=(7, 3.5), layout="constrained")
        for hertz, room in ROOMS.items():
            values = [people_on(cost, cores, hertz) for cores in sizes]
            (line,) = axis.plot(sizes, values, marker="o", markersize=3)
            axis.annotate(f"  {room}", (sizes[-1], values[-1]), color=line.get_color(), va="center")
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        axis.set_xticks(sizes, [str(size) for size in sizes])
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axis.set_xlim(sizes[0], sizes[-1] * 5)
        axis.set_xlabel("cores of the machine")
        axis.set_title("People in one room, by the messages that each receives", loc="left")
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25)
        figure.patch.set_facecolor("white")  # readable on a dark page
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
