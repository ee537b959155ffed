"""Write the report from the raw numbers: tables and pictures."""

import json
from pathlib import Path
from typing import Any

from comparison.compare import charts, method
from comparison.compare.answer import answer, choose, sides, terms
from comparison.compare.contest import AGAIN, WORKS
from comparison.compare.numbers import (
    Raw,
    at_the_same_load,
    band,
    carried,
    contenders,
    criterion,
    of,
    short,
    title,
)
from comparison.compare.reasons import DJANGO_CHANGES, FLASK_CHANGES, split, why
from comparison.contestants.definitions import FLOOR
from comparison.markdown import table

REPEAT = """```
make compare                                  # everything, within 100 minutes
make compare QUICK=1                          # about 12 minutes, marked as such
make compare ONLY='^flask push$'              # one part: ENTRY WORK
make compare FLASK_URL=http://127.0.0.1:5000  # also a Flask version of 2016 that runs here
make compare OTHER_URL=http://127.0.0.1:9000 WIRE=json  # also any server that keeps the contract
```

It needs Linux with two cores that do nothing else, Python, make and npm; PostgreSQL, nginx and
Valkey come as wheels. An interrupted run goes on where it ended; `FRESH=1` begins anew. The entries
are `flask`, `flask-threads`, `flask-tuned`, `django-documented` and `flack`, the works `push`,
`poll` and `post`."""
LIMITS = """- One machine, one core for all of a contestant, one room: a server with many cores or
  many rooms behaves otherwise.
- The generator is a program, not browsers; it does not use TLS.
- The authors of this project wrote all contestants and tuned their own longest. Each folder of
  [contestants](contestants) says how it was tuned, and how to propose better.
- Contestants share the contract, not all work: see the
  [deviations that affect speed](DEVIATIONS.md).
- The noise is that of one run, from one or two pairs of measurements: a difference that is a
  little larger than it may be absent in another run.
- Memory is resident memory of web and worker processes, which share pages.
- [BENCH](BENCH.md) measures other requests at other loads, and [SCALING](../docs/SCALING.md) plans
  with 60 % of each core: do not compare their numbers with these."""


NOT_2016 = """Flask, 2016 was not measured in this run. It is the class's tag v0.16 with its own
`requirements.txt`, which needs Python 3.6 or older, PostgreSQL through psycopg2 2.9, and Redis:
`gunicorn -k eventlet -w 1 flack.wsgi` and `celery worker -A flack.celery`, with `DATABASE_URL` and
`CELERY_BROKER_URL` in the environment of both. Pass its URL as `FLASK_URL`."""


def summary(raw: Raw) -> str:
    """Return the table of all contestants."""
    head = ["Entry", *(f"{work.unit}, one core" for work in WORKS)]
    head += [f"µs a {work.each}" for work in WORKS] + ["KiB a socket", "MiB"]
    head += ["start s"] * has_starts(raw) + ["lines", "packages", "processes", "private names"]
    found = {work.name: contenders(raw, work.name) for work in WORKS}
    rows = []
    for name in dict.fromkeys(name for results in found.values() for name in results):
        results = [found[work.name].get(name) for work in WORKS]
        first = next(result for result in results if result)
        size = raw["contestants"].get(name, {})
        row = [title(raw, name), *(carried(each) for each in results)]
        row += [short(each.get("µs")) if each else "–" for each in results]
        row += [short(first.get("KiB")), short(first.get("MiB"))]
        row += [short(first.get("first answer s"))] * has_starts(raw)
        row += [
            f"{size['lines']:,}" if "lines" in size else "–",
            size.get("packages", "–"),
            first["processes"],
        ]
        rows.append([*row, size.get("private names", "–")])
    return table(head, rows)


def has_starts(raw: Raw) -> bool:
    """Return True if the run measured starts without migrations and sign-ups, as older ones did."""
    return any("first answer s" in result for result in raw["results"])


