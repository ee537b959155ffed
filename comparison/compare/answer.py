"""The verdict in sentences, each computed from the raw numbers of a run."""

import math

from comparison.compare.contest import WORKS
from comparison.compare.method import differ
from comparison.compare.numbers import (
    Raw,
    band,
    carried,
    cost,
    criterion,
    named,
    noise,
    of,
    reason,
    short,
    title,
    tried,
    value,
)
from comparison.compare.rules import services
from comparison.markdown import table

MAIN = ("flask", "flask-tuned", "django-documented", "flack")
UNKNOWN = "?"  # instead of the cheaper entry, where the noise is not known
README_ENTRIES = ("flask-2016", "flask", "flask-threads", "flask-tuned", "django-documented",
                  "flack", "other", "ws")  # fmt: skip


def compared(raw: Raw, one: str, other: str, work: str) -> tuple[str, str] | None:
    """Return which of two entries needs less CPU time for a unit, and both numbers as text.

    The entry is empty if the difference is within the noise, and UNKNOWN if that is not known.
    Return None if one was not measured.
    """
    each = next(found.each for found in WORKS if found.name == work)
    costs = {name: value(raw, name, work) for name in (one, other)}
    if not all(costs.values()):
        return None
    cheap, dear = sorted(costs, key=lambda name: costs[name])
    ratio = costs[dear] / costs[cheap]
    figures = f"{cost(raw, cheap, work)} against {cost(raw, dear, work)} µs"
    if not math.isfinite(noise(raw, work)):
        return UNKNOWN, f"a {each} ({figures})"
    if differ(costs[one], costs[other], noise(raw, work)):
        return cheap, f"a {each} ({figures}, ×{ratio:.1f})"
    return "", f"a {each} ({figures}, within the noise of {band(raw, work)})"


def pair(raw: Raw, one: str, other: str) -> str:
    """Return the comparisons of two entries for all works, or that they were not measured."""
    found: dict[str, list[str]] = {one: [], other: [], "": [], UNKNOWN: []}
    for work in WORKS:
        if result := compared(raw, one, other, work.name):
            found[result[0]].append(result[1])
    starts = {
        one: f"{named(raw, one)} needs less for ",
        other: f"{named(raw, other)} needs less for ",
        "": "no difference for ",
        UNKNOWN: "not decided, because the noise was not measured, for ",
    }
    texts = [starts[name] + ", ".join(each) for name, each in found.items() if each]
    if texts:
        return "; ".join(texts)
    missing = [named(raw, name) for name in (one, other)
               if not any(value(raw, name, work.name) for work in WORKS)]  # fmt: skip
    return f"{' and '.join(missing)} not measured in this run"


def gain(raw: Raw, before: str, after: str) -> str:
    """Return how much less CPU time a delivery needs after than before."""
    left, right = value(raw, before, "push"), value(raw, after, "push")
    if not (left and right):
        return "an unmeasured amount less"
    mark = " †" if "†" in cost(raw, before, "push") + cost(raw, after, "push") else ""
    return f"{left / right:.1f} times less{mark}"


def sides(folder: str = "") -> str:
    """Return what is compared; `folder` is before the links to comparison's pages."""
    contestants = f"{folder}contestants"
    return (
        "**Documented** versions follow the manuals of the libraries "
        f"([Flask]({contestants}/flask/README.md), "
        f"[Django]({contestants}/django_documented/README.md)), **tuned** ones are changed for "
        f"speed ([Flask]({contestants}/flask_tuned/README.md), and this project). All were written "
        "for this comparison, except Flask of 2016, which is the class's own code."
    )


