"""Write the report from the raw numbers: tables and pictures."""

import json
from pathlib import Path
from typing import Any

from comparison.compare import charts, method
from comparison.compare.answer import answer, choose, sides
from comparison.compare.before import moved
from comparison.compare.contest import WORKS
from comparison.compare.numbers import (
    Raw,
    at_the_same_load,
    carried,
    contenders,
    criterion,
    of,
    short,
    title,
)
from comparison.compare.reasons import DJANGO_CHANGES, FLASK_CHANGES, split, why
from comparison.compare.rules import LIMITS, method_of, terms
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
NOT_2016 = """Flask, 2016 was not measured in this run. It is the class's tag v0.16 with its own
`requirements.txt`, which needs Python 3.6 or older, PostgreSQL through psycopg2 2.9, and Redis:
`gunicorn -k eventlet -w 1 flack.wsgi` and `celery worker -A flack.celery`, with `DATABASE_URL` and
`CELERY_BROKER_URL` in the environment of both. Pass its URL as `FLASK_URL`."""


def summary(raw: Raw) -> str:
    """Return the table of all contestants."""
    head = ["Entry", *(f"{work.unit}, one core" for work in WORKS)]
    head += [f"µs a {work.each}" for work in WORKS] + ["KiB a socket", "MiB"]
    head += ["start s", "lines", "packages", "processes", "private names"]
    found = {work.name: contenders(raw, work.name) for work in WORKS}
    rows = []
    for name in dict.fromkeys(name for results in found.values() for name in results):
        results = [found[work.name].get(name) for work in WORKS]
        first = next(result for result in results if result)
        size = raw["contestants"].get(name, {})
        row = [title(raw, name), *(carried(each) for each in results)]
        row += [short(each.get("µs")) if each else "–" for each in results]
        row += [short(first.get(key)) for key in ("KiB", "MiB", "first answer s")]
        row += [
            f"{size['lines']:,}" if "lines" in size else "–",
            size.get("packages", "–"),
            first["processes"],
        ]
        rows.append([*row, size.get("private names", "–")])
    return table(head, rows)


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
    """Return the table of two nodes behind nginx, or an empty string if none was measured."""
    results = of(raw, "push")
    rows = [
        [title(raw, name), short(results[name].get("µs")), short(two.get("µs")),
         " and ".join(map(str, clients)), at_the_same_load(two)]
        for name in results
        if (two := results.get(f"{name}, 2 nodes"))
        and (clients := two["steps"][-1]["clients of nodes"])
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
        moved(raw),
        "What would change the answer: another room (many rooms, long messages), more cores for "
        "one contestant, a better tuned contestant, other versions. Run it again for yours.",
        "![What one core carries, and the criterion that broke above it](report-carried.svg)",
        "\n\n".join(f"![CPU time of a {work.each}](report-{work.name}.svg)" for work in WORKS),
        summary(raw),
        "In brackets stands the criterion that broke at the next higher load. MiB is the memory of "
        "web and worker. start s is the time from the start of web, worker and nginx, on an empty "
        "database whose tables exist, to the first answer of the API. An entry with the word "
        "*again* is a contestant measured a second time, which gives the noise.",
        "## Why one costs less",
        why(raw),
        "The tables lead from an untuned entry to a tuned one, change by change; µs are CPU "
        "time of web and worker at the same load. Each factor is relative to the last line "
        "measured above; one nearer to 1 than the noise is none. A stage is measured with what it "
        "changes. Two changes could not be made smaller. To frame a push once for all, Flask needs "
        "a subscription and a send path of its own, and Django all that "
        "[`flack_project/daphne`](../flack_project/daphne) changes. A post that is saved in its "
        "own request asks Celery for its links, and does so only if its html has one.",
        "The first leads from the Flask version of 2016 through Flask tuned to this project. One "
        "subscription a process "
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
