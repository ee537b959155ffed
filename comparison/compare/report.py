"""Write the report from the raw numbers and the prose in `report.md`."""

import json
from pathlib import Path
from string import Template
from typing import Any

from comparison.compare import plots, tables
from comparison.compare.results import Step, distinct, some
from comparison.compare.tables import UNITS

FOLDER = Path(__file__).resolve().parent.parent
RAW = FOLDER / "report.json"
REPORT = FOLDER / "REPORT.md"
PROSE = Path(__file__).parent / "report.md"
QUIET = 0.2  # cores


def write() -> None:
    """Write the report and its pictures."""
    raw = json.loads(RAW.read_text())
    for step, unit in UNITS.items():
        plots.draw(some(raw["steps"], step=step), unit, FOLDER / picture(step))
    REPORT.write_text(markdown(raw))


def picture(step: str) -> str:
    """Return the file name of a step's picture."""
    return f"report-{step.lower().replace(' ', '-')}.svg"


def markdown(raw: dict[str, Any]) -> str:
    """Return the report as Markdown."""
    steps: list[Step] = raw["steps"]
    return Template(PROSE.read_text()).substitute(
        unsent=sent_too_little(raw),
        machine=tables.facts(raw["machine"]),
        versions=tables.facts(raw["versions"]),
        processes=tables.processes(raw["processes"]),
        began=raw["began"],
        other=" ".join(remarks(raw)),
        ended=raw["ended"],
        repeats=raw["repeats"],
        seconds=f"{raw['seconds']:g}",
        carried=tables.carried_table(steps),
        null=tables.null_table(steps),
        queries=tables.queries_table(raw["queries"]),
        lessons=tables.lessons_table(raw["lessons"]),
        **{
            step.lower().replace(" ", "_"): "\n\n".join(
                tables.details(some(steps, step=step, arrangement=arrangement), arrangement)
                for arrangement in distinct(some(steps, step=step), "arrangement")
            )
            for step in UNITS
        },
    )


def remarks(raw: dict[str, Any]) -> list[str]:
    """Return the remarks about a run, which stand before its numbers."""
    single = "This run had one repeat, so it shows no spread."
    found = [other_work(raw["other work"]), raw.get("note"), single if raw["repeats"] < 2 else ""]
    for again in raw.get("again", []):
        found.append(
            f"These ladders were measured again, {again['repeats']} times with "
            f"{again['seconds']:g} s per step, from {again['began']} to {again['ended']}: "
            f"{', '.join(again['ladders'])}. " + other_work(again["other work"])
        )
    return [text for text in found if text]


def sent_too_little(raw: dict[str, Any]) -> str:
    """Return a sentence on the steps that sent less than 99 % of their load."""
    short = [
        step
        for step in raw["steps"]
        if step["sent"] < 0.99 * raw["seconds"] * float(step["rung"].split()[-1].removesuffix("/s"))
    ]
    carried = some(short, broken="")
    return (
        f"In {len(short)} of {len(raw['steps'])} steps it sent less than 99 % of the load, and "
        f"{len(carried)} of these count as carried"
    )


def other_work(cores: float | None) -> str:
    """Return a sentence about other work on the machine; `cores` is None if not measured."""
    if cores is not None and cores < QUIET:
        return "No other work ran on the machine."
    busy = "" if cores is None else f" and kept {cores:.1f} cores busy at the start"
    return (
        f"**Other work ran on the machine{busy}.** All waiting times below include it, and a quiet "
        "machine carries more. Contestants that took turns can be compared, within the noise shown "
        "below."
    )
