"""Read the raw numbers of a run, and write numbers and tables."""

import math
from typing import Any

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
    if name == "flask-2016":
        return "Flask, 2016"
    return str(raw["contestants"].get(name, {}).get("title", name))


def of(raw: Raw, work: str) -> dict[str, Result]:
    """Return the results of a kind of work, by entry."""
    return {result["entry"]: result for result in raw["results"] if result["work"] == work}


def value(raw: Raw, name: str, work: str, key: str = "µs") -> Any:
    """Return a number (or text) of an entry's measurement, None if it was not measured."""
    return of(raw, work).get(name, {}).get(key)


def noise(raw: Raw, work: str, key: str = "µs") -> float:
    """Return the noise of a kind of work; infinite if it was not measured."""
    return float(raw["noise"].get(work, {}).get(key, math.inf))
