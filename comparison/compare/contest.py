"""The contest: check every entry by the contract, then measure each kind of work on each."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

from comparison.compare import method, steps
from comparison.compare.cores import Cores, pinned
from comparison.compare.database import Database
from comparison.compare.method import Capacity, Step
from comparison.compare.sides import Side, external, started
from comparison.compare.steps import Length
from comparison.contestants.running import ROOT

AGAIN = "flack again"  # the same contestant once more: its difference from "flack" is noise
START = 0.8  # of the capacity that the CPU time of the first step predicts
MINUTE = "not a_user_without_a_ping_for_a_minute"  # the row that a quick run leaves out


@dataclass(frozen=True)
class Plan:
    """How long a step takes, and how exactly a capacity is found."""

    length: Length
    tries: int
    repeats: int
    precision: float


WHOLE = Plan(Length(), method.TRIES, method.REPEATS, 1.1)
QUICK = Plan(Length(1, 4), 1, 0, 2)


@dataclass(frozen=True)
class Work:
    """A kind of load. Every entry has the first step at the same load, `probe`."""

    name: str
    unit: str  # what a load counts
    each: str  # what "µs" is for
    probe: float
    highest: float
    deliveries: float  # units a second of one unit of load
    step: Callable[[Side, float, Length], Step]


WORKS = (
    Work("push", "people in a room with 10 messages a second", "delivery", 900, 8000, steps.HERTZ,
         steps.push),
    Work("poll", "polls a second", "poll", 50, 4000, 1, steps.poll),
    Work("post", "posts a second", "post", 20, 2000, 1, steps.post),
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A contestant or a running server, and how it is opened."""

    name: str
    open: Callable[[], AbstractContextManager[Side]]


def entries(server: Database, cores: Cores, names: Sequence[str], urls: dict[str, str],
            only: str = "") -> list[Entry]:  # fmt: skip
    """Return the entries: contestants by name, and servers that run already by their URL.

    `only` is a regular expression; the entry that shows the noise stays whenever "flack" does.
    """
    found = [Entry(name, partial(started, name, server, cores)) for name in names]
    found += [Entry(name, partial(external, name, url)) for name, url in urls.items() if url]
    chosen = [entry for entry in found if re.search(only, entry.name)]
    again = Entry(AGAIN, partial(started, "flack", server, cores))
    return chosen + [again] * any(entry.name == "flack" for entry in chosen)


def passes(url: str, quick: bool) -> str:
    """Run the shared rows of the contract suite; return its failures, or an empty string."""
    command = [sys.executable, "-m", "comparison.contract", "--url", url, "--same-only", "-q"]
    command += ["-k", MINUTE] if quick else []
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def check(all_entries: Sequence[Entry], quick: bool) -> dict[str, str]:
    """Run the suite on each entry; return the failures of those that did not pass."""

    def one(entry: Entry) -> str:
        with entry.open() as side:
            return passes(side.url, quick)

    tested = [entry for entry in all_entries if entry.name != AGAIN]
    with ThreadPoolExecutor(len(tested)) as pool:  # they mostly wait
        failures = list(pool.map(one, tested))
    return {entry.name: found for entry, found in zip(tested, failures, strict=True) if found}


def measure(entry: Entry, work: Work, plan: Plan, cores: Cores,
            show: Callable[[Step], None]) -> dict[str, Any]:  # fmt: skip
    """Measure one kind of work on one entry, and return its result with all steps."""
    all_steps: list[Step] = []
    began = time.perf_counter()
    with entry.open() as side, pinned(cores.generator):
        result: dict[str, Any] = {
            "entry": entry.name,
            "work": work.name,
            "start s": time.perf_counter() - began,
            "wire": side.wire,
            "processes": sum(p.count() for part in ("web", "worker") for p in side.parts[part]),
        }

        def step(load: float, phase: str = "bisection") -> Step:
            found = work.step(side, load, plan.length)
            found |= {"load": load, "phase": phase, "broken": method.broken(found)}
            all_steps.append(found)
            show(found | {"entry": entry.name, "work": work.name})
            return found

        probe = step(work.probe, "the same load for all")
        for _ in range(plan.repeats):
            if method.counts(probe):
                break
            probe = step(work.probe, "the same load for all")
        if work.name == "push":
            result |= steps.idle(side)
        found = method.capacity(
            lambda load: method.attempt(step, load, plan.tries, plan.repeats),
            predicted(probe, work), work.highest, plan.precision,
        )  # fmt: skip
    return result | summary(probe, found) | {"steps": all_steps}


def predicted(probe: Step, work: Work) -> float:
    """Return a load a little below the one at which all parts together would fill one core."""
    each = sum(probe.get("µs of", {}).values())
    return max(1.0, round(START * 1e6 / each / work.deliveries)) if each else work.probe


def summary(probe: Step, found: Capacity) -> dict[str, Any]:
    """Return what the report needs of a measurement."""
    return {
        "µs": probe.get("µs"),
        "µs of": probe.get("µs of"),
        "MiB": probe.get("MiB"),
        "at the same load": probe["broken"] or "carried",
        "carried": found.carried,
        "broke": found.broke,
        "reason": found.reason,
        "disturbed": found.disturbed or probe.get("other work", 0) > method.OTHER_WORK,
    }


def noises(results: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return the noise of each kind of work: of the capacity, and of the CPU time of a unit."""
    found: dict[str, dict[str, float]] = {}
    for work in WORKS:
        of = {result["entry"]: result for result in results if result["work"] == work.name}
        if "flack" in of and AGAIN in of:
            one, two = of["flack"], of[AGAIN]
            found[work.name] = {
                key: method.noise([(one.get(key) or 0, two.get(key) or 0)])
                for key in ("carried", "µs")
            }
    return found
