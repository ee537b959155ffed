"""The verdict in sentences, each computed from the raw numbers of a run."""

import math

from comparison.compare.contest import WORKS
from comparison.compare.method import differ
from comparison.compare.numbers import Raw, noise, of, short, table, title, value

README_ENTRIES = ("flask-2016", "flask", "flask-threads", "flask-tuned", "django-documented",
                  "flack", "other", "ws")  # fmt: skip


def compared(raw: Raw, one: str, other: str, work: str) -> str:
    """Return how the CPU time of a unit of two entries compares, or an empty string."""
    each = next(found.each for found in WORKS if found.name == work)
    left, right = value(raw, one, work), value(raw, other, work)
    if not left or not right:
        return ""
    figures = f"{short(left)} and {short(right)} µs a {each}"
    for name in (one, other):
        if (reason := value(raw, name, work, "at the same load")) != "carried":
            figures += f"; {title(raw, name)} did not carry this load: {reason}"
    band = noise(raw, work)
    if not differ(left, right, band):
        known = f"within the noise of ×{band:.2f}" if math.isfinite(band) else "noise not measured"
        return f"no difference in a {each} ({figures}; {known})"
    cheaper, ratio = (one, right / left) if left < right else (other, left / right)
    return f"{title(raw, cheaper)} needs {ratio:.1f} times less for a {each} ({figures})"


def pair(raw: Raw, one: str, other: str) -> str:
    """Return the comparisons of two entries for all works, or that they were not measured."""
    found = [text for work in WORKS if (text := compared(raw, one, other, work.name))]
    names = f"{title(raw, one)} and {title(raw, other)}"
    return "; ".join(found) if found else f"{names} were not measured in this run"


def gain(raw: Raw, before: str, after: str) -> str:
    """Return how much less CPU time a push needs after than before."""
    left, right = value(raw, before, "push"), value(raw, after, "push")
    return f"×{left / right:.1f}" if left and right else "not measured"


def lines(raw: Raw, folder: str = "") -> list[str]:
    """Return the verdict: five lines."""
    sizes = ", ".join(
        f"{title(raw, name)} {raw['contestants'][name]['lines']:,}"
        for name in ("flask", "flask-tuned", "django-documented", "flack")
    )
    age = pair(raw, "flask-2016", "flask")
    return [
        f"**As their documentation teaches them**: {pair(raw, 'flask', 'django-documented')}.",
        f"**Both tuned with the same ideas**: {pair(raw, 'flask-tuned', 'flack')}.",
        "**What tuning brings to a push**: from documented to tuned, Flask "
        f"{gain(raw, 'flask', 'flask-tuned')} and Django "
        f"{gain(raw, 'django-documented', 'flack')}; never compare a tuned with a documented one.",
        f"**Ten years of Python and libraries**: {age}.",
        f"**What it costs in lines of Python**: {sizes}. This project's also buy reliability, "
        "security and operation that no other contestant has "
        f"([where they go]({folder}CODE_MAP.md#what-the-lines-are-for)).",
    ]


def spread(raw: Raw, name: str, work: str) -> str:
    """Return the CPU time of a unit with the noise of the run around it."""
    found, band = value(raw, name, work), noise(raw, work)
    if not found:
        return "–"
    mark = "" if value(raw, name, work, "at the same load") == "carried" else " †"
    if not math.isfinite(band):
        return short(found) + mark
    return f"{short(found)}{mark} ({short(found / band)}–{short(found * band)})"


def comparison_table(raw: Raw) -> str:
    """Return the table of README."""
    rows = []
    for name in README_ENTRIES:
        if any(name in of(raw, work.name) for work in WORKS):
            size = raw["contestants"].get(name, {})
            people = value(raw, name, "push", "carried")
            rows.append([title(raw, name), *(spread(raw, name, work.name) for work in WORKS),
                         short(people), short(value(raw, name, "push", "KiB")),
                         size.get("lines", "–"), size.get("packages", "–")])  # fmt: skip
    head = ["", *(f"µs a {work.each}" for work in WORKS), "people a core carries", "KiB a socket",
            "lines", "packages"]  # fmt: skip
    return table(head, rows)


def people(raw: Raw, name: str) -> str:
    """Return how many people a core carries, as text."""
    found = value(raw, name, "push", "carried")
    return f"{short(found)} people" if found else "a number of people that was not measured"


def choose(raw: Raw) -> str:
    """Return what to choose when."""
    few, many, most = (people(raw, name) for name in ("flask", "django-documented", "flack"))
    return (
        f"- **Flask when** a room stays below {few} a core at 10 messages a second, you want to "
        "read every line that runs, push is the centre, and you add accounts, admin and migrations "
        "yourself.\n"
        "- **Django when** accounts, permissions, admin, migrations and an API with a schema are "
        f"half of the work. With Channels as documented, plan {many} a core; with a hub like this "
        f"project's {most}.\n"
        "- **Neither when** push is nearly all there is: a server that only pushes, beside the "
        "application of your choice, is the least code (`ws` in Node, 30 lines: "
        f"{short(value(raw, 'ws', 'push'))} µs a delivery, without accounts or a database)."
    )


def answer(raw: Raw, folder: str = "") -> str:
    """Return the verdict as a list; `folder` is before the links to comparison's pages."""
    return "\n".join(f"- {line}" for line in lines(raw, folder))
