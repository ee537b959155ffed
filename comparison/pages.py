"""Render every page that shows measured numbers: `python -m comparison.pages [report.json]`.

Writes the verdict of README.md, comparison/REPORT.md with its pictures, the tables of BENCH.md,
docs/SCALING.md and CODE_MAP.md. With a path, that run of `make compare` is copied to
comparison/report.json first.
"""

from pathlib import Path

from comparison import lines, scaling
from comparison.bench import plot, table
from comparison.bench import report as bench_report
from comparison.compare import report
from comparison.compare.answer import answer, choose, comparison_table, sides
from comparison.compare.before import before, moved
from comparison.compare.contest import WORKS
from comparison.compare.numbers import Raw
from comparison.compare.reasons import why
from comparison.compare.rules import terms
from comparison.contestants.definitions import ROOT
from comparison.usage import arguments

README = ROOT / "README.md"
RAW = ROOT / "comparison" / "report.json"


def verdict(raw: Raw) -> str:
    """Return the verdict of README."""
    parts = [
        *report.warnings(raw),
        sides("comparison/"),
        answer(raw, "comparison/"),
        "![CPU time of a delivery by contestant, with the noise of the run]"
        "(comparison/report-push.svg)",
        comparison_table(raw),
        f"µs is CPU time of web and worker, at {WORKS[0].probe:g} people for a delivery, with the "
        f"noise of the run in brackets. {terms(raw, 'comparison/REPORT.md')}",
        moved(raw),
        "### Why",
        f"{why(raw)} [All changes, one after the other](comparison/REPORT.md#why-one-costs-less).",
        "### What to choose",
        choose(raw),
        "### Repeat it",
        "`make compare QUICK=1` takes about 12 minutes, with shorter steps, fewer entries and one "
        "try of each load; `make compare` takes at most 100. Both need Python, make and npm, and a "
        "Linux machine with two cores that do nothing else; PostgreSQL, nginx and Valkey come as "
        "Python wheels. Flask of 2016 takes part if `FLASK_URL` names one that runs. Results are "
        "in `var/compare`; a whole run also renews these pages. "
        "[The report](comparison/REPORT.md) has the method, the limits and every step.",
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts if part)


def publish(raw: Raw) -> None:
    """Replace the committed run, of which the numbers are kept, and render the pages."""
    if RAW.exists():
        raw["before"] = before(raw, report.load(RAW))
    for picture in RAW.parent.glob("report-*.svg"):
        picture.unlink()  # also one of an earlier method
    report.write(raw, RAW.parent)
    README.write_text(lines.between(README.read_text(), "verdict", verdict(raw)))
    print("Written:", RAW, RAW.with_name("REPORT.md"), README)


def render() -> None:
    """Render the pages of the bench from bench.json, and the counts of lines."""
    results = table.load()
    bench_report.write(results)
    plot.draw(results, table.RAW.with_suffix(".svg"))
    scaling.main()
    lines.main()


if __name__ == "__main__":
    (path,) = arguments(__doc__, "report")
    publish(report.load(Path(path or RAW)))
    render()
