"""The verdict in sentences, each computed from the raw numbers of a run."""

import math

from comparison.compare.contest import WORKS
from comparison.compare.method import differ
from comparison.compare.numbers import (
    Raw,
    carried,
    noise,
    of,
    short,
    title,
    value,
)
from comparison.markdown import table

MAIN = ("flask", "flask-tuned", "django-documented", "flack")
README_ENTRIES = ("flask-2016", "flask", "flask-threads", "flask-tuned", "django-documented",
                  "flack", "other", "ws")  # fmt: skip


def compared(raw: Raw, one: str, other: str, work: str) -> tuple[str, str] | None:
    """Return which of two entries needs less CPU time for a unit, and both numbers as text.

    The entry is empty if the difference is within the noise. Return None if one was not measured.
    """
    each = next(found.each for found in WORKS if found.name == work)
    costs = {name: value(raw, name, work) for name in (one, other)}
    if not all(costs.values()):
        return None
    cheap, dear = sorted(costs, key=lambda name: costs[name])
    band, ratio = noise(raw, work), costs[dear] / costs[cheap]
    figures = f"{cost(raw, cheap, work)} against {cost(raw, dear, work)} µs"
    if differ(costs[one], costs[other], band):
        return cheap, f"a {each} ({figures}, ×{ratio:.1f})"
    known = f"within the noise of ×{band:.2f}" if math.isfinite(band) else "noise not measured"
    return "", f"a {each} ({figures}, {known})"


def cost(raw: Raw, name: str, work: str) -> str:
    """Return the CPU time of a unit, with a dagger if the load was not carried."""
    mark = "" if value(raw, name, work, "at the same load") == "carried" else " †"
    return short(value(raw, name, work)) + mark


def pair(raw: Raw, one: str, other: str) -> str:
    """Return the comparisons of two entries for all works, or that they were not measured."""
    found: dict[str, list[str]] = {one: [], other: [], "": []}
    for work in WORKS:
        if result := compared(raw, one, other, work.name):
            found[result[0]].append(result[1])
    parts = [
        f"{title(raw, name)} needs less for " if name else "no difference for " for name in found
    ]
    texts = [
        part + ", ".join(each) for part, each in zip(parts, found.values(), strict=True) if each
    ]
    if texts:
        return "; ".join(texts)
    missing = [title(raw, name) for name in (one, other)
               if not any(value(raw, name, work.name) for work in WORKS)]  # fmt: skip
    return f"{' and '.join(missing)} not measured in this run"


def gain(raw: Raw, before: str, after: str) -> str:
    """Return how much less CPU time a delivery needs after than before."""
    left, right = value(raw, before, "push"), value(raw, after, "push")
    return f"{left / right:.1f} times less" if left and right else "an unmeasured amount less"


def lines(raw: Raw, folder: str = "") -> list[str]:
    """Return the verdict: five lines."""
    capacities = "; ".join(
        f"{title(raw, name)} {carried(result, with_reason=False)}"
        for name in MAIN
        if (result := of(raw, "push").get(name))
    )
    sizes = "; ".join(f"{title(raw, name)} {raw['contestants'][name]['lines']:,}" for name in MAIN)
    return [
        "**What one core carries**, in people of a room in which each receives 10 messages a "
        f"second: {capacities or 'not measured in this run'}.",
        f"**CPU time, both as documented**: {pair(raw, 'flask', 'django-documented')}.",
        f"**CPU time, both tuned**: {pair(raw, 'flask-tuned', 'flack')}. Tuning alone makes a "
        f"delivery cost Flask {gain(raw, 'flask', 'flask-tuned')} and Django "
        f"{gain(raw, 'django-documented', 'flack')}, so never compare a tuned with a documented "
        "one.",
        "**CPU time, ten years of Python and libraries**, both untuned: "
        f"{pair(raw, 'flask-2016', 'flask')}.",
        f"**What it costs in lines of Python**: {sizes}. The lines of this project also buy "
        "reliability, security and operation that no other contestant has "
        f"([where they go]({folder}CODE_MAP.md#what-the-lines-are-for)).",
    ]


def spread(raw: Raw, name: str, work: str) -> str:
    """Return the CPU time of a unit with the noise of the run around it."""
    found, band = value(raw, name, work), noise(raw, work)
    if not found:
        return "–"
    if not math.isfinite(band):
        return cost(raw, name, work)
    return f"{cost(raw, name, work)} ({short(found / band)}–{short(found * band)})"


def comparison_table(raw: Raw) -> str:
    """Return the table of README."""
    rows = []
    for name in README_ENTRIES:
        if any(name in of(raw, work.name) for work in WORKS):
            size = raw["contestants"].get(name, {})
            rows.append([title(raw, name), *(spread(raw, name, work.name) for work in WORKS),
                         carried(of(raw, "push").get(name), with_reason=False),
                         short(value(raw, name, "push", "KiB")),
                         short(size.get("lines")), size.get("packages", "–")])  # fmt: skip
    head = ["Contestant", *(f"µs a {work.each}" for work in WORKS), "people a core carries",
            "KiB a socket", "lines of Python", "packages"]  # fmt: skip
    return table(head, rows)


def people(raw: Raw, name: str) -> str:
    """Return how many people a core carries, as text."""
    found = carried(of(raw, "push").get(name), with_reason=False)
    return "a number of people that was not measured" if found == "–" else f"{found} people"


def choose(raw: Raw) -> str:
    """Return what to choose when."""
    few, more, little, most = (people(raw, name) for name in MAIN)
    return (
        "The numbers are people a core in one room, at 10 messages a second.\n\n"
        f"- **Flask when** you want to read every line that runs, push is the centre, and you add "
        f"accounts, admin and migrations yourself. As documented it carries {few}, tuned {more}.\n"
        "- **Django when** accounts, permissions, admin, migrations and an API with a schema are "
        f"half of the work. With Channels as documented it carries {little}, tuned with a hub like "
        f"this project's {most}.\n"
        "- **Neither when** push is nearly all there is: a server that only pushes, beside the "
        "application of your choice, is the least code (`ws` in Node, 20 lines: "
        f"{short(value(raw, 'ws', 'push'))} µs a delivery, without accounts or a database)."
    )


def answer(raw: Raw, folder: str = "") -> str:
    """Return the verdict as a list; `folder` is before the links to comparison's pages."""
    return "\n".join(f"- {line}" for line in lines(raw, folder))
