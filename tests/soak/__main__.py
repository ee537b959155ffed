"""`make soak MINUTES=60`: let people come and go for so long, and fail if anything grows.

Writers, readers and listeners of `make faults` run at a slow pace beside the visitors, so that at
the end every accepted message must be in the database and in every listener's list. `SPEED=6` makes
all of them six times as fast: what grows with the number of rows shows in a sixth of the time.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import psutil

from comparison.contract.pages import Pages
from tests.faults import writers
from tests.faults.crowd import Crowd
from tests.faults.table import Fault
from tests.running import ROOT, Stack
from tests.soak.growth import growths
from tests.soak.picture import draw
from tests.soak.samples import Sampler
from tests.soak.visitors import Visitor

VISITORS = 20
EVERY = 10.0  # seconds between two samples
PACE = 2.0  # seconds between two requests of a writer or reader
PAGE = "<title>A page</title><meta name=description content='What it says'>"
PICTURE = ROOT / "docs/soak.svg"


def soak(stack: Stack, pages: Pages, minutes: float, speed: float) -> list[str]:
    """Let people talk for so long; print a table, draw the picture and return what went wrong."""
    writers.EVERY = PACE / speed
    link = pages.add(PAGE)
    with Crowd(stack) as crowd:
        people = [stack.person("visitor") for _ in range(VISITORS)]
        visitors = [Visitor(stack.url, person, crowd.record, link, speed) for person in people]
        for visitor in visitors:
            crowd.background.begin(visitor.run())
        sampler = Sampler(stack, visitors, crowd.record, speed)

        def watch(_: Stack) -> None:
            while time.monotonic() < sampler.began + 60 * minutes:
                time.sleep(EVERY)
                sampler.sample()

        fault = Fault("time", watch)
        try:
            report = crowd.count(fault)
        except psutil.NoSuchProcess as error:
            return [f"a process has ended: {error}"]
    draw(sampler.series, PICTURE)
    visits = sum(visitor.visits for visitor in visitors)
    print(f"{minutes:g} minutes at speed {speed:g}, {VISITORS} visitors, {visits} visits, "
          f"{crowd.record.requests} requests, {report.lost} messages lost, "
          f"{report.doubled} doubled, {len(report.failed)} requests refused\n")  # fmt: skip
    print("| Series | Median | Growth an hour | at least | allowed |\n|---|--:|--:|--:|--:|")
    for sentence, times in crowd.record.errors.items():
        print(f"{times} requests refused: {sentence}")
    problems = report.problems(fault)
    for name, found in growths(sampler.series).items():
        print(f"| {name} | {found.median:.1f} | {found.slope:+.1f} | {found.lower:+.1f} "
              f"| {found.allowed:.1f} |")  # fmt: skip
        if found.is_too_fast:
            problems.append(f"{name} grows by {found.slope:.1f} an hour")
    return problems


def main() -> None:
    """Run for MINUTES at SPEED."""
    minutes = float(os.environ.get("MINUTES") or 60)
    speed = float(os.environ.get("SPEED") or 1)
    with tempfile.TemporaryDirectory(prefix="flack-soak-") as folder:
        pages = Pages(0)
        hosts = pages.url.removeprefix("http://")
        stack = Stack(Path(folder), FLACK_PREVIEW_HOSTS=hosts)
        try:
            problems = soak(stack, pages, minutes, speed)
        finally:
            stack.stop()
            pages.close()
    sys.exit("\n".join(problems) or None)


if __name__ == "__main__":
    main()
