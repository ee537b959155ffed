"""The results as raw JSON and as Markdown."""

import json
import os
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path

import psutil

Numbers = dict[str, float]
Results = dict[str, dict[str, list[Numbers]]]  # by row, then by server, one for each round

FOLDER = Path(__file__).resolve().parent.parent
RAW = FOLDER / "bench.json"
REPORT = FOLDER / "BENCH.md"
BEGIN, END = "<!-- begin of the table -->", "<!-- end of the table -->"
COLUMNS = ("flack", "socket.io", "ws", "flask")

# Row, number, server, and the largest share of that server's number that Flack's may be.
TARGETS = (
    ("steady push", "µs", "socket.io", 0.9),
    ("steady push", "p99 ms", "socket.io", 1.0),
    ("steady push", "µs", "flask", 0.22),
    ("burst", "µs", "ws", 0.5),
    ("an idle socket", "µs", "flask", 1.0),
    ("GET 100 messages", "µs", "flask", 0.3),
    ("GET user with token", "µs", "flask", 0.45),
    ("POST message", "µs", "flask", 0.35),
)


def medians(results: Results, row: str, server: str) -> Numbers:
    """Return the median over the rounds of each number; none for what was not measured.

    Memory is the largest: a process that ran before uses again what it has.
    """
    many = results.get(row, {}).get(server, [])
    return {
        key: max(values) if key == "KiB" else statistics.median(values)
        for key in (many[0] if many else {})
        for values in [[numbers[key] for numbers in many]]
    }


def short(numbers: Numbers) -> str:
    """Return the numbers in one line."""
    return ", ".join(f"{value:.3g} {key}" for key, value in numbers.items() if value or key == "µs")


def markdown(results: Results) -> str:
    """Return the table of the medians and the targets with what was reached."""
    columns = [name for name in COLUMNS if any(name in row for row in results.values())]
    lines = [machine(), "", f"| Work | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for row in results:
        cells = [short(medians(results, row, name)) for name in columns]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    lines += ["", "| Target | Reached | |", "|---|---|---|"]
    for row, key, peer, share in TARGETS:
        ours, theirs = medians(results, row, "flack"), medians(results, row, peer)
        if ours and theirs.get(key):
            reached = ours[key] / theirs[key]
            verdict = "met" if reached <= share else "missed"
            lines.append(f"| {row}: {key} ≤ {share} of {peer}'s | {reached:.2f} | {verdict} |")
    return "\n".join(lines)


def machine() -> str:
    """Return one line that says when and where this was measured."""
    packages = ("django", "channels", "daphne", "twisted")
    return (
        f"{time.strftime('%Y-%m-%d')}, {psutil.cpu_count()} cores, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in packages)
        + f"; load average at the end {os.getloadavg()[0]:.1f}"
    )


def store(results: Results) -> None:
    """Write the raw numbers, and put the table into the report."""
    RAW.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    if REPORT.exists():
        before, _, rest = REPORT.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        REPORT.write_text(f"{before}{BEGIN}\n{markdown(results)}\n{END}{after}")
