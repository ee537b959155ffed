"""Plot of the results: medians, with error bars for the range of the rounds."""

import statistics
from collections.abc import Sequence
from pathlib import Path

import matplotlib

from comparison.bench.table import (
    FLASK_2016,
    FLASK_TODAY,
    GROWTH,
    LIST,
    ONE_NODE,
    PEERS,
    STEADY,
    Results,
)

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "flack"  # the same numbers give the same file

from matplotlib import pyplot  # noqa: E402  # after the choice of the backend
from matplotlib.axes import Axes  # noqa: E402

COLORS = dict(zip(PEERS, ("#0c6b62", "#8d877a", "#c8942a", "#ad2b1d", "#e08a7e"), strict=True))
PUSHES = {STEADY: "steady", "burst": "burst"}
REQUESTS = {
    LIST: "100 messages",
    f"{LIST}, unchanged": "the same,\nunchanged",
    "GET user with token": "user",
    "POST message": "post",
}
SIZES = {
    f"{GROWTH}, 100 sockets": "100\nsockets",
    ONE_NODE: "1000",
    f"{GROWTH}, 5000 sockets": "5000\nsockets",
    f"{ONE_NODE} on 2 nodes": "1000 on\n2 nodes",
    f"{ONE_NODE} on 4 nodes": "1000 on\n4 nodes",
}


def draw(results: Results, path: Path) -> None:
    """Plot the CPU time of pushes, requests and growth into an SVG file."""
    figure, (pushes, requests, sizes) = pyplot.subplots(1, 3, figsize=(13, 4), layout="constrained")
    bars(pushes, results, PUSHES, "A push, for each delivery", PEERS)
    bars(requests, results, REQUESTS, "A request", ["flack", FLASK_2016, FLASK_TODAY])
    bars(sizes, results, SIZES, "A push, for each delivery, as Flack grows", ["flack"])
    pushes.set_ylabel("µs of CPU")
    pushes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def bars(axes: Axes, results: Results, rows: dict[str, str], title: str,
         servers: Sequence[str]) -> None:  # fmt: skip
    """Draw a group of bars for each row, a bar for each server."""
    width = 0.8 / len(servers)
    for place, server in enumerate(servers):
        for position, row in enumerate(rows):
            values = sorted(numbers["µs"] for numbers in results.get(row, {}).get(server, []))
            if values:
                x, middle = position + place * width, statistics.median(values)
                spread = [[middle - values[0]], [values[-1] - middle]]
                label = server if row == next(iter(rows)) else None
                axes.bar(x, middle, width, yerr=spread, label=label, color=COLORS[server])
    axes.set_xticks([each + (len(servers) - 1) * width / 2 for each in range(len(rows))])
    axes.set_xticklabels(rows.values())
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)