def lines(raw: Raw, folder: str = "") -> list[str]:
    """Return the verdict: five lines."""
    found = of(raw, "push")
    capacities = "; ".join(
        f"{named(raw, name)} {carried(result, with_reason=False)}{broke(result)}"
        for name in MAIN
        if (result := found.get(name))
    )
    highest = WORKS[0].highest
    is_capped = any(found[name]["carried"] == highest for name in MAIN if name in found)
    sizes = "; ".join(f"{named(raw, name)} {size(raw, name)}" for name in MAIN)
    return [
        "**What one core carries** (all of a contestant: web, worker, nginx, Valkey, PostgreSQL), "
        "as the number of people in one room, each of whom receives 10 messages a second: "
        f"{capacities or 'not measured in this run'}."
        + f" {short(highest)} is the most that was tried."
        * is_capped,
        f"**CPU time, both as documented**: {pair(raw, 'flask', 'django-documented')}. Flask's "
        "posts run in Celery, as the class teaches, those of Django in the request.",
        f"**CPU time, both tuned**: {pair(raw, 'flask-tuned', 'flack')}. Tuning alone makes a "
        f"delivery cost Flask {gain(raw, 'flask', 'flask-tuned')} and Django "
        f"{gain(raw, 'django-documented', 'flack')}, so never compare a tuned with a documented "
        "one.",
        "**CPU time, Flask and Python of 2016 against those of today**, both untuned: "
        f"{pair(raw, 'flask-2016', 'flask')}.",
        f"**What it costs**: {sizes}. Private names are undocumented parts of libraries, which an "
        "upgrade may break. Lines are those of Python without tests, at the commit that was "
        "measured; Django as documented shares "
        "the models, Markdown, previews and account rules of this project. The other lines of this "
        "project buy reliability, security and operation that no other contestant has "
        f"([where they go]({folder}CODE_MAP.md#what-the-lines-are-for)). {services(raw)}",
    ]


def size(raw: Raw, name: str) -> str:
    """Return the lines, packages and private names of a contestant, as text."""
    found = raw["contestants"][name]
    privates = found["private names"]
    return (
        f"{found['lines']:,} lines, {found['packages']} packages, "
        f"{privates or 'no'} private name{'s' * (privates != 1)}"
    )


def broke(result: Raw) -> str:
    """Return the load at which an entry broke and the criterion, or an empty string."""
    if not result["broke"]:
        return ""
    tries = tried(result)
    some = f" in {sum(map(bool, tries))} of {len(tries)} tries" * ("" in tries)
    return f" (failed at {short(result['broke'])}{some}: {criterion(reason(result))})"


def spread(raw: Raw, name: str, work: str) -> str:
    """Return the CPU time of a unit with the noise of the run around it.

    Ranges of two entries overlap if their ratio is within the noise.
    """
    found, factor = value(raw, name, work), math.sqrt(noise(raw, work))
    if not found:
        return "–"
    if not math.isfinite(factor):
        return cost(raw, name, work)
    return f"{cost(raw, name, work)} ({short(found / factor)}–{short(found * factor)})"


def comparison_table(raw: Raw) -> str:
    """Return the table of README."""
    rows = []
    for name in README_ENTRIES:
        if any(name in of(raw, work.name) for work in WORKS):
            known = raw["contestants"].get(name, {})
            rows.append([title(raw, name), *(spread(raw, name, work.name) for work in WORKS),
                         carried(of(raw, "push").get(name), with_reason=False),
                         short(value(raw, name, "push", "KiB")),
                         f"{known['lines']:,}" if "lines" in known else "–",
                         known.get("packages", "–"), known.get("private names", "–")])  # fmt: skip
    head = ["Contestant", *(f"µs a {work.each}" for work in WORKS), "people per core",
            "KiB a socket", "lines of Python", "packages", "private names"]  # fmt: skip
    return table(head, rows)


def people(raw: Raw, name: str) -> str:
    """Return how many people a core carries, as text."""
    found = carried(of(raw, "push").get(name), with_reason=False)
    return "a number of people that was not measured" if found == "–" else f"{found} people"


def choose(raw: Raw) -> str:
    """Return what to choose when."""
    few, more, little, most = (people(raw, name) for name in MAIN)
    return (
        "- **Flask when** push is the centre, and you would rather add accounts, admin and "
        f"migrations yourself than take a framework's. As documented it carries {few}, tuned "
        f"{more}.\n"
        "- **Django when** accounts, permissions, admin, migrations and an API with a schema are "
        f"half of the work. With Channels as documented it carries {little}. For more it needs a "
        f"hub like this project's, which carries {most} and uses private names of libraries.\n"
        "- **Neither when** push is nearly all there is: a server that only pushes, beside the "
        "application of your choice, is the least code (`ws` in Node, 20 lines: "
        f"{short(value(raw, 'ws', 'push'))} µs a delivery, without accounts or a database)."
    )


def answer(raw: Raw, folder: str = "") -> str:
    """Return the verdict as a list; `folder` is before the links to comparison's pages."""
    return "\n".join(f"- {line}" for line in lines(raw, folder))
