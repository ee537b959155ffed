"""The raw results of the bench, and their tables."""

import json
import os
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path

import psutil

from comparison.lines import between
from comparison.markdown import table

Numbers = dict[str, float]
Results = dict[str, dict[str, list[Numbers]]]  # by row, then by server, one for each round

FOLDER = Path(__file__).resolve().parent.parent
RAW = FOLDER / "bench.json"
REPORT = FOLDER / "BENCH.md"
FLASK_2016, FLASK_TODAY = "flask", "flask of today"  # columns of FLASK_URL, by its Engine.IO
PEERS = ("flack", "socket.io", "ws", FLASK_2016, FLASK_TODAY)
COLUMNS = (*PEERS, "daphne")
PYTHON = "Python "  # columns of Flack on other versions, which have a table of their own
LABELS = {"own µs": "generator µs"}  # names in the tables, where they differ from the JSON
RUN = "run"  # the key of the time when a number's run began; rows keep numbers of earlier runs


STEADY = "steady push"
GROWTH = "steady push for 20 s"
ONE_NODE = f"{GROWTH}, 1000 sockets"
HOLDING = "holding 3000 idle sockets"
LIST = "GET 100 messages"
RAW_ASGI = "hello of raw ASGI"  # on plain daphne


def medians(results: Results, row: str, server: str) -> Numbers:
    """Return the median over the rounds of each number; empty if the row was not measured.

    For memory it is the maximum, because later rounds reuse the memory of the first.
    """
    many = results.get(row, {}).get(server, [])
    return {
        key: max(values) if key == "KiB" else statistics.median(values)
        for key in (many[0] if many else {})
        for values in [[numbers[key] for numbers in many]]
    }


def figure(value: float) -> str:
    """Return a number with three digits, or as a whole one."""
    return f"{value:{',.0f' if value >= 100 else '.3g'}}"


def short(numbers: Numbers) -> str:
    """Return the numbers as one line."""
    return ", ".join(
        f"{figure(value)} {LABELS.get(key, key)}"
        for key, value in numbers.items()
        if (value or key == "µs") and key != RUN
    )


def newest_run(results: Results) -> float:
    """Return when the last run began, 0 if no number has that."""
    return max(
        (numbers.get(RUN, 0) for row in results.values() for many in row.values()
         for numbers in many),
        default=0,
    )  # fmt: skip


def works(results: Results) -> str:
    """Return the table of the medians; those of earlier runs are marked."""
    columns = [name for name in COLUMNS if any(name in row for row in results.values())]
    newest = newest_run(results)
    rows = []
    for row in results:
        cells = []
        for name in columns:
            found = medians(results, row, name)
            cells.append(short(found) + " †" * (bool(found) and found.get(RUN, 0) < newest))
        rows.append([row, *cells])
    return table(["Measurement", *columns], rows)


def pythons(results: Results) -> str:
    """Return the table of Flack on other versions of Python, beside the numbers of the same run."""
    columns = sorted({name for row in results.values() for name in row if name.startswith(PYTHON)})
    if not columns:
        return "Not measured: `PYTHONS=` was not set."
    rows = []
    for row in results:
        ours, cells = medians(results, row, "flack"), []
        for name in columns:
            found = medians(results, row, name)
            if found and found.get(RUN) == ours.get(RUN):
                cells.append(f"{figure(found['µs'])} µs ({found['µs'] / ours['µs']:.2f})")
            else:
                cells.append("")
        if any(cells):
            rows.append([row, f"{figure(ours['µs'])} µs", *cells])
    return table(["Measurement", "flack", *columns], rows)


def rounds(results: Results) -> str:
    """Return the number of rounds; minimum and maximum if the rows differ."""
    counts = [len(many) for row in results.values() for many in row.values()]
    return " to ".join(str(count) for count in sorted({min(counts), max(counts)}))


def machine(results: Results) -> str:
    """Return one line about the run: `about`, and the number of rounds."""
    earlier = "; † of an earlier run" * has_earlier(results)
    return f"{about()}; {rounds(results)} rounds of each row{earlier}"


def about() -> str:
    """Return the date, the machine, the versions and the load, for the line above a table."""
    packages = ("django", "channels", "daphne", "twisted")
    return (
        f"{time.strftime('%Y-%m-%d')}, {psutil.cpu_count()} cores, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in packages)
        + f"; load average at the end {os.getloadavg()[0]:.1f}"
    )


def has_earlier(results: Results) -> bool:
    """Return True if some numbers are of an earlier run than others."""
    newest = newest_run(results)
    every = [n for row in results.values() for many in row.values() for n in many]
    return any(numbers.get(RUN, 0) < newest for numbers in every)


def load() -> Results:
    """Return the stored results, empty if there are none."""
    results: Results = json.loads(RAW.read_text()) if RAW.exists() else {}
    return results


def fill(mark: str, text: str) -> None:
    """Replace the part of the report between two marks."""
    REPORT.write_text(between(REPORT.read_text(), mark, text))
