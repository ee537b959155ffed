"""The contest: check every entry by the contract, then measure each kind of work on each."""

import re
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

from comparison.bench.cores import Cores, pinned
from comparison.compare import method, steps
from comparison.compare.database import Database
from comparison.compare.machine import now
from comparison.compare.method import Capacity, Step
from comparison.compare.sides import Side, external, started
from comparison.compare.steps import Length
from comparison.contestants.definitions import FLOOR, ROOT, STAGES

NAMES = ("flask", "flask-threads", "flask-tuned", "django-documented", "flack")
QUICK_NAMES = ("flask", "flask-tuned", "django-documented", "flack")
FLASK_2016, OTHER = "flask-2016", "other"  # the entries of FLASK_URL and OTHER_URL
AT_ONCE = 4  # entries that the contract suite checks at the same time
AGAIN = " again"  # the end of the name of an entry that is measured once more, to find the noise
PAIRS = ("flack", "flask")  # what is measured again, at the end of each work
START, SEARCH = 10.0, 5  # seconds to start and to stop, and tries of a search, about
FALL = 1.2  # how much less a unit costs at the highest load that is carried, about
MINUTE = "not a_user_without_a_ping_for_a_minute"  # the row that a quick run leaves out


@dataclass(frozen=True)
class Plan:
    """How long a step takes, and how exactly a capacity is found."""

    length: Length
    tries: int
    repeats: int
    precision: float
    most: int  # tries of loads by which a capacity is found


WHOLE = Plan(Length(), method.TRIES, method.REPEATS, 1.2, 12)
QUICK = Plan(Length(1, 3), 1, 0, 2, 4)


@dataclass(frozen=True)
class Work:
    """A kind of load. Every entry has the first step at the same load, `probe`."""

    name: str
    unit: str  # what a load counts
    each: str  # what "µs" is for
    probe: float
    highest: float
    deliveries: float  # units a second of one unit of load
    between: float  # seconds from one step to the next, about: connecting, and calming down
    step: Callable[[Side, float, Length], Step]


