"""Tests of README.md: it names what there is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
SETTINGS = (ROOT / "flack_project/settings.py").read_text()
COMMANDS = ROOT / "chat/management/commands"


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r'(?:env\.\w+|flag)\(\s*"([A-Z_]+)"', SETTINGS)))
)
def test_each_variable_of_the_settings_is_in_the_table(name):
    assert re.search(rf"^\| [^|]*`{name}`", README, re.MULTILINE)


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in COMMANDS.glob("*.py") if path.stem != "__init__")
)
def test_each_command_is_in_the_table(name):
    assert re.search(rf"^\| [^|]*`{name}\b", README, re.MULTILINE)


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"\]\(([\w./-]+)\)|`([\w/]+\.\w+)`", README)))
)
def test_each_file_that_it_names_is_there(path):
    name = path[0] or path[1]
    folders = (ROOT, ROOT / "chat/static/chat")
    assert name.startswith(("var/", "/etc/")) or any((folder / name).exists() for folder in folders)
