"""The tables of the report."""

import statistics
from typing import Any

from comparison.compare.results import Spread, Step, carried, distinct, short, some, spread, why

UNITS = {
    "One server": "requests",
    "Several behind nginx": "requests",
    "With Celery": "posts",
    "With push": "deliveries",
}
COLUMNS = {
    "p50 ms": "p50 ms",
    "p99 ms": "p99 ms",
    "behind s": "behind s",
    "µs": "µs each",
    "web cores": "web cores",
    "worker cores": "Celery cores",
    "beside cores": "service cores",
    "own cores": "generator cores",
    "MiB": "MiB",
    "own MiB": "generator MiB",
}
COUNTS = ("lost", "doubled", "errors")


def table(head: list[str], rows: list[list[Any]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def facts(found: dict[str, str]) -> str:
    """Return a Markdown list of names and values."""
    return "\n".join(f"- {name}: {value}" for name, value in found.items())


def processes(counted: dict[str, dict[str, str]]) -> str:
    """Return the table of the number of processes of each version."""
    names = list(next(iter(counted.values())))
    rows = [[nodes, *(sides[name] for name in names)] for nodes, sides in counted.items()]
    return table(["Nodes", *names], rows)


def carried_table(steps: list[Step]) -> str:
    """Return the table of the highest load that each version carried, and of what limited it."""
    rows = []
    for step, unit in UNITS.items():
        for arrangement in distinct(some(steps, step=step), "arrangement"):
            ladder = some(steps, step=step, arrangement=arrangement)
            for name in distinct(sorted(ladder, key=lambda row: str(row["name"])), "name"):
                highest = carried(ladder, name)
                rungs = [row["rung"] for row in ladder if row["load"] == highest.middle]
                rung = f" ({rungs[0]})" if rungs and "×" in rungs[0] else ""
                rows.append([f"{step}: {arrangement}", name, f"{highest} {unit}{rung}",
                             why(ladder, name)])  # fmt: skip
    return table(["Ladder", "Version", "Carried per second", "Limit"], rows)


def null_table(steps: list[Step]) -> str:
    """Return the table of the noise: how much two runs of the same Flask version differ."""
    rows: list[list[Any]] = []
    for key in ("p50 ms", "p99 ms", "µs"):
        ratios = []
        for again in some(steps, name="Flask again", broken=""):
            wanted = {k: again[k] for k in ("step", "arrangement", "rung", "repeat", "broken")}
            for first in some(steps, name="Flask", **wanted):
                low, high = sorted((first.get(key, 0), again.get(key, 0)))
                ratios += [high / low] if low else []
        if ratios:
            middle, most = statistics.median(ratios), max(ratios)
            rows.append([key, len(ratios), f"{middle:.2f}", f"{most:.2f}"])
    for step in distinct(some(steps, name="Flask again"), "step"):
        (arrangement,) = distinct(some(steps, step=step, name="Flask again"), "arrangement")
        ladder = some(steps, step=step, arrangement=arrangement)
        highest = [str(carried(ladder, name)) for name in ("Flask", "Flask again")]
        rows.append([f"carried, {step.lower()}", "", *highest])
    head = ["Flask against Flask", "pairs", "median ratio, or carried", "largest, or carried again"]
    return table(head, rows)


def queries_table(queries: dict[str, dict[str, list[float]]]) -> str:
    """Return the table of the queries and transactions of each operation."""
    names = list(queries)
    rows = [
        [operation, *(" / ".join(map(short, queries[name][operation])) for name in names)]
        for operation in queries[names[0]]
    ]
    return table(["Operation", *names], rows)


def lessons_table(lessons: list[Step]) -> str:
    """Return the table of the lessons."""
    rows = []
    for lesson in distinct(lessons, "lesson"):
        variants = some(lessons, lesson=lesson)
        for variant in distinct(variants, "variant"):
            found = some(variants, variant=variant)
            cells = [spread(found, key) for key in ("µs", "p50 ms", "p99 ms")]
            rows.append([lesson, variant, found[0]["unit"], *(cell or "" for cell in cells)])
    return table(["Lesson", "Variant", "Unit", "µs of CPU each", "p50 ms", "p99 ms"], rows)


def details(ladder: list[Step], arrangement: str) -> str:
    """Return all steps of a ladder as a table inside `<details>`."""
    rows = []
    for load in sorted(distinct(ladder, "load")):
        rung = some(ladder, load=load)
        for name in sorted(distinct(rung, "name")):
            found = some(rung, name=name)
            good = len(some(found, broken=""))
            cells: list[Spread | None] = [spread(found, key) for key in COLUMNS]
            wrong = [str(int(sum(step.get(key, 0) for step in found))) for key in COUNTS]
            rows.append([found[0]["rung"], name, f"{good} of {len(found)}", *wrong,
                         *("" if cell is None else cell for cell in cells)])  # fmt: skip
    head = ["Load", "Version", "Carried", *COUNTS, *COLUMNS.values()]
    summary = f"<summary>{arrangement}: every step</summary>"
    return f"<details>{summary}\n\n{table(head, rows)}\n\n</details>"