WORKS = (
    Work("push", "people in a room with 10 messages a second", "delivery", 900, 8000, steps.HERTZ,
         18, steps.push),
    Work("poll", "polls a second", "poll", 50, 4000, 1, 4, steps.poll),
    Work("post", "posts a second", "post", 20, 2000, 1, 4, steps.post),
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A contestant or a running server, how it is opened, and what is measured of it."""

    name: str
    open: Callable[[], AbstractContextManager[Side]]
    works: tuple[str, ...] = tuple(work.name for work in WORKS)
    only_probe: bool = False  # True if only the load that is the same for all is measured
    is_checked: bool = True  # False: the contract suite is not run on it


def entries(server: Database, cores: Cores, quick: bool, urls: dict[str, str],
            wire: str = "") -> list[Entry]:  # fmt: skip
    """Return all entries: contestants, servers that run already by their URL, and what explains.

    What explains is measured with the load that is the same for all: `ws`, the stages from "flask"
    to "flask-tuned" and from "django-documented" to "flack", and two nodes of each contestant. Last
    comes what is measured again, long after the first time; of "flask" in full for push only, which
    has the headline, so that a run stays within 100 minutes.
    """

    def begin(name: str, nodes: int = 1) -> Callable[[], AbstractContextManager[Side]]:
        return partial(started, name, server, cores, nodes)

    names = QUICK_NAMES if quick else NAMES
    found = [Entry(name, begin(name)) for name in names]
    found += [
        Entry(name, partial(external, name, url, cores, wire if name == OTHER else ""))
        for name, url in urls.items() if url
    ]  # fmt: skip
    if shutil.which("node") and (FLOOR.folder / "node_modules").exists():
        found.append(Entry(FLOOR.name, begin(FLOOR.name), ("push",), True, False))
    found += [
        Entry(name, begin(name), ("push",) if quick else stage.works, True, not quick)
        for name, stage in STAGES.items()
    ]
    pairs = (name for name in names if name != "flask-threads" and not quick)
    found += [Entry(f"{name}, 2 nodes", begin(name, 2), ("push",), True, False) for name in pairs]
    flack, flask = (partial(Entry, name + AGAIN, begin(name), is_checked=False) for name in PAIRS)
    found += [flack(), flask(("push",), quick), flask(("poll", "post"), only_probe=True)]
    return found


def parts(all_entries: Sequence[Entry], only: str = "") -> list[tuple[Entry, Work]]:
    """Return what is measured, in order: works in turn, and all entries in each.

    `only` is a regular expression of "ENTRY WORK", such as "^flask push$".
    """
    return [
        (entry, work) for work in WORKS for entry in all_entries
        if work.name in entry.works and re.search(only, f"{entry.name} {work.name}")
    ]  # fmt: skip


def expected(entry: Entry, work: Work, plan: Plan) -> float:
    """Return the seconds that a measurement of an entry may take, as seen in whole runs."""
    more = 0 if entry.only_probe else min(plan.most, SEARCH)
    each = plan.length.warm_up + plan.length.seconds
    return START + each + more * (each + work.between)


def passes(url: str, quick: bool) -> str:
    """Run the shared rows of the contract suite; return its failures, or an empty string."""
    command = [sys.executable, "-m", "comparison.contract", "--url", url, "--same-only", "-q"]
    command += ["--patience", "30"]
    command += ["-k", MINUTE] if quick else []
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def check(all_entries: Sequence[Entry], quick: bool) -> dict[str, str]:
    """Run the suite on each entry; return the failures, an empty string for one that passes."""

    def one(entry: Entry) -> str:
        try:
            with entry.open() as side:
                return passes(side.url, quick)
        except Exception as error:  # reported; the other entries go on
            return "".join(traceback.format_exception(error))

    with ThreadPoolExecutor(AT_ONCE) as pool:  # they mostly wait
        return dict(zip((e.name for e in all_entries), pool.map(one, all_entries), strict=True))


def measure(entry: Entry, work: Work, plan: Plan, cores: Cores,
            show: Callable[[Step], None]) -> dict[str, Any]:  # fmt: skip
    """Measure one kind of work on one entry, and return its result with all steps."""
    all_steps: list[Step] = []
    with entry.open() as side, pinned(cores.generator):
        result: dict[str, Any] = {
            "entry": entry.name,
            "work": work.name,
            "at": now(),
            "first answer s": side.answered,
            "wire": side.wire,
            "processes": sum(p.count() for part in ("web", "worker") for p in side.parts[part]),
        }

        if side.server:
            result["server"] = side.server

        def step(load: float, phase: str = "bisection") -> Step:
            found = work.step(side, load, plan.length)
            found |= {"load": load, "phase": phase, "broken": method.broken(found)}
            found["fills"] = predicted(found, work)
            all_steps.append(found)
            show(found | {"entry": entry.name, "work": work.name})
            return found

        if work.name == "push":
            result |= steps.idle(side)  # first: later sockets would reuse the memory of these
        probe = step(work.probe, "the same load for all")
        for _ in range(plan.repeats):
            if method.counts(probe):
                break
            probe = step(work.probe, "the same load for all")
        found = None
        if not entry.only_probe:
            found = method.capacity(
                lambda load: method.attempt(step, load, plan.repeats),
                probe["fills"], work.highest, plan.precision, most=plan.most,
                tries=plan.tries,
            )  # fmt: skip
    return result | summary(probe, found) | {"steps": all_steps}


def predicted(step: Step, work: Work) -> float:
    """Return the load at which all parts together would fill one core, about.

    A unit costs less at a high load, but no less than in a step that was not carried.
    """
    each = sum(step.get("µs of", {}).values()) / (1.0 if step["broken"] else FALL)
    return max(1.0, round(1e6 / each / work.deliveries)) if each else work.probe


def summary(probe: Step, found: Capacity | None) -> dict[str, Any]:
    """Return what the report needs of a measurement; without a capacity if none was sought."""
    disturbed = probe.get("other work", 0) > method.OTHER_WORK
    result = {
        "µs": probe.get("µs"),
        "µs of": probe.get("µs of"),
        "MiB": probe.get("MiB"),
        "at the same load": probe["broken"] or "carried",
        "disturbed": disturbed,
    }
    if found is None:
        return result | {"carried": None, "broke": None, "reason": ""}
    return result | vars(found) | {"disturbed": disturbed or found.disturbed}


def noises(results: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return the noise of each kind of work: of the capacity, and of the CPU time of a unit.

    Where no pair shows one, there is none. A pair of which both carried the most that is tried, or
    of which no capacity was sought, shows none of the capacity.
    """
    found: dict[str, dict[str, float]] = {}
    for work in WORKS:
        of = {result["entry"]: result for result in results if result["work"] == work.name}
        pairs = [(of[name], of[name + AGAIN]) for name in of if name + AGAIN in of]
        sought = [pair for pair in pairs if None not in [each["carried"] for each in pair]
                  and any(each["broke"] is not None for each in pair)]  # fmt: skip
        found[work.name] = {
            key: method.noise((one.get(key) or 0, two.get(key) or 0) for one, two in shown)
            for key, shown in (("carried", sought), ("µs", pairs))
            if shown
        }
    return found
