"""What each replaced default saves: `python -m comparison.bench.overrides`.

CPU time of this process, threads included, the median of `ROUNDS` interleaved rounds, on SQLite in
a temporary folder. With the argument `postgresql`, a server of its own is started for the queries.
"""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from functools import partial
from statistics import median
from typing import Any

import django
from django.core.management import call_command
from django.db import transaction

from comparison.bench.servers import Starter
from comparison.usage import arguments

ROUNDS = 7
REPEAT = 100  # SQLite indexes the words of messages in batches of 100: one in each round


def cpu(call: Callable[[], object], commits: bool = False) -> float:
    """Return the CPU time of a call in microseconds."""
    with nullcontext() if commits else transaction.atomic():
        began = time.process_time()
        for _ in range(REPEAT):
            call()
        return (time.process_time() - began) / REPEAT * 1e6


def run(measure: Callable[[Any], Coroutine[Any, Any, float]], subject: Any) -> float:
    """Return what a coroutine measures."""
    return asyncio.run(measure(subject))


def main() -> None:
    """Print a line for each variant."""
    from comparison.bench import calls, consumers

    call_command("migrate", verbosity=0)
    measurements: dict[tuple[str, str], Callable[[], float]] = {}
    for what, variant, call in calls.rows():
        measurements[f"{what}, µs", variant] = partial(cpu, call)
    for what, variant, call in calls.commits():
        measurements[f"{what}, µs", variant] = partial(cpu, call, commits=True)
    for what, variant, measure, subject in consumers.ROWS:
        measurements[what, variant] = partial(run, measure, subject)
    results: dict[tuple[str, str], list[float]] = {key: [] for key in measurements}
    for _ in range(ROUNDS):
        for key, measurement in measurements.items():
            results[key].append(measurement())
    for (what, variant), values in results.items():
        print(f"{what:28} {variant:25} {median(values):7.1f}")


if __name__ == "__main__":
    (database,) = arguments(__doc__, "postgresql")
    with Starter() as starter:
        sqlite = f"sqlite:///{starter.folder / 'db.sqlite3'}"
        url = starter.postgresql() if database else sqlite
        os.environ |= {
            "SECRET_KEY": "of-a-measurement-and-of-no-server-at-all",
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "flack_project.settings",
            "FLACK_RATE_LIMITS": "0",
        }
        django.setup()
        main()
