"""The list of deviations and the contract suite say the same."""

import ast
import re
from collections import defaultdict
from pathlib import Path

COMPARISON = Path(__file__).parents[2] / "comparison"
LIST = (COMPARISON / "DEVIATIONS.md").read_text()
FIELDS = ["Flask", "Here", "Why", "Shown by"]


def listed() -> dict[str, dict[str, str]]:
    """Give the fields of each deviation in the list, by id."""
    field = re.compile(r"^- \*\*(.+?):\*\* (.+?)(?=^- |\Z)", re.MULTILINE | re.DOTALL)
    sections = LIST.split("\n### ")[1:]
    return {section.split()[0]: dict(field.findall(section)) for section in sections}


def marked() -> dict[str, set[str]]:
    """Give the tests of the suite that are marked with a deviation, by id."""
    tests = defaultdict(set)
    for path in (COMPARISON / "contract").glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                decorators = "\n".join(map(ast.unparse, node.decorator_list))
                for marker in re.findall(r"pytest\.mark\.differs\('(.+)'\)", decorators):
                    tests[marker].add(f"{path.stem}::{node.name}")
    return dict(tests)


def test_every_deviation_says_what_each_server_does_why_and_what_shows_it() -> None:
    for deviation, fields in listed().items():
        assert list(fields) == FIELDS, deviation
        assert all(text.strip() for text in fields.values()), deviation


def test_every_deviation_names_exactly_the_tests_that_are_marked_with_it() -> None:
    named = {
        deviation: set(re.findall(r"`(test_\w+::test_\w+)`", fields["Shown by"]))
        for deviation, fields in listed().items()
    }
    assert named == marked()


def test_the_ids_are_in_order_and_none_is_used_twice() -> None:
    ids = re.findall(r"^### (D-\d\d) ", LIST, flags=re.MULTILINE)
    assert ids == [f"D-{number:02}" for number in range(1, len(ids) + 1)]
