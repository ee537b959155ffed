"""Read the raw numbers of a run, and write them as text."""

import math
from typing import Any

from comparison.compare import method
from comparison.compare.contest import AGAIN, noises
from comparison.contestants.definitions import FLOOR, STAGES

Raw = dict[str, Any]
Result = dict[str, Any]

# Why a load was not carried, in the words of the report, by the reason that the method gives.
CRITERIA = {
    "late": "p99 over 1 s",
    "behind": "the last one over 1 s late",
    "lost": "messages lost, or over 5 s late",
    "doubled": "messages doubled",
    "refused": "clients refused",
    "errors": "requests failed",
    "queue grows": "its queue grew",
    "generator": "generator's limit",
}
UNTITLED = {"flask-2016": "Flask, 2016 (untuned)", "other": "OTHER_URL (not known if tuned)"}


def short(value: float | None) -> str:
    """Return a number with two or three significant digits, or a dash for none."""
    if value is None:
        return "–"
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{float(f'{value:.2g}'):g}"


def title(raw: Raw, name: str) -> str:
    """Return the title of an entry, which says if it is tuned."""
    if name.endswith(AGAIN):
        return f"{title(raw, name.removesuffix(AGAIN))}, again"
    if ", 2 nodes" in name:
        return f"{title(raw, name.removesuffix(', 2 nodes'))}, 2 nodes"
    return str(raw["contestants"].get(name, {}).get("title", UNTITLED.get(name, name)))


def named(raw: Raw, name: str) -> str:
    """Return the title of an entry as it stands inside a sentence: "Flask as documented"."""
    found = title(raw, name)
    return found.replace(", documented", " as documented").replace(", tuned", " tuned")


def criterion(reason: str) -> str:
    """Return the criterion that broke, in words, or "carried" if none did."""
    return CRITERIA[reason] if reason else "carried"


def carried(result: Result | None, *, with_reason: bool = True) -> str:
    """Return the load that an entry carried, and the criterion that broke above it."""
    if result is None or result["carried"] is None:
        return "–"
    is_bound = result["reason"] in ("", "generator")
    text = f"{'at least ' * is_bound}{short(result['carried'])}{'*' * result['disturbed']}"
    return f"{text} ({criterion(reason(result))})" if with_reason and result["reason"] else text


def tried(result: Result) -> list[str]:
    """Return what broke in each try of the load that was not carried, empty for one that passed."""
    steps = [step for step in result["steps"] if step["load"] == result["broke"]]
    return [method.broken(step) for step in steps if method.counts(step)]


def reason(result: Result) -> str:
    """Return what broke in the last try of the load that was not carried."""
    found = [each for each in tried(result) if each]
    return found[-1] if found else str(result["reason"])


def of(raw: Raw, work: str) -> dict[str, Result]:
    """Return the results of a kind of work, by entry."""
    return {result["entry"]: result for result in raw["results"] if result["work"] == work}


def contenders(raw: Raw, work: str) -> dict[str, Result]:
    """Return the results of a work without those that only explain."""
    return {
        name: result for name, result in of(raw, work).items()
        if name not in STAGES and name != FLOOR.name and "nodes" not in name
    }  # fmt: skip


def at_the_same_load(result: Result) -> str:
    """Return "carried", or the criterion that broke at the load that is the same for all."""
    found: str = result["at the same load"]
    return CRITERIA.get(found, found)


def value(raw: Raw, name: str, work: str, key: str = "µs") -> Any:
    """Return a number (or text) of an entry's measurement, None if it was not measured."""
    return of(raw, work).get(name, {}).get(key)


def cost(raw: Raw, name: str, work: str) -> str:
    """Return the CPU time of a unit, with a dagger if the load was not carried."""
    found = of(raw, work).get(name)
    if found is None:
        return short(None)
    return short(found["µs"]) + " †" * (found["at the same load"] != "carried")


def noise(raw: Raw, work: str, key: str = "µs") -> float:
    """Return the noise of a kind of work; infinite if it was not measured."""
    return noises(raw["results"])[work].get(key, math.inf)


def band(raw: Raw, work: str, key: str = "µs") -> str:
    """Return the noise of a kind of work as text."""
    found = noise(raw, work, key)
    return f"×{found:.2f}" if math.isfinite(found) else "not measured"
