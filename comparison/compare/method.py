"""The method: when a step counts, when a load is carried, and how much is carried.

Pure functions, so that each rule has a test without servers. Times are in seconds unless named.
"""

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Step = dict[str, Any]

LATE = 1000.0  # milliseconds; a p99 above this is not carried
SENT = 0.99  # of what is due; below, the generator failed
LAG = 250.0  # milliseconds that 99 of 100 sends may be late; above, the generator failed
OTHER_WORK = 0.05  # of all cores; a step with more is repeated
REPEATS = 3  # of a step that does not count
TRIES = 2  # of the load that is reported; each must be carried
GROWTH = 100.0  # milliseconds by which waiting times may double without a growing queue
EVEN = 0.5  # of an even rise; each quarter of a growing queue waits longer by at least this
MAX_SAMPLE = 1_000_000  # waiting times of which quantiles are taken
REASONS = ("refused", "errors", "lost", "doubled")


def evenly(values: Sequence[float], limit: int = MAX_SAMPLE) -> Sequence[float]:
    """Return at most `limit` of the values, evenly spaced in the order in which they came."""
    return values if len(values) <= limit else values[:: math.ceil(len(values) / limit)]


def quantile(values: Sequence[float], part: float) -> float:
    """Return the nearest-rank quantile: the least value that `part` of all do not exceed."""
    ordered = sorted(evenly(values))
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else 0.0


def quarters(delays: Sequence[float]) -> list[float]:
    """Return the median of each quarter of the waiting times, or nothing for fewer than four."""
    size = len(delays) // 4
    parts = [delays[part * size : (part + 1) * size] for part in range(4)] if size else []
    return [statistics.median(part) for part in parts]


def is_growing(medians: Sequence[float]) -> bool:
    """Return True if the medians of the quarters, in milliseconds, show a growing queue.

    The last is then more than twice the first, by 100 ms more, and each quarter adds at least half
    of an even rise. With too little time for its load, a server falls behind all the time. One that
    was delayed once and catches up does not; the first and the last quarter alone would show both.
    """
    if not medians or medians[-1] <= 2 * medians[0] + GROWTH:
        return False
    least = EVEN * (medians[-1] - medians[0]) / (len(medians) - 1)
    return all(after - before >= least for before, after in itertools.pairwise(medians))


def generator_failed(step: Step) -> bool:
    """Return True if the generator did not send what was due, or not in time."""
    return bool(step["sent"] < SENT * step["due"] or step.get("lag ms", 0) > LAG)


def counts(step: Step) -> bool:
    """Return True if the step shows something about the server."""
    return not generator_failed(step) and bool(step.get("other work", 0) <= OTHER_WORK)


def broken(step: Step) -> str:
    """Return why a load was not carried, or an empty string if it was."""
    if generator_failed(step):
        return "generator"
    for reason in REASONS:
        if step.get(reason):
            return reason
    if step["p99 ms"] > LATE:
        return "late"
    if step.get("behind ms", 0) > LATE:
        return "behind"
    return "queue grows" if step.get("growing") else ""


@dataclass
class Tried:
    """What a try of a load found."""

    reason: str  # empty if it was carried
    disturbed: bool  # True if a step had too much other work, however often it was repeated
    fills: float = math.inf  # the load that would fill the core, by what this one cost


def attempt(measure: Callable[[float], Step], load: float, repeats: int = REPEATS) -> Tried:
    """Measure a load; a step that does not count is repeated, at most `repeats` times."""
    step = measure(load)
    for _ in range(repeats):
        if counts(step):
            break
        step = measure(load)
    disturbed = not counts(step) and not generator_failed(step)
    return Tried(broken(step), disturbed, step.get("fills", math.inf))


@dataclass
class Capacity:
    """The highest load that was carried, and the lowest that was not."""

    carried: float
    broke: float | None  # None if even `highest` was carried
    reason: str
    disturbed: bool


def capacity(try_load: Callable[[float], Tried], first: float, highest: float,
             precision: float = 1.1, lowest: float = 1.0, most: int = 20,
             tries: int = TRIES) -> Capacity:  # fmt: skip
    """Find a capacity: go up or down from `first` until it is bracketed, then bisect.

    Goes up to the load that would fill the core, by what the last one cost: by `precision` at
    least, to twice the last one at most. Goes down in steps that grow from `precision` to 2.

    Ends when the load that broke is at most `precision` times the one that was carried, and that
    one was carried in `tries` tries; or after `most` tries of all loads. A load that breaks in any
    try is not carried. A capacity that the generator limits has the reason "generator": the server
    may carry more.
    """
    times: Counter[float] = Counter()  # how often each load was carried
    carried, broke, reason, disturbed = 0.0, None, "", False
    load, factor = min(first, highest), precision
    for _ in range(most):
        found = try_load(load)
        disturbed |= found.disturbed
        if found.reason:
            broke, reason = load, found.reason
            times = Counter({lower: count for lower, count in times.items() if lower < load})
        else:
            times[load] += 1
        carried = max(times, default=0.0)
        if broke is None:
            full = min(found.fills, 2 * carried)
            load = min(max(math.ceil(carried * precision), full), highest)
        elif not carried:
            load = max(math.floor(broke / factor), lowest) if broke > lowest else 0.0
            factor = min(2.0, factor**2)
        else:  # loads between the bounds are whole, which may make the ratio a little larger
            between = round(math.sqrt(carried * broke))
            load = carried if broke <= carried * precision + 1 else between
        if not load or times[load] >= tries:
            break
    return Capacity(carried, broke, reason, disturbed)


def noise(pairs: Iterable[tuple[float, float]]) -> float:
    """Return the largest ratio between two measurements of the same contestant, at least 1.

    A pair of which one measurement found nothing makes the noise infinite, and is not dropped.
    """
    ratios = [1.0]
    for first, again in pairs:
        low, high = sorted((first, again))
        ratios.append(high / low if low else math.inf if high else 1.0)
    return max(ratios)


def differ(one: float, other: float, noise: float) -> bool:
    """Return True if two numbers differ by more than the noise."""
    low, high = sorted((one, other))
    return high > low * noise
