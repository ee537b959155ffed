"""The words of the verdict, the method of a run and its limits."""

from comparison.compare import method
from comparison.compare.contest import AGAIN, WORKS
from comparison.compare.numbers import Raw, band, named, of, title
from comparison.compare.sides import PEOPLE
from comparison.contestants.definitions import FLOOR

MEASURED = "api chat comparison flack_project requirements.txt"  # where the contestants stand

LIMITS = f"""- One machine, one core for all of a contestant, one room: a server with many cores or
  many rooms behaves otherwise.
- The generator is a program, not browsers; it does not use TLS.
- The authors of this project wrote all contestants but Flask of 2016, and tuned their own longest.
  The README of each folder in [contestants](contestants) describes how it was tuned, what was not
  tried, and how to propose better. Flask tuned may have 250 lines more than Flask documented; this
  project, which had to be a product too, has no such limit.
- Both Django versions render Markdown by the renderer of this project (markdown-it-py and nh3),
  Flask tuned by the same libraries, the other Flask versions as the class does (Markdown and
  bleach).
- Contestants share the contract, not all work: see the
  [deviations that affect speed](DEVIATIONS.md).
- The contestants may have changed since this run: `git log COMMIT.. -- {MEASURED}`
  with the commit below lists how. Packages of Django as documented are those of this project.
- The noise is that of one run, from one or two pairs of measurements. Another run, on another day
  or machine, moves the numbers further: a difference that is a little larger than the noise may
  be absent there.
- Memory is resident memory of web and worker processes, which share pages.
- [BENCH](BENCH.md) measures other requests at other loads, and [SCALING](../docs/SCALING.md) plans
  with 60 % of each core: do not compare their numbers with these."""


def terms(raw: Raw, page: str = "") -> str:
    """Return what the words and signs of the verdict mean; `page` is that of the method."""
    plan = raw["plan"]
    return (
        "A **delivery** is one message to one open page, and its cost includes its share of the "
        "post of that message; a **poll** is one of the two requests that a "
        "page of the class sends each second until it has push, a **post** one new message over "
        f"HTTP. **Carried** means that in {plan['tries']} of {plan['tries']} tries of "
        f"{plan['seconds']:g} s no client was refused, no request failed, nothing was lost or "
        "doubled, 99 of 100 deliveries took less than a second, the last one came less than a "
        f"second after the end, and [the queue did not grow]({page}#method). **†** marks a cost at "
        "a load that was not carried; if the server fell behind already in the "
        f"{plan['warm_up']:g} s of warm-up, it is the cost of the warm-up. **Noise** is the "
        "largest ratio between two measurements of one contestant in the same run; where the "
        "ranges in brackets overlap, the difference is no larger than that."
    )


def services(raw: Raw) -> str:
    """Return what all were measured with, and what differs for a server given by its URL."""
    results = of(raw, "push")
    given = " and ".join(named(raw, name) for name in results if "server" in results[name])
    return (
        f"All but `{FLOOR.name}` use Celery, and all were measured with the same nginx, Valkey and "
        "PostgreSQL"
        + f", except {given}, which has Redis and PostgreSQL of its own" * bool(given)
        + "."
    )


def method_of(raw: Raw) -> list[str]:
    """Return the method, in one sentence for each rule."""
    plan = raw["plan"]
    bands = "; ".join(
        f"{work.name} {band(raw, work.name, 'carried')} of what is carried, "
        f"{band(raw, work.name)} of µs"
        for work in WORKS
    )
    pairs = dict.fromkeys(title(raw, each["entry"]) for each in raw["results"]
                          if each["entry"].endswith(AGAIN))  # fmt: skip
    return [
        f"Measured from {raw['began']} to {raw['ended']} at commit {raw['code'] or 'unknown'}; "
        f"{raw['cores']}.",
        f"Each step: {plan['warm_up']:g} s of warm-up, then {plan['seconds']:g} s, open loop: a "
        "message or request is due at a fixed time, and its waiting time counts from there. A load "
        "of pushes that is not delivered in the warm-up is not measured further: its figures are "
        f"those of the {plan['warm_up']:g} s.",
        "Carried: no client refused, no request failed, nothing lost or doubled, p99 of all "
        "deliveries (requests) under 1 s, the last one received (stored) less than 1 s after the "
        f"end, and no growing queue, in {plan['tries']} of {plan['tries']} tries of the load that "
        f"is reported. It was found by bisection to a factor of {plan['precision']:g}: a load that "
        "fails in any try is not carried. The criterion that broke above it stands in brackets.",
        growth(plan),
        accounts(plan),
        "A server given by its URL (`FLASK_URL`, `OTHER_URL`) is measured as it runs, behind the "
        "nginx of this comparison: its cores are its owner's choice, its memory is not that of a "
        "fresh start, its start is not known, and its Redis and PostgreSQL are its own.",
        "A step in which the generator sent less than 99 %, or late, is never carried. A step with "
        f"other work on more than {100 * method.OTHER_WORK:g} % of all cores is repeated, at most "
        f"{plan['repeats']} times. With thousands of clients the kernel does some of it.",
        f"The messages come from {PEOPLE} of the people in the room, who receive them too. Only "
        "these are signed in: the others are anonymous and send nothing, so the pings by which a "
        "page keeps its user online are not measured.",
        "µs is CPU time of web and workers at the same load for all. One core carries all of a "
        "contestant: web, worker, nginx, Valkey and PostgreSQL.",
        "Before anything is measured, each contestant passes the shared rows of the contract "
        f"suite. `{FLOOR.name}` is no contestant: it has no users, no database and no checks.",
        f"Noise, the largest ratio of two measurements of one contestant ({'; '.join(pairs)}): "
        f"{bands}. A smaller difference is called none. What is carried has no noise if both "
        "carried the most that is tried.",
    ]  # fmt: skip


def growth(plan: Raw) -> str:
    """Return when a queue is called a growing one, and how sure that is."""
    return (
        "A growing queue: the median wait of the last quarter of a step is more than "
        f"{method.GROWTH:g} ms above twice that of the first, and each quarter rises by at least "
        f"{plan['even']:g} of the average rise. In a simulation, none of 100 steps of a server at "
        "92 % of its core that was delayed once by 0.6 s is called that, and 98 of 100 steps with "
        "10 % too much load are."
    )


def accounts(plan: Raw) -> str:
    """Return by how many accounts the requests of a step are sent."""
    return (
        f"A step has one account for every {plan['polls of an account']:g} polls, or for every "
        f"{plan['posts of an account']:g} post, a second, so each account is seen every second; "
        "Flask as documented then returns each to every poll "
        "([D-30](DEVIATIONS.md#d-30-being-seen-is-not-a-change)). All but one are copies of it in "
        f"the database. If the database of a server given by its URL is not known, {PEOPLE} "
        "accounts send everything."
    )
