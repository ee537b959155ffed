"""The report, from the raw numbers beside it and the prose of `report.md`."""

import json
from pathlib import Path
from string import Template
from typing import Any

from comparison.compare import plots, tables
from comparison.compare.results import Step, carried, distinct, some
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
    """Return the report."""
    steps: list[Step] = raw["steps"]
    return Template(PROSE.read_text()).substitute(
        answer=answer(steps, raw["machine"]),
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
    """Return what has to be known of this run before its numbers."""
    single = "One repeat shows no spread: longer runs are to replace it."
    found = [other_work(raw["other work"]), raw.get("note"), single if raw["repeats"] < 2 else ""]
    for again in raw.get("again", []):
        found.append(
            f"Climbed again, {again['repeats']} times with {again['seconds']:g} s a step, from "
            f"{again['began']} to {again['ended']}: {', '.join(again['ladders'])}. "
            + other_work(again["other work"])
        )
    return [text for text in found if text]


def answer(steps: list[Step], machine: dict[str, str]) -> str:
    """Return what load each version carries, in the talk's own steps."""

    def several(step: str) -> str:
        parts = []
        for arrangement in distinct(some(steps, step=step), "arrangement"):
            flask, django = both(steps, step, arrangement)
            nodes = arrangement.removesuffix(" behind nginx")
            parts.append(f"{nodes}: Flask {flask}, Django {django}")
        return "; ".join(parts)

    polls, posts = both(steps, "One server", "1 node"), both(steps, "With Celery", "1 node")
    return (
        f"On this machine ({machine['processor']}) and within one second for 99 of 100, "
        f"**one server** carries {polls[0]} requests a second of pages that poll with Flask and "
        f"{polls[1]} with Django (a page sends two a second); **several behind nginx** carry, "
        f"{several('Several behind nginx')}; **with Celery** one server takes and stores "
        f"{posts[0]} posts a second with Flask and {posts[1]} with Django; **with push** messages "
        f"reach their last reader at so many deliveries a second: {several('With push')}. Medians "
        "of the repeats, with the least and the most in brackets."
    )


def both(steps: list[Step], step: str, arrangement: str) -> tuple[str, str]:
    """Return what the Flask version and this one carry."""
    ladder = some(steps, step=step, arrangement=arrangement)
    return str(carried(ladder, "Flask")), str(carried(ladder, "Django"))


def other_work(cores: float | None) -> str:
    """Say what else the machine did, if that is known."""
    if cores is not None and cores < QUIET:
        return "Nothing else ran on the machine."
    busy = "" if cores is None else f" and kept {cores:.1f} cores busy as it began"
    return (
        f"**Other work ran beside it{busy}**, so every time of waiting below is also that of the "
        "other work, and what is carried is less than a quiet machine carries. What took turns can "
        "be compared, within the noise shown below."
    )
