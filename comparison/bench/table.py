"""The results as JSON and as Markdown, and the targets that they must meet."""

import json
import os
import platform
import statistics
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

from comparison.bench.missed import explanation
from comparison.lines import between

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


@dataclass(frozen=True)
class Target:
    """An upper bound of one of Flack's numbers in a row.

    With `peer` or `other`, a bound of its ratio to the number of a peer, or in another row.
    """

    row: str
    key: str
    most: float
    peer: str = "flack"
    other: str = ""
    other_key: str = ""  # of the peer or the other row, if it differs

    def reached(self, results: Results) -> float | None:
        """Return the number or the ratio; None if it was not measured."""
        ours = medians(results, self.row, "flack").get(self.key)
        if ours is None or (self.peer == "flack" and not self.other):
            return ours
        found = medians(results, self.other or self.row, self.peer)
        beside = found.get(self.other_key or self.key)
        return ours / beside if beside else None

    def is_of_one_run(self, results: Results) -> bool:
        """Return True if both of its numbers were measured in the same run."""
        beside = medians(results, self.other or self.row, self.peer)
        return medians(results, self.row, "flack").get(RUN) == beside.get(RUN)

    def __str__(self) -> str:
        beside = f" of {self.peer}'s" if self.peer != "flack" else ""
        beside += f' of "{self.other}"' if self.other else ""
        return f"{self.row}: {self.key} ≤ {self.most:g}{beside}"


STEADY = "steady push"
GROWTH = "steady push for 20 s"
ONE_NODE = f"{GROWTH}, 1000 sockets"
HOLDING = "holding 3000 idle sockets"
LIST = "GET 100 messages"
RAW_ASGI = "hello of raw ASGI"  # on plain daphne
DATABASES = ("", ", PostgreSQL")  # ends of names of rows
STORM = "sign-in storm, 500 users, 500 listen"
# What all work costs, as multiples of a request that daphne alone answers.
COSTS = (
    *(
        Target(f"{row}{database}", "µs", most, "daphne", other=RAW_ASGI)
        for row, most in (
            (LIST, 8),
            (f"{LIST}, unchanged", 5),
            ("GET user with token", 4.5),
            ("POST message", 11),
            ("post over the socket", 8),
        )
        for database in DATABASES
    ),
    *(
        Target(f"a ping of a user{database}", "node and redis µs", 1, "daphne", other=RAW_ASGI,
               other_key="µs")
        for database in DATABASES
    ),
    Target("an idle socket", "µs", 4.5, "daphne", other=RAW_ASGI),
    Target(HOLDING, "µs a second", 2),
    Target("an idle socket", "KiB", 12),
    Target(f"{GROWTH}, 5000 sockets", "µs", 1.15, other=ONE_NODE),
    Target(f"{GROWTH}, 100 sockets", "µs", 1.15, other=ONE_NODE),
    Target(STORM, "µs", 2500),
)  # fmt: skip
TARGETS = (
    *COSTS,
    Target(STEADY, "µs", 0.9, "socket.io"),
    Target(STEADY, "µs", 0.22, "flask"),
    Target(STEADY, "p99 ms", 1, "socket.io"),
    Target("burst", "µs", 0.5, "ws"),
    Target("burst", "healthz p99 ms", 50),
    Target(f"{ONE_NODE} on 2 nodes", "µs", 1.15, other=ONE_NODE),
    Target(f"{ONE_NODE} on 4 nodes", "µs", 1.15, other=ONE_NODE),
    Target("an idle socket", "µs", 1, "flask"),
    Target(STORM, "µs", 1.15, other="sign-in storm, 250 users, 500 listen"),
    Target("sign-in storm, 500 users, 1000 listen", "µs", 1.5, other=STORM),
    Target(LIST, "µs", 0.3, "flask"),
    Target(f"{LIST} of 1,000,000", "µs", 1.15, other=LIST),
    Target(f"{LIST}, unchanged", "µs", 0.1, "flask", other=LIST),
    Target("GET user with token", "µs", 0.45, "flask"),
    Target("POST message", "µs", 0.35, "flask"),
    Target("sign-in, and pushes meanwhile", "p99 ms", 50),
    Target(f"{LIST} through nginx, micro-cache", "µs", 0.1, other=f"{LIST} through nginx"),
)


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
    lines = [f"| Measurement | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for row in results:
        cells = []
        for name in columns:
            found = medians(results, row, name)
            cells.append(short(found) + " †" * (bool(found) and found.get(RUN, 0) < newest))
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines)


def targets(results: Results) -> str:
    """Return the table of the targets and the measured values."""
    lines = ["| Target | Measured | Flack alone | |", "|---|---|---|---|"]
    for target in TARGETS:
        reached = target.reached(results)
        if reached is not None:
            verdict = "met" if reached <= target.most else "**missed**"
            if not target.is_of_one_run(results):
                verdict = "of two runs: no result"
            alone = f"{figure(medians(results, target.row, 'flack')[target.key])} {target.key}"
            lines.append(f"| {target} | {figure(reached)} | {alone} | {verdict} |")
    return "\n".join(lines)


def missed(results: Results) -> str:
    """Return what each row is made of that missed a target in one run."""
    names: dict[str, list[Target]] = {}
    for target in TARGETS:
        reached = target.reached(results)
        if reached is not None and reached > target.most and target.is_of_one_run(results):
            names.setdefault(explanation(target.row), []).append(target)
    return (
        "\n".join(
            f"- **{'; '.join(map(str, found))}.** {reason}" for reason, found in names.items()
        )
        or "None: all targets that were measured in one run are met."
    )


def pythons(results: Results) -> str:
    """Return the table of Flack on other versions of Python, beside the numbers of the same run."""
    columns = sorted({name for row in results.values() for name in row if name.startswith(PYTHON)})
    if not columns:
        return "Not measured: `PYTHONS=` was not set."
    lines = [f"| Measurement | flack | {' | '.join(columns)} |", "|---" * (len(columns) + 2) + "|"]
    for row in results:
        ours, cells = medians(results, row, "flack"), []
        for name in columns:
            found = medians(results, row, name)
            if found and found.get(RUN) == ours.get(RUN):
                cells.append(f"{figure(found['µs'])} µs ({found['µs'] / ours['µs']:.2f})")
            else:
                cells.append("")
        if any(cells):
            lines.append(f"| {row} | {figure(ours['µs'])} µs | {' | '.join(cells)} |")
    return "\n".join(lines)


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


def store(results: Results) -> None:
    """Keep the raw numbers, with a line about their run, and update the tables of the report."""
    RAW.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    write(results, machine(results))


def write(results: Results, line: str = "") -> None:
    """Update the tables of the report; without a line about the run, keep the one that is there."""
    line = line or REPORT.read_text().partition("<!-- bench -->\n")[2].partition("\n")[0]
    fill("bench", f"{line}\n\n{works(results)}\n\n{targets(results)}")
    fill("missed", missed(results))
    fill("pythons", pythons(results))


def fill(mark: str, text: str) -> None:
    """Replace the part of the report between two marks."""
    REPORT.write_text(between(REPORT.read_text(), mark, text))
