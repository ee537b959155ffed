"""The report matches the raw numbers."""

import pytest

from comparison.compare import report, results
from comparison.compare.steps import broken

GOOD = {"p99 ms": 10.0}


def climb(*loads, repeat=1, name="Flask", last=""):
    """Return the steps of a climb, the last of which broke for the reason `last`."""
    reasons = [""] * (len(loads) - 1) + [last]
    return [
        {"name": name, "repeat": repeat, "load": load, "broken": reason}
        for load, reason in zip(loads, reasons, strict=True)
    ]


def test_the_report_is_up_to_date_with_the_raw_numbers(tmp_path, monkeypatch):
    pictures = {path.name: path.read_text() for path in report.FOLDER.glob("report-*.svg")}
    text = report.REPORT.read_text()
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    monkeypatch.setattr(report, "REPORT", tmp_path / "REPORT.md")
    report.write()
    assert report.REPORT.read_text() == text
    assert {path.name: path.read_text() for path in tmp_path.glob("*.svg")} == pictures


def test_the_carried_load_is_the_highest_that_did_not_break():
    steps = climb(1, 2, 4, last="late") + climb(1, 2, repeat=2, last="lost")
    assert results.carried(steps, "Flask") == results.Spread(1.5, 1, 2)


def test_a_repeat_that_breaks_at_its_first_rung_carried_the_rung_below():
    steps = climb(1, 2, 4, 8, last="late") + climb(2, repeat=2, last="late")
    assert results.carried(steps, "Flask") == results.Spread(2.5, 1, 4)


def test_a_contestant_that_breaks_at_once_carries_0():
    assert str(results.carried(climb(5, last="errors"), "Flask")) == "0"


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ({}, ""),
        ({"refused": 1, "errors": 1}, "refused"),
        ({"errors": 1}, "errors"),
        ({"lost": 1}, "lost"),
        ({"doubled": 1}, "doubled"),
        ({"p99 ms": 1001.0}, "late"),
        ({"behind s": 1.1}, "late"),
    ],
)
def test_a_step_breaks_for_one_reason(numbers, reason):
    assert broken(GOOD | numbers) == reason


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123, "0.12"), (9.99, "10"), (12.34, "12"), (123.4, "123"), (9000, "9 000"), (0, "0")],
)
def test_numbers_are_rounded(value, text):
    assert results.short(value) == text
