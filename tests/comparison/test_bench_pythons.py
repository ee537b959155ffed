"""Flack runs on the other interpreters that `make bench PYTHONS=` names."""

import sys

import pytest

from comparison.bench import pythons


def test_a_column_is_named_by_the_version_of_its_interpreter():
    assert pythons.column(sys.executable) == "Python {}.{}".format(*sys.version_info)


@pytest.mark.parametrize("name", ["no-python-at-all", "false"])
def test_a_name_that_is_no_interpreter_is_an_error(name, monkeypatch):
    monkeypatch.setenv("PYTHONS", name)
    with pytest.raises(ValueError, match=f"PYTHONS names {name}, which is no interpreter"):
        list(pythons.environments())


def test_an_environment_is_made_again_only_when_the_locked_versions_differ(tmp_path, monkeypatch):
    commands = []

    def run(command, check):
        commands.append(command)
        folder.mkdir(exist_ok=True)

    folder, locked = tmp_path / "python-3.99", tmp_path / "requirements.txt"
    monkeypatch.setattr(pythons.subprocess, "run", run)
    monkeypatch.setattr(pythons, "REQUIREMENTS", locked)
    locked.write_text("a==1")
    assert pythons.environment("python3.99", folder) == folder / "bin" / "python"
    assert len(commands) == 2
    pythons.environment("python3.99", folder)
    assert len(commands) == 2
    locked.write_text("a==2")
    pythons.environment("python3.99", folder)
    assert len(commands) == 4
