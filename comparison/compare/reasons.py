"""Why one costs less: the stages from an untuned entry to a tuned one, computed from a run."""

from typing import Any

from comparison.compare.contest import WORKS
from comparison.compare.method import Step
from comparison.compare.numbers import Raw, Result, cost, noise, of, short, title, value
from comparison.contestants.definitions import DJANGO_STAGES, FLASK_STAGES
from comparison.markdown import table

# What each entry changes of the one before it, from an untuned one to a tuned one.
FLASK_CHANGES = {
    "flask-2016": "–",
    "flask": "age: Python and libraries of today",
    **{name: stage.change for name, stage in FLASK_STAGES.items()},
    "flask-tuned": "the rest: markdown-it-py and nh3, no reading after a commit, pool, collector",
    "flack": "the framework: Django, and what only this project does",
}
DJANGO_CHANGES = {
    "django-documented": "–",
    **{name: stage.change for name, stage in DJANGO_STAGES.items()},
    "flack": "the rest: joined writes, faster requests, and what only this project does",
}


def why(raw: Raw) -> str:
    """Return what makes one cheaper than another, and which changes made a delivery cheapest."""
    no_tuning = ("flask-2016", "flack")
    today = {name: change for name, change in FLASK_CHANGES.items() if name not in no_tuning}
    return (
        "As documented, Channels hands a copy of each message to the consumer of each open page, "
        "which serialises and frames it again. Flask-SocketIO serialises it once a process, and "
        "only frames it again for each page. Tuned, both do each once a process. Of the changes "
        "on the way there, these reduced the cost of a delivery most in Flask: "
        f"{strongest(raw, today)}; and in Django: {strongest(raw, DJANGO_CHANGES)}. *Serialised* "
        "is turned into JSON, *framed* is packed for the WebSocket; what is framed once is also "
        "written past the queues of the library. A post of Flask as documented "
        f"goes through Celery, and that of the tuned one does not.{shares(raw)}{at_the_limit(raw)}"
    )


def shares(raw: Raw) -> str:
    """Return what one more page, and the post of its message, cost each tuned version, about."""
    found = []
    for name, side in (("flask-tuned", "Flask"), ("flack", "Django")):
        result = of(raw, "push").get(name, {})
        if not ((high := at_most(result)) and result["µs"]):
            return ""
        low, load, cost = WORKS[0].probe, high[-1]["load"], high[-1]["µs"]
        page = (cost * load - result["µs"] * low) / (load - low)
        post = (result["µs"] - page) * low
        if min(page, post) <= 0:  # joined writes save more than a page costs
            return ""
        loads = f"{low:g} and {short(load)} people"
        found.append(f"{short(page)} and {short(post)} µs in {side} ({loads})")
    return (
        " A delivery has a share of the post of its message. Two loads tell one more page and the "
        f"post apart, about: {'; '.join(found)}."
    )


def at_the_limit(raw: Raw) -> str:
    """Return the cost of a delivery at the most people that each tuned version carried."""
    found = [
        f"{short(steps[-1]['µs'])} µs at {short(steps[-1]['load'])} people in {side}"
        for name, side in (("flask-tuned", "Flask"), ("flack", "Django"))
        if (steps := at_most(of(raw, "push").get(name, {})))
    ]
    if len(found) < 2:
        return ""
    return (
        " At high loads a process writes several messages together, and more pages share the post "
        "of a message, so a delivery costs less: "
        f"{' and '.join(found)}, the most that each carried."
    )


def at_most(result: Result) -> list[Step]:
    """Return the steps with the highest load that was carried, if that is above the probe."""
    carried = result.get("carried") or 0
    steps = [step for step in result.get("steps", []) if step["load"] == carried and step.get("µs")]
    return steps if carried > WORKS[0].probe else []


def strongest(raw: Raw, changes: dict[str, str]) -> str:
    """Return the two changes with the smallest factors for a delivery, beyond the noise.

    "The rest", which is more than one change, is none of them.
    """
    factors: list[tuple[float, str]] = []
    before = None
    for name, change in changes.items():
        now = value(raw, name, "push")
        kind, _, text = change.partition(": ")
        is_lower = now and before and now * noise(raw, "push") < before
        if is_lower and kind != "the rest":
            factors.append((now / before, text))
        before = now or before
    best = [f"{change} (×{factor:.2f})" for factor, change in sorted(factors)[:2]]
    return " and ".join(best) or "none beyond the noise"


def split(raw: Raw, changes: dict[str, str]) -> str:
    """Return the table of the stages from an untuned entry to a tuned one."""
    rows: list[list[Any]] = []
    last: dict[str, float | None] = {}
    for name, changed in changes.items():
        row = [changed, title(raw, name)]
        for work in WORKS:
            now = value(raw, name, work.name)
            before = last.get(work.name)
            ratio = f" (×{now / before:.2f})" if now and before else ""
            row.append(cost(raw, name, work.name) + ratio)
            last[work.name] = now or before
        rows.append(row)
    return table(["What changed", "Entry", *(f"µs a {work.each}" for work in WORKS)], rows)
