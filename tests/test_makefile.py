"""Tests of the Makefile: how commands fail, when .venv is created anew, and what is tested."""

import argparse
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# A Python that creates environments with a copy of itself, and prints what else it should run.
PYTHON = """#!/bin/sh
case "$1 $2" in
"-c import pip") test -x .venv/bin/pip;;
-c*) ;;
"-m venv")
    rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python
    echo "command = python -m venv $(pwd -P)/.venv" > .venv/pyvenv.cfg
    printf '#!/bin/sh\\necho installed, PIP_USER=$PIP_USER' > .venv/bin/pip
    chmod +x .venv/bin/pip;;
*) echo "started, ${PYTHONSAFEPATH-}${DJANGO_SETTINGS_MODULE-}";;
esac
"""
VARIABLES = {"PIP_USER": "1", "PYTHONSAFEPATH": "1", "DJANGO_SETTINGS_MODULE": "other.settings"}


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in a folder, with variables that would break it."""
    inherited = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=inherited | VARIABLES,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of the Makefile alone, in which Flack has been started once."""
    folder = tmp_path / "check out"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    for requirements in ROOT.glob("requirements*.txt"):
        (folder / requirements.name).touch()
    (folder / "python").write_text(PYTHON)
    (folder / "python").chmod(0o755)
    first = make(folder, "run", "PYTHON=./python")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines()[1:] == ["installed, PIP_USER=0", "started, "]
    assert make(folder, "run", "PYTHON=./python").stdout == "started, \n"
    return folder


def move(checkout: Path) -> Path:
    return checkout.rename(checkout.with_name("moved"))


def copy(checkout: Path) -> Path:
    return shutil.copytree(checkout, checkout.with_name("copied"), symlinks=True)


def lose_python(checkout: Path) -> Path:
    python = checkout / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/usr/bin/python-of-an-older-version")
    return checkout


def interrupt_the_creation(checkout: Path) -> Path:
    (checkout / ".venv/bin/pip").unlink()
    return checkout


def interrupt_it_early(checkout: Path) -> Path:
    shutil.rmtree(checkout / ".venv/bin")
    return checkout


@pytest.mark.parametrize(
    "breaking", [move, copy, lose_python, interrupt_the_creation, interrupt_it_early]
)
def test_an_environment_that_does_not_work_is_created_anew(checkout: Path, breaking) -> None:
    checkout = breaking(checkout)
    found = make(checkout, "run", "PYTHON=./python")
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.splitlines()[0].startswith("Creating .venv anew")
    assert found.stdout.splitlines()[-2:] == ["installed, PIP_USER=0", "started, "]
    assert make(checkout, "run", "PYTHON=./python").stdout == "started, \n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["run", "PORT=x"],
            "Flack cannot run: PORT must be a whole number from 1 to 65535, not 'x'.",
        ),
        (
            ["manage", "VAR=/nonexistent"],
            "No Flack runs on the data in /nonexistent: start it with",
        ),
    ],
)
def test_a_command_that_fails_ends_in_one_sentence(arguments: list[str], sentence: str) -> None:
    found = make(ROOT, *arguments)
    assert found.returncode == 1
    assert (found.stdout + found.stderr).startswith(sentence)
    assert (found.stdout + found.stderr).count("\n") == 1


@pytest.mark.parametrize(
    ("command", "last"),
    [
        ("unknown", "Type 'manage.py help' for usage."),
        (
            "createuser",
            "manage.py createuser: error: the following arguments are required: NICKNAME",
        ),
        ("check --fail-level no", "'DEBUG')"),
    ],
)
def test_no_line_of_make_follows_a_command_that_fails(
    tmp_path: Path, command: str, last: str
) -> None:
    (tmp_path / "run.env").write_text("DEBUG=1\n")
    found = make(ROOT, "manage", f"VAR={tmp_path}", f"CMD={command}")
    assert found.returncode == 1
    assert "make" not in found.stderr
    assert last.split(" ")[-1] in found.stderr.splitlines()[-1]


def test_without_a_python_one_sentence_names_what_is_needed(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.txt", "requirements-run.txt"):
        shutil.copy(ROOT / name, tmp_path)
    found = make(tmp_path, "run", "PYTHON=false")
    assert found.returncode == 1
    assert found.stderr.startswith("Flack needs Python 3.11 or later")
    assert found.stderr.count("\n") == 1


def test_a_dry_run_starts_nothing(checkout: Path) -> None:
    assert make(checkout, "--dry-run", "run").stdout.endswith("flack_project.launcher.stack\n")


def test_make_test_runs_each_file_of_tests_once() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="*", type=Path, default=[Path("tests")])
    parser.add_argument("--ignore", action="append", type=Path, default=[])
    files = [path.relative_to(ROOT) for path in ROOT.glob("tests/**/test_*.py")]
    run = Counter[Path]()
    for line in make(ROOT, "--dry-run", "test").stdout.splitlines():
        _, found, arguments = line.partition("-m pytest --quiet ")
        if found:
            chosen = parser.parse_intermixed_args(arguments.split())
            for file in files:
                if not any(map(file.is_relative_to, chosen.ignore)):
                    run[file] += sum(map(file.is_relative_to, chosen.paths))
    assert run == Counter(files)
