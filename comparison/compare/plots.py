"""Bar charts of the report, with the noise drawn into each bar."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

# By entry: the tuned one of a framework is darker. What is not named is grey.
COLOURS = {
    "flask-2016": "#b9a394",
    "flask": "#e39b7b",
    "flask-threads": "#e39b7b",
    "flask-tuned": "#b3441c",
    "django-documented": "#86c5a4",
    "flack": "#11694b",
}
WIDTH = 5.6  # inches; wider ones would have small letters on a phone
ROOM = 48  # letters from the beginning of a bar to the right border, about
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "flack",  # the same numbers give the same file
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


@dataclass(frozen=True)
class Bar:
    """A bar, and the text at its end."""

    entry: str
    title: str
    value: float
    note: str


@dataclass(frozen=True)
class Panel:
    """A chart of bars, with the noise of all of them as a factor; 1 for none.

    Two bars differ by more than the noise if what is drawn of it at their ends does not overlap.
    """

    title: str
    bars: list[Bar]
    noise: float


def draw(panels: list[Panel], path: Path) -> None:
    """Draw charts below each other."""
    rows = [max(1, len(panel.bars)) + 0.5 + len(panel.title.splitlines()) for panel in panels]
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(
            len(panels), figsize=(WIDTH, 0.36 * sum(rows)), layout="constrained", squeeze=False,
            gridspec_kw={"height_ratios": rows},
        )  # fmt: skip
        for axis, panel in zip(axes[:, 0], panels, strict=True):
            _draw(axis, panel)
        figure.patch.set_facecolor("white")  # readable on a dark page
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def _draw(axis: Any, panel: Panel) -> None:
    bars, band = panel.bars[::-1], math.sqrt(panel.noise)  # the first one on top
    ends = [bar.value * band for bar in bars]
    for place, (bar, end) in enumerate(zip(bars, ends, strict=True)):
        axis.barh(place, bar.value, color=COLOURS.get(bar.entry, "#888888"), height=0.6)
        low = bar.value / band
        axis.barh(place, end - low, left=low, color="black", alpha=0.25, height=0.2)
        axis.annotate(f" {bar.note}", (end, place), va="center")
    axis.set_yticks(range(len(bars)), [bar.title.replace("`", "") for bar in bars])
    axis.tick_params(axis="y", length=0)
    axis.annotate(
        panel.title, (0, 1), (4, 4), ("figure fraction", "axes fraction"), "offset points",
        fontweight="bold",
    )  # fmt: skip
    # Each bar has its number, so the axis needs none.
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)
    room = [
        end / max(0.25, 1 - (len(bar.note) + 2) / ROOM) for bar, end in zip(bars, ends, strict=True)
    ]
    axis.set_xlim(0, max(room, default=1.0) or 1.0)
