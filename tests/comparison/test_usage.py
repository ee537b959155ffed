"""Each module that is run says what it does and takes, and starts nothing for another argument."""

import re
import sys
from pathlib import Path

import pytest

from comparison.usage import arguments

ROOT = Path(__file__).parents[2]
TEXT = "Measure 5 % of it.\n\nTwo paragraphs."
# These have arguments of their own: a mistake of them is an error of Python.
OTHERS = {"bench/fill.py", "advisories.py", "screenshots.py", "switch.py"}


def called(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["x", *words])
    return arguments(TEXT, "report")


def test_an_argument_may_be_left_out(monkeypatch):
    assert called(monkeypatch) == [""]
    assert called(monkeypatch, "a.json") == ["a.json"]


def test_help_is_the_whole_text(monkeypatch, capsys):
    with pytest.raises(SystemExit, match="0"):
        called(monkeypatch, "--help")
    assert TEXT in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--nonsense"], ["a", "b"]])
def test_what_it_does_not_take_is_an_error(monkeypatch, capsys, words):
    with pytest.raises(SystemExit, match="2"):
        called(monkeypatch, *words)
    assert f"unrecognized arguments: {words[-1]}" in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["comparison", "tests"])
def test_every_module_that_is_run_reads_its_arguments(folder):
    for path in (ROOT / folder).rglob("*.py"):
        _, mark, run = path.read_text().partition('\nif __name__ == "__main__":\n')
        if mark and not path.as_posix().endswith(tuple(OTHERS)) and "contestants" not in path.parts:
            assert re.search(r"\barguments\(__doc__", run), path