def costs(raw: Raw) -> str:
    """Return the table of the CPU time of a unit, part by part, at the same load."""
    head = ["Work", "Entry", "µs: web and worker", "nginx", "Valkey", "PostgreSQL", "at this load"]
    rows = []
    for work in WORKS:
        for name, result in contenders(raw, work.name).items():
            parts = result.get("µs of") or {}
            rows.append([f"{work.name}: {work.probe:g} {work.unit}", title(raw, name),
                         short(result.get("µs")),
                         *(short(parts.get(part)) for part in ("nginx", "valkey", "postgresql")),
                         at_the_same_load(result)])  # fmt: skip
    return table(head, rows)


def nodes(raw: Raw) -> str:
    """Return the table of two nodes behind nginx, or an empty string if none was measured.

    Runs before their clients were counted are left out: all clients of Flask came to one node.
    """
    results = of(raw, "push")
    rows = [
        [title(raw, name), short(results[name].get("µs")), short(two.get("µs")),
         " and ".join(map(str, clients)), at_the_same_load(two)]
        for name in results
        if (two := results.get(f"{name}, 2 nodes"))
        and (clients := two["steps"][-1].get("clients of nodes"))
    ]  # fmt: skip
    head = ["Entry", "µs a delivery, one node", "two nodes behind nginx", "their clients",
            "at this load"]  # fmt: skip
    return table(head, rows) if rows else ""


def every_step(raw: Raw) -> str:
    """Return the table of all steps, inside `<details>`."""
    head = ["Work", "Entry", "Load", "Result", "p50 ms", "p99 ms", "samples", "µs", "sent of due",
            "other work"]  # fmt: skip
    rows = [
        [result["work"], title(raw, result["entry"]), short(step["load"]),
         criterion(method.broken(step)),
         short(step.get("p50 ms")), short(step.get("p99 ms")), step.get("samples", 0),
         short(step.get("µs")), f"{step['sent']:g} of {step['due']:g}",
         f"{100 * step.get('other work', 0):.0f} %"]
        for result in raw["results"] for step in result["steps"]
    ]  # fmt: skip
    return f"<details><summary>Every step</summary>\n\n{table(head, rows)}\n\n</details>"


def warnings(raw: Raw) -> list[str]:
    """Return what a reader must know before any number."""
    disturbed = sum(result["disturbed"] for result in raw["results"])
    found = []
    if raw["quick"]:
        found.append("> **A quick run**: short steps, one try, coarse bisection. Not a result.\n")
    if disturbed:
        found.append(f"> Other work disturbed {disturbed} of {len(raw['results'])} measurements, "
                     "marked with *.\n")  # fmt: skip
    failed = [title(raw, name) for name, output in raw["checked"].items() if output]
    found += [f"> Not measured, because it does not keep the contract: {name}\n" for name in failed]
    for failure in raw.get("failures", []):
        found.append(f"> Not measured: {failure}\n")
    return found


