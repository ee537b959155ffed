"""Starting and stopping Flack: the data stays, and no process is left behind."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from comparison.bench.processes import free_port
from comparison.contract.client import eventually
from tests.running import PARTS, PATIENCE, START, Stack, has_ended, launch


def test_stopping_leaves_no_process_and_the_next_run_finds_the_data(tmp_path: Path) -> None:
    var, temporary = tmp_path / "a b+%41#?'c", tmp_path / "t b+%41#?'c"  # also odd in a path
    temporary.mkdir()
    ann = None
    # A closed terminal, which becomes SIGTERM; Ctrl-C, which the whole group receives.
    for kill, number in ((os.kill, signal.SIGHUP), (os.killpg, signal.SIGINT)):
        # The machine itself is an allowed host as well.
        stack = Stack(var, TMPDIR=str(temporary), ALLOWED_HOSTS="example.org")
        assert "no worker has reported" not in stack.log()
        for host, status in [("example.org", 200), ("example.com", 400)]:
            assert stack.http.get("/", headers={"Host": host}).status_code == status
        ann = ann or stack.person("ann")
        assert stack.sign_in(ann.nickname, ann.password)
        assert (var / "db.sqlite3").exists()
        processes, run_dir = stack.processes(), stack.run_dir
        assert len(processes) > len(PARTS)
        kill(stack.process.pid, number)
        assert stack.process.wait(PATIENCE) == 0
        stack.http.close()
        assert all(map(has_ended, processes))
        assert not run_dir.exists()
        assert not (stack.var / "run.env").exists()


@pytest.mark.parametrize("processes", [0, 1, len(PARTS)])
def test_a_signal_while_it_starts_leaves_nothing(tmp_path: Path, processes: int) -> None:
    process = launch(tmp_path, free_port())
    launcher = psutil.Process(process.pid)
    eventually((tmp_path / "run.env").exists, "the lock", START)
    eventually(lambda: len(launcher.children()) >= processes, "a process", START)
    started = launcher.children(recursive=True)
    process.terminate()
    output, _ = process.communicate(timeout=START)
    assert process.returncode == 0, output
    assert all(map(has_ended, started))
    assert not (tmp_path / "run.env").exists()


def test_only_the_owner_may_read_the_data(playground: Stack) -> None:
    assert len((playground.var / "secret_key").read_text()) > 50
    for file in playground.var.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_a_process_that_cannot_start_is_named(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)  # more than the name of a unix socket may have
    long.mkdir()
    process = launch(tmp_path, free_port(), TMPDIR=str(long))
    output, _ = process.communicate(timeout=START)
    assert process.returncode == 1
    assert "Flack cannot run: valkey.1 ended with code 1." in output
