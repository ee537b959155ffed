"""Evaluate the raw numbers: medians, spreads, and the load that each contestant carried."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Step = dict[str, Any]
FULL = 0.85  # cores; from here on the load generator may be the limit


@dataclass(frozen=True)
class Spread:
    """A median, with the minimum and the maximum."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of some values."""
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        if short(self.least) == short(self.most):
            return short(self.middle)
        return f"{short(self.middle)} ({short(self.least)}–{short(self.most)})"


def short(value: float) -> str:
    """Return a number with two or three significant digits, and a space between thousands."""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}".replace(",", " ")
    return f"{value:.0f}" if value >= 100 else f"{float(f'{value:.2g}'):g}"


def distinct(steps: Iterable[Step], key: str) -> list[Any]:
    """Return the distinct values of a key, in order of appearance."""
    return list(dict.fromkeys(step[key] for step in steps))


def some(steps: Iterable[Step], **wanted: Any) -> list[Step]:
    """Return the steps with these values."""
    return [step for step in steps if all(step[key] == wanted[key] for key in wanted)]


def spread(steps: Iterable[Step], key: str) -> Spread | None:
    """Return the spread of a number over steps, or None if no step has it."""
    values = [step[key] for step in steps if key in step]
    return Spread.of(values) if values else None


def carried(steps: list[Step], name: str) -> Spread:
    """Return the spread over the repeats of the highest load that a contestant carried.

    A repeat starts some rungs below the rung that broke in the first climb. If it breaks at its
    first rung, it counts as carrying the rung below.
    """
    loads = sorted(distinct(steps, "load"))
    climbs = some(steps, name=name)
    highest = []
    for repeat in distinct(climbs, "repeat"):
        climb = some(climbs, repeat=repeat)
        below = [load for load in loads if load < min(step["load"] for step in climb)]
        good = [step["load"] for step in climb if not step["broken"]]
        highest.append(max(good, default=max(below, default=0)))
    return Spread.of(highest)


def why(steps: list[Step], name: str) -> str:
    """Return what limited a contestant: the reasons of the break, or the top of the ladder."""
    climbs = some(steps, name=name)
    broke = [
        step
        for step in climbs
        if not some(climbs, repeat=step["repeat"], load=step["load"], broken="")
    ]
    if not broke:
        return "top of the ladder"
    reasons = " or ".join(sorted({step["broken"] for step in broke}))
    busy = any(step.get("own cores", 0) > FULL for step in broke)
    return reasons + (", generator saturated" if busy else "")
