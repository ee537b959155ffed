"""Tests of flack_project/launcher/stack.py: why it refuses to start; tests/stack has the others."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from comparison.bench.processes import free_port
from flack_project import environment
from flack_project.launcher.stack import (
    PASSED,
    check_port,
    complete_environment,
    hold,
    write_environment,
)
from tests.running import BARE, START, launch


def test_a_taken_port_gets_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(SystemExit, match="1"):
            check_port(port)
    assert capsys.readouterr().err == (
        f"Flack cannot run: port {port} cannot be used (Address already in use), choose another"
        " with PORT=.\n"
    )


def test_data_that_is_in_use_gets_one_sentence(tmp_path: Path) -> None:
    with hold(tmp_path):
        output, _ = launch(tmp_path, free_port()).communicate(timeout=START)
    assert output == (
        f"Flack cannot run: another Flack runs on the data in {tmp_path}, choose another folder"
        " with VAR=.\n"
    )


def test_a_folder_that_cannot_be_created_gets_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="1"):
        hold(Path("/proc/flack"))
    assert capsys.readouterr().err.startswith("Flack cannot run: /proc/flack cannot hold the data ")


# Nothing fits; the key does, but not the database.
@pytest.mark.parametrize("free", [0, 65536])  # bytes
def test_a_full_disk_gets_one_sentence(tmp_path: Path, free: int) -> None:
    if os.geteuid():
        pytest.skip("only root may mount a disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={free + 4096}", "tmpfs", str(tmp_path)]
    subprocess.run(mount, check=True)
    try:
        (tmp_path / "filler").write_bytes(b"x" * 4096)
        process = launch(tmp_path, free_port())
        output, _ = process.communicate(timeout=START)
        key = tmp_path / "secret_key"
        assert not key.exists() or len(key.read_text()) > 50  # never half a key
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)
    assert process.returncode == 1
    assert output.startswith("Flack cannot run: ")
    assert output.count("\n") == 1


GIVEN = {
    "VAR": "",  # the folder of the test
    "SECRET_KEY": "of $the 'tests' and of no \"server\" at all",
    "DATABASE_URL": "postgres://me:p%24w@h/flack?options=-c%20a='b c'",
    "REDIS_URL": "unix:///run/valkey.sock?db=2",
    "FLACK_URL": "http://127.0.0.1:8123",
    "FLACK_PASSWORD_VALIDATORS": "0",
}


@pytest.mark.parametrize("is_file", [False, True])
@pytest.mark.parametrize("name", PASSED)
def test_make_manage_gets_each_variable_of_this_flack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_file: bool
) -> None:
    given = GIVEN | {"VAR": str(tmp_path)}
    for other in PASSED:
        monkeypatch.delenv(other, raising=False)
        monkeypatch.delenv(f"{other}_FILE", raising=False)
    if is_file:
        (tmp_path / "file").write_text(f"{given[name]}\n")
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "file"))
    else:
        monkeypatch.setenv(name, given[name])
    with monkeypatch.context() as of_run:
        of_run.setattr(os, "environ", os.environ.copy())
        var = Path(environment.text("VAR", str(tmp_path)))
        complete_environment(var, tmp_path, 8123)
        with (tmp_path / "run.env").open("w") as run_env:
            write_environment(run_env)
        of_processes = {other: environment.text(other) for other in PASSED}
    of_make = BARE | dict.fromkeys(PASSED, "another Flack's")
    of_make |= {f"{other}_FILE": "/another/Flack's" for other in PASSED}
    shell = ["sh", "-c", 'set -a; . "$0/run.env"; exec env -0', str(tmp_path)]
    output = subprocess.run(shell, env=of_make, capture_output=True, text=True, check=True).stdout
    of_manage = dict(entry.split("=", 1) for entry in output.split("\0") if entry)
    monkeypatch.setattr(os, "environ", of_manage)
    found = {other: environment.text(other) for other in PASSED}
    assert found == of_processes
    assert found[name] == given[name]
    assert found["DATABASE_URL"] == ("" if name != "DATABASE_URL" else given[name])


STORES = {
    "database": {"DATABASE_URL": "postgres://flack@127.0.0.1:1/x"},
    "folder of the database": {"DATABASE_URL": "sqlite:////proc/db"},
    "Redis": {"REDIS_URL": "redis://127.0.0.1:1/0"},
    "socket of Redis": {"REDIS_URL": "unix:///nonexistent/redis"},
}


@pytest.fixture(scope="module")
def refusals(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """The launcher with each store that does not answer, all started at once."""
    started = {
        name: launch(tmp_path_factory.mktemp("store"), free_port(), **environment)
        for name, environment in STORES.items()
    }
    yield started
    for process in started.values():
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("name", "problem", "remedy"),
    [
        (
            "database",
            "the database of DATABASE_URL cannot be used (connection ",
            "start or repair it, or correct DATABASE_URL",
        ),
        (
            "folder of the database",
            "the database of DATABASE_URL cannot be used (unable to open database file)",
            "start or repair it, or correct DATABASE_URL",
        ),
        (
            "Redis",
            "no Redis answers at REDIS_URL (Error 111 connecting to 127.0.0.1:1.",
            "start it, or correct REDIS_URL",
        ),
        (
            "socket of Redis",
            "no Redis answers at REDIS_URL (Error 2 ",
            "start it, or correct REDIS_URL",
        ),
    ],
)
def test_a_store_that_does_not_answer_gets_one_sentence(
    refusals: dict[str, subprocess.Popen[str]], name: str, problem: str, remedy: str
) -> None:
    output, _ = refusals[name].communicate(timeout=START)
    assert refusals[name].returncode == 1
    assert output.startswith(f"Flack cannot run: {problem}")
    assert output.endswith(f"); {remedy}.\n")
    assert output.count("\n") == 1
