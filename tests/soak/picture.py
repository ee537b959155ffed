"""The picture of a soak: one panel for each unit, one line for each series."""

from pathlib import Path

import matplotlib as mpl

from comparison.compare.plots import STYLE
from tests.soak.growth import Series

mpl.use("svg")
import matplotlib.pyplot as plt

TITLES = {
    "MiB": "memory of its own, MiB",
    "files": "file descriptors",
    "threads": "threads",
    "rows": "rows in the database",
    "keys": "keys in Valkey",
    "ms": "latency, ms",
    "cpu": "CPU time for each request, ms",
}
LOGARITHMIC = ("rows", "ms")


def draw(series: dict[str, Series], path: Path) -> None:
    """Draw the series "UNIT NAME" into an SVG file."""
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(4, 2, sharex=True, figsize=(11, 12), layout="constrained")
        for axis, (unit, title) in zip(axes.flat, TITLES.items(), strict=False):
            for name, samples in series.items():
                if name.split()[0] == unit:
                    minutes = [seconds / 60 for seconds, _ in samples]
                    values = [value for _, value in samples]
                    axis.plot(minutes, values, label=name.removeprefix(f"{unit} "), linewidth=1)
            axis.set_title(title, fontsize=10)
            if unit in LOGARITHMIC:
                axis.set_yscale("log")
            else:
                axis.set_ylim(bottom=0)
            axis.legend(frameon=False, fontsize=7, ncols=2)
        axes.flat[-1].set_axis_off()
        for axis in axes.flat[-3:-1]:
            axis.set_xlabel("minutes")
        figure.patch.set_facecolor("white")  # readable on a dark page
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
