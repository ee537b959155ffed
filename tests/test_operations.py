"""Tests of docs/OPERATIONS.md: it has the help and an output of each command, as they are."""

import re

import pytest

from tests.operations import HELP, help_of, lines
from tests.running import ROOT

NAMES = sorted(
    path.stem for path in (ROOT / "chat/management/commands").glob("*.py") if path.stem[0] != "_"
)
OTHERS_HELP = {"celery"}  # Celery prints it


@pytest.mark.parametrize("name", sorted(set(NAMES) - OTHERS_HELP))
def test_the_help_of_each_command_is_as_it_is(name):
    said = {found[1]: text for line, text in lines() if (found := HELP.fullmatch(line))}
    assert said[name].split() == help_of(name).split(), "python -m tests.operations writes it anew"


@pytest.mark.parametrize("name", NAMES)
def test_there_is_an_output_of_each_command(name):
    outputs = [text for line, text in lines()
               if re.search(rf"manage.py {name}\b", line) and not HELP.fullmatch(line)]  # fmt: skip
    assert any(text.strip() and "Traceback" not in text for text in outputs)
