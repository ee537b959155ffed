"""The list of deviations matches the contract suite."""

import ast
import re
from collections import defaultdict
from pathlib import Path

COMPARISON = Path(__file__).parents[2] / "comparison"
LIST = (COMPARISON / "DEVIATIONS.md").read_text()
FIELDS = ["Flask", "Here", "Why", "Shown by"]


def listed() -> dict[str, dict[str, str]]:
    """Return the fields of each deviation in the list, by id."""
    field = re.compile(r"^- \*\*(.+?):\*\* (.+?)(?=^- |\Z)", re.MULTILINE | re.DOTALL)
    sections = [section.partition("\n## ")[0] for section in LIST.split("\n### ")[1:]]
    return {section.split()[0]: dict(field.findall(section)) for section in sections}


def marked() -> dict[str, set[str]]:
    """Return the tests of the suite that are marked with a deviation, by id."""
    tests = defaultdict(set)
    for path in (COMPARISON / "contract").glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                decorators = "\n".join(map(ast.unparse, node.decorator_list))
                for marker in re.findall(r"pytest\.mark\.differs\('(.+)'\)", decorators):
                    tests[marker].add(f"{path.stem}::{node.name}")
    return dict(tests)


def test_every_deviation_has_all_fields() -> None:
    for deviation, fields in listed().items():
        assert list(fields) == FIELDS, deviation
        assert all(text.strip() for text in fields.values()), deviation


def test_every_deviation_names_exactly_the_tests_that_are_marked_with_it() -> None:
    named = {
        deviation: set(re.findall(r"`(test_\w+::test_\w+)`", fields["Shown by"]))
        for deviation, fields in listed().items()
    }
    assert named == marked()


def test_the_ids_are_consecutive() -> None:
    ids = sorted(re.findall(r"^### (D-\d\d) ", LIST, flags=re.MULTILINE))
    assert ids == [f"D-{number:02}" for number in range(1, len(ids) + 1)]


def test_the_overview_names_each_group_with_its_deviations_in_their_order() -> None:
    rows = re.findall(r"^\| ([A-Z][\w -]+) \| (\[D-.+) \|$", LIST, flags=re.MULTILINE)
    groups = [section.partition("\n")[::2] for section in LIST.split("\n## ")[2:]]
    assert [(name, re.findall(r"\[(D-\d\d)\]", ids)) for name, ids in rows] == [
        (name, re.findall(r"^### (D-\d\d) ", text, flags=re.MULTILINE)) for name, text in groups
    ]


def test_the_deviations_that_affect_speed_name_the_row_and_the_direction() -> None:
    rows = re.findall(r"^\| \[(D-\d\d)\].+\| (cheaper|dearer) here \|", LIST, flags=re.MULTILINE)
    assert len(rows) >= 10 and {deviation for deviation, _ in rows} <= set(listed())
    assert {"cheaper", "dearer"} == {direction for _, direction in rows}
