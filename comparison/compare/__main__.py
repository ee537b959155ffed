"""`make compare FLASK_URL=… DJANGO_URL=…`: climb every ladder in turn, then write the report.

FLASK_URL names the Flask version on this machine: `http://127.0.0.1:5000`. Nodes that share a
broker are joined by commas, groups of 1, 2 and 4 nodes by spaces. DJANGO_URL names this version in
the same form; without it, this version is started on a second database of the Flask version's
server. Both run on PostgreSQL. REPEATS (3) is the number of climbs, SECONDS (3) the length of a
step. STEPS is a regular expression of the ladders to climb, such as "With push"; all others keep
their numbers.

All numbers go to comparison/report.json; `python -m comparison.compare report` reads only that.
"""

import json
import os
import re
import resource
import signal
import sys
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from comparison.compare import lessons, machine, report
from comparison.compare.ladder import Ladder, ladders
from comparison.compare.operations import queries
from comparison.compare.sides import Sides

REPEATS = int(os.environ.get("REPEATS") or 3)
SECONDS = float(os.environ.get("SECONDS") or 3)
STEPS = os.environ.get("STEPS") or ""


def measure() -> dict[str, Any]:
    """Measure everything, and return the raw numbers."""
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(1)
    )  # run the exit handlers, which stop the servers
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn()) as progress:
        task = progress.add_task("Starting", total=None)
        raw: dict[str, Any] = {"repeats": REPEATS, "seconds": SECONDS, "began": machine.now()}
        raw["other work"] = machine.other_work()
        with Sides(os.environ.get("FLASK_URL", ""), os.environ.get("DJANGO_URL", "")) as sides:
            if STEPS:
                return again(sides, raw, progress, task)
            flask, django = sides.direct["Flask"], sides.direct["Django"]
            raw["machine"] = machine.machine()
            raw["versions"] = machine.versions(flask[1], django[1])
            raw["processes"] = {
                nodes: {side.name: side.processes() for side in (flask[nodes], django[nodes])}
                for nodes in flask
            }
            raw["queries"] = {side.name: queries(side) for side in (flask[1], django[1])}
            progress.update(task, description="Lessons")
            raw["lessons"] = []
            for row in lessons.learn(sides, REPEATS):
                raw["lessons"].append(row)
                progress.console.print(row["lesson"], row["variant"], f"{row['µs']:.0f} µs",
                                       soft_wrap=True)  # fmt: skip
            raw["steps"] = list(climb(ladders(sides), progress, task))
            raw["ended"] = machine.now()
    return raw


def again(sides: Sides, new: dict[str, Any], progress: Progress, task: Any) -> dict[str, Any]:
    """Climb some ladders anew; return the numbers that there are, with these in their places."""
    raw: dict[str, Any] = json.loads(report.RAW.read_text())
    chosen = [ladder for ladder in ladders(sides) if re.search(STEPS, str(ladder))]
    places = [(ladder.step, ladder.arrangement) for ladder in chosen]
    kept = [step for step in raw["steps"] if (step["step"], step["arrangement"]) not in places]
    steps = list(climb(chosen, progress, task))
    new |= {"ladders": [str(ladder) for ladder in chosen], "ended": machine.now()}
    return raw | {"steps": kept + steps, "again": [*raw.get("again", []), new]}


def climb(all_ladders: list[Ladder], progress: Progress, task: Any) -> Any:
    """Climb all ladders, again and again; show and give each step."""
    progress.update(task, total=REPEATS * sum(ladder.longest for ladder in all_ladders))
    for repeat in range(1, REPEATS + 1):
        for ladder in all_ladders:
            progress.update(task, description=f"{repeat} of {REPEATS}: {ladder}")
            before = progress.tasks[0].completed
            if repeat == 1:
                ladder.warm_up()
            for step in ladder.climb(repeat, SECONDS):
                progress.advance(task)
                progress.console.print(line(step), highlight=False, soft_wrap=True)
                yield step
            progress.update(task, completed=before + ladder.longest)


def line(step: dict[str, Any]) -> str:
    """Return what a step shows in one line."""
    verdict = f"[red]{step['broken']}[/]" if step["broken"] else "[green]carried[/]"
    found = {key: step.get(key, 0) for key in ("p50 ms", "p99 ms", "cores", "own cores")}
    numbers = "p50 {:.0f} ms, p99 {:.0f} ms, {:.2f} cores, {:.2f} own".format(*found.values())
    who = f"{step['arrangement']:22} {step['rung']:>12} {step['name']:12}"
    return f"{who} {numbers}: {verdict}"


def main() -> None:
    """Measure unless only the report is asked for; write the report."""
    if sys.argv[1:] != ["report"]:
        first = (os.environ.get("FLASK_URL") or ",").split()[0]
        if "," in first:
            sys.exit("Which Flask version? One node first: FLASK_URL=http://127.0.0.1:5000")
        report.RAW.write_text(json.dumps(measure(), indent=1, ensure_ascii=False) + "\n")
    report.write()
    Console().print(f"Written: {report.REPORT}")


if __name__ == "__main__":
    main()
