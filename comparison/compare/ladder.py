"""Ladders: the same increasing loads for several contestants, in turn, until each breaks."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from comparison.bench.rows import Numbers
from comparison.compare import steps
from comparison.compare.sides import Side, Sides
from comparison.compare.steps import Rung

POLLS = [Rung(hertz) for hertz in (25, 50, 100, 150, 200, 300, 400, 600, 800)]
POSTS = [Rung(hertz) for hertz in (10, 25, 50, 100, 150, 200, 300, 400)]
TALK = [Rung(10, 100), Rung(10, 300), Rung(10, 600), Rung(10, 900), Rung(15, 900), Rung(25, 900),
        Rung(40, 900), Rung(40, 1800), Rung(60, 1800), Rung(100, 1800),
        Rung(100, 3600)]  # fmt: skip
AGAIN = "Flask again"  # the null run: its difference from Flask is noise
WARM = 2  # a repeat starts this many rungs below the one that broke

Work = Callable[[Side, Rung, float], Numbers]


@dataclass
class Contestant:
    """A version, and the work that it does at each rung."""

    name: str
    side: Side
    work: Work


@dataclass
class Ladder:
    """One kind of load on one arrangement of servers."""

    step: str  # of the talk
    arrangement: str
    rungs: Sequence[Rung]
    contestants: list[Contestant]
    broke: dict[str, int] = field(
        default_factory=dict
    )  # index of the rung that broke in the first climb

    def warm_up(self) -> None:
        """Run one second of each, so that threads, connections and modules are ready."""
        for contestant in self.contestants:
            contestant.work(contestant.side, self.rungs[0], 1)

    def climb(self, repeat: int, seconds: float) -> Iterator[dict[str, Any]]:
        """Climb once with every contestant; yield each step. A contestant that breaks is out.

        A late step is tried once more, so that a moment of noise does not end the climb.
        """
        last = len(self.rungs) - 1
        begin = {name: max(0, rung - WARM) for name, rung in self.broke.items()}
        out: set[str] = set()
        for index, rung in enumerate(self.rungs):
            for contestant in random.sample(self.contestants, len(self.contestants)):
                name = contestant.name
                if name in out or index < begin.get(name, 0):
                    continue
                for _ in range(2):
                    numbers = contestant.work(contestant.side, rung, seconds)
                    reason = steps.broken(numbers)
                    yield {
                        "step": self.step,
                        "arrangement": self.arrangement,
                        "name": name,
                        "repeat": repeat,
                        "rung": str(rung),
                        "load": rung.load,
                        "broken": reason,
                        **{key: round(value, 4) for key, value in numbers.items()},
                    }
                    if reason != "late":
                        break
                if reason:
                    out.add(name)
                if reason or index == last:
                    self.broke.setdefault(name, index)

    def __str__(self) -> str:
        return f"{self.step}: {self.arrangement}"

    @property
    def longest(self) -> int:
        """The maximum number of steps of a first climb."""
        return len(self.rungs) * len(self.contestants)


def ladders(sides: Sides) -> list[Ladder]:
    """Return the ladders, one or more for each step of the talk."""
    poll, post = partial(steps.http, poll=True), partial(steps.http, poll=False)
    deferred = partial(post, prefer="Prefer: respond-async\r\n")

    def both(group: dict[str, dict[int, Side]], nodes: int, work: Work) -> list[Contestant]:
        return [Contestant(version, group[version][nodes], work) for version in group]

    direct, fronted = sides.direct, sides.fronted
    again = Contestant(AGAIN, direct["Flask"][1], poll)
    found = [Ladder("One server", "1 node", POLLS, [*both(direct, 1, poll), again])]
    for nodes in direct["Flask"]:
        arrangement = f"{nodes} node{'s' * (nodes > 1)} behind nginx"
        contestants = both(fronted, nodes, poll)
        found.append(Ladder("Several behind nginx", arrangement, POLLS, contestants))
    again = Contestant(AGAIN, direct["Flask"][1], post)
    late = Contestant("Django, 202", direct["Django"][1], deferred)
    found.append(Ladder("With Celery", "1 node", POSTS, [*both(direct, 1, post), late, again]))
    for nodes in direct["Flask"]:
        arrangement = f"{nodes} node{'s' * (nodes > 1)} behind nginx"
        contestants = both(fronted, nodes, steps.talk)
        if nodes == 1:
            contestants.append(Contestant(AGAIN, fronted["Flask"][1], steps.talk))
        found.append(Ladder("With push", arrangement, TALK, contestants))
    return found
