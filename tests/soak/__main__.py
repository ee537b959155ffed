"""`make soak MINUTES=60`: let people come and go for so long, and fail if anything grows.

Writers, readers and listeners of `make faults` run beside the visitors, so that at the end every
accepted message must be in the database and in every listener's list. `SPEED=6` makes all of them
six times as fast if the machine can: what grows with the number of rows shows in a sixth of the
time.

A run of an hour or more replaces `docs/soak.svg` and the figures in `docs/RELIABILITY.md`. In a run
of less than `JUDGED` minutes threads, connections and caches still fill: growth is only printed.
"""

import gc
import math
import os
import platform
import re
import sys
import tempfile
import textwrap
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx
import psutil

from comparison.contract.pages import Pages
from comparison.usage import arguments
from tests.faults.crowd import Crowd
from tests.faults.table import Fault
from tests.faults.writers import EVERY as PACE
from tests.running import ROOT, Stack
from tests.soak.growth import growths
from tests.soak.picture import draw
from tests.soak.samples import Sampler
from tests.soak.visitors import Visitor

VISITORS = 20
EVERY = 10.0  # seconds between two samples
PAGE = "<title>A page</title><meta name=description content='What it says'>"
JUDGED = 20  # minutes
RECORDED = 60  # minutes
PICTURE = ROOT / "docs/soak.svg"
DOCUMENT = ROOT / "docs/RELIABILITY.md"
FIGURES = re.compile(r"(?<=<!-- make soak -->\n).*(?=<!-- end -->)", re.DOTALL)
REFUSED = "(POST|GET|PUT|DELETE|post_message) .*503"
# What nginx answers to clients that stalled for longer than its time-outs of heads and bodies.
CUT_OFF = "(POST|PUT) .* RemoteProtocolError.*"
STALLED = 10.0  # seconds
MOST_REFUSED = 0.001  # of all requests: SQLite's lock, on a machine that other work keeps busy


def soak(stack: Stack, pages: Pages, minutes: float, speed: float) -> list[str]:
    """Let people talk for so long; print the figures, draw them and return what went wrong."""
    link = pages.add(PAGE)
    problems: list[str] = []
    with Crowd(stack) as crowd:
        people = [stack.person("visitor") for _ in range(VISITORS)]
        visitors = [Visitor(stack.url, person, crowd.record, link, speed) for person in people]
        for visitor in visitors:
            crowd.background.begin_client(visitor.run())
        sampler = Sampler(stack, visitors, crowd.record, speed)
        crowd.background.begin_client(sampler.stalls.run())

        def watch(_: Stack) -> None:
            while time.monotonic() < sampler.began + 60 * minutes:
                time.sleep(EVERY)
                # The garbage collector need not look at a million old rows again, which stops all.
                gc.freeze()
                try:
                    sampler.sample()
                except psutil.NoSuchProcess as error:
                    problems.append(f"a process has ended: {error}")
                    return
                except httpx.TransportError as error:
                    problems.append(f"/healthz did not answer: {error!r}")

        fault = Fault("time", watch, REFUSED, every=PACE / speed)
        report = crowd.count(fault)
    if sampler.stalls.longest > STALLED:
        fault = replace(fault, refusals=f"{REFUSED}|{CUT_OFF}")
    problems += report.problems(fault)
    requests = crowd.record.requests
    if len(report.failed) > MOST_REFUSED * requests:
        problems.append(f"{len(report.failed)} of {requests} requests refused")
    found = growths(sampler.series)
    for name, one in found.items():
        if one.is_too_fast and minutes >= JUDGED:
            problems.append(f"{name} grows by {one.slope:.1f} an hour")
    visits = sum(visitor.visits for visitor in visitors)
    figures = [
        f"{date.today()}, {minutes:g} minutes at speed {speed:g}, load average "
        f"{os.getloadavg()[2]:.1f} on {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"SQLite: {VISITORS} visitors, {visits:,} visits, {requests:,} requests, "
        f"{report.accepted:,} messages of the writers accepted, {report.lost} lost, "
        f"{report.doubled} doubled, {len(report.failed)} requests refused; "
        f"the clients stalled for {sampler.stalls.longest:.1f} s at most. "
        + ("Nothing grows." if not problems and minutes >= JUDGED else "; ".join(problems)),
        "",
        "| Series | Median | Growth an hour | at least | allowed |",
        "|---|--:|--:|--:|--:|",
        *(f"| {name} | {one.median:.1f} | {one.slope:+.1f} | {one.lower:+.1f} "
          f"| {'-' if math.isinf(one.allowed) else f'{one.allowed:.1f}'} |"
          for name, one in found.items()),
    ]  # fmt: skip
    print(*figures, sep="\n")
    for sentence, times in crowd.record.errors.items():
        print(f"{times} requests refused: {sentence}")
    picture = PICTURE if minutes >= RECORDED else Path(tempfile.gettempdir()) / PICTURE.name
    draw(sampler.series, picture)
    print(f"The picture is {picture}")
    if minutes >= RECORDED:
        record(figures)
    return problems


def record(figures: list[str]) -> None:
    """Replace the figures in docs/RELIABILITY.md."""
    lines = [textwrap.fill(figures[0], 106), *figures[1:]]
    text = "\n".join(["![Samples of an hour](soak.svg)", "", *lines, ""])
    DOCUMENT.write_text(FIGURES.sub(lambda _: text, DOCUMENT.read_text()))


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
    arguments(__doc__)
    main()
