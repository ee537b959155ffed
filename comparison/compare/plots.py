"""Plots of the ladders: latency and CPU use against the load."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

from comparison.compare.results import Step, distinct, some, spread
from comparison.compare.steps import LATE

COLOURS = {
    "Flask": "#c4552d",
    "Flask again": "#e3a98f",
    "Django": "#11694b",
    "Django, 202": "#6ab187",
}
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "flack",  # the same numbers give the same file
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
}


def draw(steps: list[Step], unit: str, path: Path) -> None:
    """Plot the ladders of one step of the talk into a file, one column for each arrangement."""
    arrangements = distinct(steps, "arrangement")
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(2, len(arrangements), sharex=True, sharey="row", squeeze=False,
                                    figsize=(2 + 3 * len(arrangements), 5.2),
                                    layout="constrained")  # fmt: skip
        for (above, below), arrangement in zip(axes.T, arrangements, strict=True):
            ladder = some(steps, arrangement=arrangement)
            above.set_title(arrangement, fontsize=10)
            above.axhline(LATE, color="#888888", linewidth=0.8, linestyle="--")
            for name in distinct(ladder, "name"):
                line(above, some(ladder, name=name), "p99 ms", name)
                line(below, some(ladder, name=name), "cores", name)
            above.set(xscale="log", yscale="log")
            below.set_xlabel(f"{unit} a second")
        axes[1][0].set_ylim(bottom=0)  # once all lines are drawn, for the shared axis
        axes[0][0].set_ylabel("p99, milliseconds")
        axes[1][0].set_ylabel("busy cores of the servers")
        axes[0][0].legend(frameon=False)
        figure.patch.set_facecolor("white")  # readable on a dark page
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def line(axis: Any, steps: list[Step], key: str, name: str) -> None:
    """Plot the medians as a line, and the range of the repeats as a band."""
    found = []
    for load in sorted(distinct(steps, "load")):
        if values := spread(some(steps, load=load), key):
            found.append((load, values))
    loads = [load for load, _ in found]
    middle = [values.middle for _, values in found]
    axis.plot(loads, middle, color=COLOURS[name], marker="o", markersize=3, label=name)
    axis.fill_between(loads, [values.least for _, values in found],
                      [values.most for _, values in found], color=COLOURS[name], alpha=0.2,
                      linewidth=0)  # fmt: skip
