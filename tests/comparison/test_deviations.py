"""The list of deviations matches the contract suite."""

import ast
import re
from collections import defaultdict
from pathlib import Path

COMPARISON = Path(__file__).parents[2] / "comparison"
LIST = (COMPARISON / "DEVIATIONS.md").read_text()
# What shows in a contestant's code that it shares a deviation that affects speed.
TUNED, DJANGO = "flask_tuned/tuned/requests.py", "django_documented"
SHARED = {
    ("D-06", "documented Django"): (f"{DJANGO}/authentication.py", "filter(digest=digest)"),
    ("D-08", "tuned Flask"): (TUNED, "(deferred if later else f)(*args, **kwargs)"),
    ("D-08", "documented Django"): (
        f"{DJANGO}/views.py",
        '"respond-async":\n            return super',
    ),
    ("D-15", "documented Django"): (f"{DJANGO}/serializers.py", "model = Message"),
    ("D-16", "documented Django"): (f"{DJANGO}/serializers.py", "markup import render"),
    ("D-19", "documented Django"): (f"{DJANGO}/views.py", "push_model(serializer.instance)"),
    ("D-21", "documented Django"): (f"{DJANGO}/consumers.py", "AsyncJsonWebsocketConsumer"),
    ("D-30", "tuned Flask"): (TUNED, "user.last_seen_at > timestamp() - SEEN_FOR"),
    ("D-30", "documented Django"): (
        f"{DJANGO}/authentication.py",
        "    if was_offline:\n        user.updated_at = later_than",
    ),
    ("D-33", "tuned Flask"): (TUNED, "expand_links.delay(message.id)"),
    ("D-33", "documented Django"): (f"{DJANGO}/tasks.py", "expand_links.delay(message.pk)"),
    ("D-49", "documented Django"): (f"{DJANGO}/serializers.py", "chat.models import Message"),
}
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
    rows = re.findall(r"^\| \[(D-\d\d)\].+?\| (cheaper|dearer) here \|", LIST, flags=re.MULTILINE)
    assert len(rows) >= 10 and {deviation for deviation, _ in rows} <= set(listed())
    assert {"cheaper", "dearer"} == {direction for _, direction in rows}


def test_the_deviations_that_affect_speed_name_the_contestants_that_share_them() -> None:
    rows = re.findall(r"^\| \[(D-\d\d)\].+ here \| .+ \| (.+) \|$", LIST, flags=re.MULTILINE)
    contestants = ("tuned Flask", "documented Django")
    named = {(deviation, each) for deviation, text in rows for each in contestants if each in text}
    assert named == set(SHARED)
    for path, code in SHARED.values():
        assert code in (COMPARISON / "contestants" / path).read_text(), path
