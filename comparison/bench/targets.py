"""The targets that the results must meet, and those that are missed."""

from dataclasses import dataclass

from comparison import markdown
from comparison.bench.missed import explanation
from comparison.bench.table import (
    GROWTH,
    HOLDING,
    LIST,
    ONE_NODE,
    RAW_ASGI,
    RUN,
    STEADY,
    Results,
    figure,
    medians,
)

DATABASES = ("", ", PostgreSQL")  # ends of names of rows
STORM = "sign-in storm, 500 users, 500 listen"


@dataclass(frozen=True)
class Target:
    """An upper bound of one of Flack's numbers in a row.

    With `peer` or `other`, a bound of its ratio to the number of a peer, or in another row.
    """

    row: str
    key: str
    most: float
    peer: str = "flack"
    other: str = ""
    other_key: str = ""  # of the peer or the other row, if it differs

    def reached(self, results: Results) -> float | None:
        """Return the number or the ratio; None if it was not measured."""
        ours = medians(results, self.row, "flack").get(self.key)
        if ours is None or (self.peer == "flack" and not self.other):
            return ours
        found = medians(results, self.other or self.row, self.peer)
        beside = found.get(self.other_key or self.key)
        return ours / beside if beside else None

    def is_of_one_run(self, results: Results) -> bool:
        """Return True if both of its numbers were measured in the same run."""
        beside = medians(results, self.other or self.row, self.peer)
        return medians(results, self.row, "flack").get(RUN) == beside.get(RUN)

    def __str__(self) -> str:
        beside = f" of {self.peer}'s" if self.peer != "flack" else ""
        beside += f' of "{self.other}"' if self.other else ""
        return f"{self.row}: {self.key} ≤ {self.most:g}{beside}"


# What all work costs, as multiples of a request that daphne alone answers.
COSTS = (
    *(
        Target(f"{row}{database}", "µs", most, "daphne", other=RAW_ASGI)
        for row, most in (
            (LIST, 8),
            (f"{LIST}, unchanged", 5),
            ("GET user with token", 4.5),
            ("POST message", 11),
            ("post over the socket", 8),
        )
        for database in DATABASES
    ),
    *(
        Target(f"a ping of a user{database}", "node and redis µs", 1, "daphne", other=RAW_ASGI,
               other_key="µs")
        for database in DATABASES
    ),
    Target("an idle socket", "µs", 4.5, "daphne", other=RAW_ASGI),
    Target(HOLDING, "µs a second", 2),
    Target("an idle socket", "KiB", 12),
    Target(f"{GROWTH}, 5000 sockets", "µs", 1.15, other=ONE_NODE),
    Target(f"{GROWTH}, 100 sockets", "µs", 1.15, other=ONE_NODE),
    Target(STORM, "µs", 2500),
)  # fmt: skip
TARGETS = (
    *COSTS,
    Target(STEADY, "µs", 0.9, "socket.io"),
    Target(STEADY, "µs", 0.22, "flask"),
    Target(STEADY, "p99 ms", 1, "socket.io"),
    Target("burst", "µs", 0.5, "ws"),
    Target("burst", "healthz p99 ms", 50),
    Target(f"{ONE_NODE} on 2 nodes", "µs", 1.15, other=ONE_NODE),
    Target(f"{ONE_NODE} on 4 nodes", "µs", 1.15, other=ONE_NODE),
    Target("an idle socket", "µs", 1, "flask"),
    Target(STORM, "µs", 1.15, other="sign-in storm, 250 users, 500 listen"),
    Target("sign-in storm, 500 users, 1000 listen", "µs", 1.5, other=STORM),
    Target(LIST, "µs", 0.3, "flask"),
    Target(f"{LIST} of 1,000,000", "µs", 1.15, other=LIST),
    Target(f"{LIST}, unchanged", "µs", 0.1, "flask", other=LIST),
    Target("GET user with token", "µs", 0.45, "flask"),
    Target("POST message", "µs", 0.35, "flask"),
    Target("sign-in, and pushes meanwhile", "p99 ms", 50),
    Target(f"{LIST} through nginx, micro-cache", "µs", 0.1, other=f"{LIST} through nginx"),
)


def table(results: Results) -> str:
    """Return the table of the targets and the measured values."""
    rows = []
    for target in TARGETS:
        reached = target.reached(results)
        if reached is not None:
            verdict = "met" if reached <= target.most else "**missed**"
            if not target.is_of_one_run(results):
                verdict = "of two runs: no result"
            alone = f"{figure(medians(results, target.row, 'flack')[target.key])} {target.key}"
            rows.append([target, figure(reached), alone, verdict])
    return markdown.table(["Target", "Measured", "Flack alone", ""], rows)


def missed(results: Results) -> str:
    """Return what each row is made of that missed a target in one run."""
    names: dict[str, list[Target]] = {}
    for target in TARGETS:
        reached = target.reached(results)
        if reached is not None and reached > target.most and target.is_of_one_run(results):
            names.setdefault(explanation(target.row), []).append(target)
    return (
        "\n".join(
            f"- **{'; '.join(map(str, found))}.** {reason}" for reason, found in names.items()
        )
        or "None: all targets that were measured in one run are met."
    )
