"""The charts of the report: what a unit costs, and what one core carries."""

import math
from pathlib import Path

from comparison.compare import plots
from comparison.compare.contest import AGAIN, WORKS, Work
from comparison.compare.numbers import (
    Raw,
    at_the_same_load,
    band,
    carried,
    contenders,
    noise,
    of,
    short,
    title,
)
from comparison.contestants.definitions import FLOOR


def drawn(raw: Raw, work: str, key: str) -> tuple[str, float]:
    """Return the noise of a number as text, and as a factor to draw; 1 if it was not measured."""
    found = noise(raw, work, key)
    return f"noise {band(raw, work, key)}", found if math.isfinite(found) else 1.0


def costs_of(raw: Raw, work: Work) -> plots.Panel:
    """Return the chart of the CPU time of a unit, the most expensive first."""
    results = of(raw, work.name)
    names = [*contenders(raw, work.name), *({FLOOR.name} & results.keys())]
    text, factor = drawn(raw, work.name, "µs")
    bars = [
        plots.Bar(name, title(raw, name), cost,
                  short(cost) + ("" if (at := at_the_same_load(results[name])) == "carried"
                                 else f" † {at}"))
        for name in names if (cost := results[name].get("µs")) and not name.endswith(AGAIN)
    ]  # fmt: skip
    bars.sort(key=lambda bar: -bar.value)
    heading = f"CPU time of a {work.each}, µs; {text}\n{work.probe:g} {work.unit}"
    return plots.Panel(heading, bars, factor)


def capacities(raw: Raw, work: Work) -> plots.Panel:
    """Return the chart of what is carried, with the criterion that broke above it."""
    text, factor = drawn(raw, work.name, "carried")
    bars = [
        plots.Bar(name, title(raw, name), result["carried"], carried(result))
        for name, result in contenders(raw, work.name).items()
        if result["carried"] is not None and not name.endswith(AGAIN)
    ]
    bars.sort(key=lambda bar: -bar.value)
    return plots.Panel(f"{work.unit}; {text}".capitalize(), bars, factor)


def draw(raw: Raw, folder: Path) -> None:
    """Draw the pictures: the CPU time of each unit, and what one core carries."""
    for work in WORKS:
        plots.draw([costs_of(raw, work)], folder / f"report-{work.name}.svg")
    plots.draw([capacities(raw, work) for work in WORKS], folder / "report-carried.svg")
