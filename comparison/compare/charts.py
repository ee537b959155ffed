"""The charts of the report: what a unit costs, and what one core carries."""

import math
from pathlib import Path

from comparison.compare import plots
from comparison.compare.contest import AGAIN, WORKS, Work
from comparison.compare.numbers import (
    Raw,
    at_the_same_load,
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
    band = noise(raw, work, key)
    is_known = math.isfinite(band)
    return (f"noise ×{band:.2f}", band) if is_known else ("noise not measured", 1.0)


def costs_of(raw: Raw, work: Work) -> plots.Panel:
    """Return the chart of the CPU time of a unit, the most expensive first."""
    results = of(raw, work.name)
    names = [*contenders(raw, work.name), *({FLOOR.name} & results.keys())]
    text, band = drawn(raw, work.name, "µs")
    bars = [
        plots.Bar(name, title(raw, name), cost,
                  short(cost) + ("" if (at := at_the_same_load(results[name])) == "carried"
                                 else f" † {at}"))
        for name in names if (cost := results[name].get("µs")) and name != AGAIN
    ]  # fmt: skip
    bars.sort(key=lambda bar: -bar.value)
    heading = f"CPU time of a {work.each}, µs; {text}\n{work.probe:g} {work.unit}"
    return plots.Panel(heading, bars, band)


def capacities(raw: Raw, work: Work) -> plots.Panel:
    """Return the chart of what is carried, with the criterion that broke above it."""
    text, band = drawn(raw, work.name, "carried")
    bars = [
        plots.Bar(name, title(raw, name), result["carried"], carried(result))
        for name, result in contenders(raw, work.name).items()
        if result["carried"] is not None and name != AGAIN
    ]
    bars.sort(key=lambda bar: -bar.value)
    return plots.Panel(f"{work.unit}; {text}".capitalize(), bars, band)


def draw(raw: Raw, folder: Path) -> None:
    """Draw the pictures: the CPU time of each unit, and what one core carries."""
    for work in WORKS:
        plots.draw([costs_of(raw, work)], folder / f"report-{work.name}.svg")
    plots.draw([capacities(raw, work) for work in WORKS], folder / "report-carried.svg")
