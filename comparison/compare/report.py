"""Write the report from the raw numbers: tables, sentences and pictures."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

from comparison.compare import plots
from comparison.compare.contest import AGAIN, WORKS
from comparison.compare.method import differ

Raw = dict[str, Any]
Result = dict[str, Any]


def table(head: list[str], rows: list[list[Any]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def short(value: float | None) -> str:
    """Return a number with two or three significant digits, or a dash for none."""
    if value is None:
        return "–"
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{float(f'{value:.2g}'):g}"


def title(raw: Raw, name: str) -> str:
    """Return the title of an entry."""
    return str(raw["contestants"].get(name, {}).get("title", name))


def of(raw: Raw, work: str) -> dict[str, Result]:
    """Return the results of a kind of work, by entry."""
    return {result["entry"]: result for result in raw["results"] if result["work"] == work}


def carried(result: Result) -> str:
    """Return what an entry carried, and what broke above that."""
    if not result["reason"]:
        return f"at least {short(result['carried'])}"
    prefix = "at least " if result["reason"] == "generator" else ""
    mark = "*" if result["disturbed"] else ""
    return f"{prefix}{short(result['carried'])}{mark} ({result['reason']})"


def summary(raw: Raw) -> str:
    """Return the table of all entries."""
    head = ["Entry", *(f"{work.unit}, one core" for work in WORKS)]
    head += [f"µs a {work.each}" for work in WORKS] + ["KiB a socket", "start s"]
    head += ["lines", "packages", "processes"]
    found = {work.name: of(raw, work.name) for work in WORKS}
    rows = []
    for name in dict.fromkeys(result["entry"] for result in raw["results"]):
        results = [found[work.name].get(name) for work in WORKS]
        first = next(result for result in results if result)
        size = raw["contestants"].get(name, {})
        row = [title(raw, name), *(carried(each) if each else "–" for each in results)]
        row += [short(each.get("µs")) if each else "–" for each in results]
        row += [short(first.get("KiB")), short(first["start s"])]
        rows.append([*row, size.get("lines", "–"), size.get("packages", "–"), first["processes"]])
    return table(head, rows)


def sentences(raw: Raw) -> list[str]:
    """Return, for each kind of work, the order of the entries, and which differences are noise."""
    found = []
    for work in WORKS:
        results = {name: r for name, r in of(raw, work.name).items() if name != AGAIN}
        noise = raw["noise"].get(work.name, {}).get("carried", math.inf)
        ranked = sorted(results.values(), key=lambda result: -result["carried"])
        for better, worse in itertools.pairwise(ranked):
            names = title(raw, better["entry"]), title(raw, worse["entry"])
            if not differ(better["carried"], worse["carried"], noise):
                found.append(f"{work.name}: {names[0]} and {names[1]} do not differ: the noise of "
                             f"this run is ×{noise:.2f}.")  # fmt: skip
            elif worse["carried"]:
                ratio = better["carried"] / worse["carried"]
                found.append(f"{work.name}: {names[0]} carries {ratio:.1f} times what {names[1]} "
                             "carries.")  # fmt: skip
    return found


def every_step(raw: Raw) -> str:
    """Return the table of all steps, inside `<details>`."""
    head = ["Work", "Entry", "Load", "Result", "p50 ms", "p99 ms", "samples", "µs", "sent of due",
            "other work"]  # fmt: skip
    rows = [
        [result["work"], result["entry"], short(step["load"]), step["broken"] or "carried",
         short(step.get("p50 ms")), short(step.get("p99 ms")), step.get("samples", 0),
         short(step.get("µs")), f"{step['sent']:g} of {step['due']:g}",
         f"{100 * step.get('other work', 0):.0f} %"]
        for result in raw["results"] for step in result["steps"]
    ]  # fmt: skip
    return f"<details><summary>Every step</summary>\n\n{table(head, rows)}\n\n</details>"


def markdown(raw: Raw) -> str:
    """Return the report as Markdown."""
    disturbed = sum(result["disturbed"] for result in raw["results"])
    parts = ["# What each contestant carries\n"]
    if raw["quick"]:
        parts.append("> **A quick run**: short steps, one try, coarse bisection. Not a result.\n")
    if disturbed:
        parts.append(f"> Other work disturbed {disturbed} of {len(raw['results'])} measurements, "
                     "marked with *.\n")  # fmt: skip
    parts += [f"- {sentence}" for sentence in sentences(raw)]
    parts += ["", *(f"![CPU time of a {work.each}](report-{work.name}.svg)\n" for work in WORKS)]
    parts += [summary(raw), "", "## How it was measured\n"]
    parts += [f"- {line}" for line in method_of(raw)]
    parts += ["", "## Contestants, versions and settings\n", "```json"]
    kept = {key: raw[key] for key in ("machine", "cores", "versions", "contestants", "failed")}
    parts += [json.dumps(kept, indent=1, ensure_ascii=False), "```\n", every_step(raw)]
    return "\n".join(parts) + "\n"


def method_of(raw: Raw) -> list[str]:
    """Return the method, in one sentence for each rule."""
    plan = raw["plan"]
    noise = ", ".join(
        f"{work} ×{found['carried']:.2f} carried and ×{found['µs']:.2f} µs"
        for work, found in raw["noise"].items()
    )
    return [
        f"Measured from {raw['began']} to {raw['ended']}; {raw['cores']}.",
        f"Each step: {plan['warm_up']:g} s of warm-up, then {plan['seconds']:g} s, open loop: a "
        "message or request is due at a fixed time, and its waiting time counts from there.",
        f"Carried: p99 of all deliveries under 1 s, nothing lost, doubled or refused, no growing "
        f"queue, in {plan['tries']} of {plan['tries']} tries. Found by bisection to a factor of "
        f"{plan['precision']:g}.",
        "A step in which the generator sent less than 99 %, or late, is never carried. A step with "
        f"more than 5 % of other work is repeated, at most {plan['repeats']} times.",
        "µs is CPU time of web and workers at the same load for all. One core carries all of a "
        "contestant: web, worker, nginx, Valkey and PostgreSQL.",
        f"Noise, the same contestant twice: {noise or 'not measured'}.",
    ]


def write(raw: Raw, folder: Path) -> Path:
    """Write the raw numbers, the report and its pictures into a folder; return the report."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n")
    for work in WORKS:
        values = {name: r["µs"] for name, r in of(raw, work.name).items() if r["µs"]}
        noise = raw["noise"].get(work.name, {}).get("µs", 1.0)
        text = f"CPU time of a {work.each}, µs (noise ×{noise:.2f})"
        plots.bars(text, values, noise if math.isfinite(noise) else 1.0,
                   folder / f"report-{work.name}.svg")  # fmt: skip
    report = folder / "REPORT.md"
    report.write_text(markdown(raw))
    return report
