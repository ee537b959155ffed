"""Bar charts of the report, with the noise drawn into each bar."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

COLOURS = {"flask": "#c4552d", "django": "#6ab187", "flack": "#11694b"}
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "flack",  # the same numbers give the same file
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
}


def bars(title: str, values: dict[str, float], noise: float, path: Path) -> None:
    """Draw a horizontal bar for each value, with a band of the noise around its end."""
    ordered = sorted(values.items(), key=lambda item: -item[1])
    with mpl.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(7, 0.8 + 0.4 * len(ordered)), layout="constrained")
        for place, (name, value) in enumerate(ordered):
            colour = next((COLOURS[k] for k in COLOURS if name.startswith(k)), "#888888")
            axis.barh(place, value, color=colour, height=0.6)
            low, high = value / noise, value * noise
            axis.barh(place, high - low, left=low, color="black", alpha=0.25, height=0.25)
            axis.annotate(f" {value:,.3g}", (max(high, value), place), va="center")
        axis.set_yticks(range(len(ordered)), [name for name, _ in ordered])
        axis.set_title(title, loc="left")
        axis.grid(visible=False, axis="y")
        axis.margins(x=0.15)
        figure.patch.set_facecolor("white")  # readable on a dark page
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