def markdown(raw: Raw) -> str:
    """Return the report as Markdown."""
    kept = {key: raw[key] for key in ("machine", "cores", "versions", "contestants", "checked")}
    kept["servers by URL"] = {each["entry"]: each["server"] for each in raw["results"]
                              if "server" in each}  # fmt: skip
    parts = [
        "# What each contestant carries",
        "For developers who decide between Flask and Django for a chat with push, or who want to "
        "know where the time goes. `make compare` wrote it from [`report.json`](report.json).",
        *warnings(raw),
        "## The answer",
        sides(),
        answer(raw),
        terms(raw),
        "What would change the answer: another room (many rooms, long messages), more cores for "
        "one contestant, a better tuned contestant, other versions. Run it again for yours.",
        "![What one core carries, and the criterion that broke above it](report-carried.svg)",
        "\n\n".join(f"![CPU time of a {work.each}](report-{work.name}.svg)" for work in WORKS),
        summary(raw),
        "In brackets stands the criterion that broke at the next higher load. MiB is the memory of "
        "web and worker. "
        + "start s is the time from the start of web, worker and nginx, on an empty database whose "
        "tables exist, to the first answer of the API. " * has_starts(raw)
        + "An entry with the word *again* is a contestant measured a second time, which gives the "
        "noise.",
        "## Why one costs less",
        why(raw),
        "From an untuned entry to a tuned one, one change after the other; CPU time of web and "
        "worker at the same load. Each factor is relative to the last line measured above; one "
        "nearer to 1 than the noise is none.",
        "From the Flask version of 2016 by Flask tuned to this project. One subscription a process "
        "is no stage: Flask-SocketIO has that as documented. A change may cost more at this load "
        "and less at a higher one, as joined writes do."
        + " A quick run measures the stages for push only." * raw["quick"],
        split(raw, FLASK_CHANGES),
        "From Django documented to this project:",
        split(raw, DJANGO_CHANGES),
        "Two nodes behind nginx share one core here, so they show what a second node costs, not "
        "what it carries:" if nodes(raw) else "",
        nodes(raw),
        "## What it costs",
        costs(raw),
        "## What to choose",
        choose(raw),
        "## Limits",
        LIMITS,
        "## Method",
        "\n".join(f"- {line}" for line in method_of(raw)),
        "## How to repeat it",
        REPEAT,
        "## Contestants, versions and settings",
        "" if of(raw, "push").get("flask-2016") else NOT_2016,
        f"<details><summary>As JSON</summary>\n\n```json\n"
        f"{json.dumps(kept, indent=1, ensure_ascii=False)}\n```\n\n</details>",
        every_step(raw),
    ]  # fmt: skip
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"


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
        "message or request is due at a fixed time, and its waiting time counts from there.",
        "Carried: no client refused, no request failed, nothing lost or doubled, p99 of all "
        "deliveries (requests) under 1 s, the last one received (stored) less than 1 s after the "
        f"end, and no growing queue, in {plan['tries']} of {plan['tries']} tries of the load that "
        f"is reported. It was found by bisection to a factor of {plan['precision']:g}: a load that "
        "fails in any try is not carried. The criterion that broke above it stands in brackets.",
        growth(plan),
        accounts(plan),
        "A server given by its URL (`FLASK_URL`, `OTHER_URL`) is measured as it runs: its cores "
        "are its owner's choice, its memory is not that of a fresh start, its start is not known, "
        "and there is no nginx before it unless the URL is that of one.",
        "A step in which the generator sent less than 99 %, or late, is never carried. A step with "
        f"more than 5 % of other work is repeated, at most {plan['repeats']} times.",
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
    first = (
        "A growing queue: the median wait of the last quarter of a step is more than twice that of "
        f"the first, by {method.GROWTH:g} ms more"
    )
    if "even" not in plan:  # a run of the method before
        return (
            f"{first}. One delay of 0.6 s that a server at 92 % of its core works off was taken "
            "for that in a third of all steps (of a simulation), so a capacity with this criterion "
            "above it may be too low. Later runs also ask for an even rise."
        )
    return (
        f"{first}, and each quarter adds at least {plan['even']:g} of an even rise. In a "
        "simulation, none of 100 steps of a server at 92 % of its core that was delayed once by "
        "0.6 s is called that, and 98 of 100 steps with 10 % too much load are."
    )


def accounts(plan: Raw) -> str:
    """Return by how many accounts the requests of a step are sent."""
    if "polls of an account" not in plan:  # a run of the method before
        return (
            "20 accounts send all polls and posts, at any rate. Flask as documented writes when an "
            "account was last seen once a second at most, so these polls spare it most of its "
            "writes; Django as documented writes each time. Later runs have more accounts."
        )
    return (
        f"A step has one account for every {plan['polls of an account']:g} polls, or for every "
        f"{plan['posts of an account']:g} post, a second, so each account is seen every second; "
        "Flask as documented then returns each to every poll (D-30). All but one are copies of it "
        "in the database; 20 send everything to a server given by its URL whose database is not "
        "known."
    )


def write(raw: Raw, folder: Path) -> Path:
    """Write the raw numbers, the report and its pictures into a folder; return the report."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n")
    charts.draw(raw, folder)
    report = folder / "REPORT.md"
    report.write_text(markdown(raw))
    return report


def load(path: Path) -> Raw:
    """Return the raw numbers of a run."""
    raw: dict[str, Any] = json.loads(path.read_text())
    return raw
