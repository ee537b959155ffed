"""Keep the results as JSON, and show them in comparison/BENCH.md."""

import json

from comparison.bench import targets
from comparison.bench.table import RAW, REPORT, Results, fill, machine, pythons, works


def store(results: Results) -> None:
    """Keep the raw numbers, with a line about their run, and update the tables of the report."""
    RAW.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    write(results, machine(results))


def write(results: Results, line: str = "") -> None:
    """Update the tables of the report; without a line about the run, keep the one that is there."""
    line = line or REPORT.read_text().partition("<!-- bench -->\n")[2].partition("\n")[0]
    fill("bench", f"{line}\n\n{works(results)}\n\n{targets.table(results)}")
    fill("missed", targets.missed(results))
    fill("pythons", pythons(results))
