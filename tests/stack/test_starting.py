"""The launcher: its checks and their errors, restarts, and that it leaves no process behind."""

import os
import signal
import socket
from pathlib import Path

import httpx
import psutil
import pytest

from comparison.bench.processes import free_port
from comparison.contract.client import eventually
from tests.running import PATIENCE, Stack, launch

PARTS = ["valkey.1", "node.1", "node.2", "worker.1", "previews.1", "beat.1", "nginx.1"]


def refusal(var: Path, port: int, **environment: str) -> str:
    """Return the one sentence with which the launcher refuses to run."""
    process = launch(var, port, **environment)
    sentence, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2, sentence
    assert sentence.count("\n") == 1
    return sentence.removeprefix("Flack cannot run: ").rstrip()


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return the processes that have not ended; a zombie has."""
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def test_each_way_to_stop_leaves_no_process_and_the_next_run_finds_the_data(tmp_path: Path) -> None:
    var, temporary = tmp_path / "a b+%41#?'c", tmp_path / "t b+%41#?'c"  # also odd in a path
    temporary.mkdir()
    ann = None
    ways = [(os.kill, signal.SIGTERM), (os.kill, signal.SIGHUP), (os.killpg, signal.SIGINT)]
    for kill, number in ways:  # the last is Ctrl-C, which the whole group of the terminal receives
        # The machine itself is an allowed host as well.
        stack = Stack(var, TMPDIR=str(temporary), ALLOWED_HOSTS="example.org")
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
        assert not alive(processes)
        assert not run_dir.exists()
        assert not (stack.var / "run.env").exists()


@pytest.mark.parametrize("processes", [0, 1, len(PARTS)])
def test_a_signal_while_it_starts_leaves_nothing(tmp_path: Path, processes: int) -> None:
    process = launch(tmp_path, free_port())
    launcher = psutil.Process(process.pid)
    eventually((tmp_path / "run.env").exists, "the lock", PATIENCE)
    eventually(lambda: len(launcher.children()) >= processes, "a process", PATIENCE)
    started = launcher.children(recursive=True)
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert not alive(started)
    assert not (tmp_path / "run.env").exists()


def test_only_the_owner_may_read_the_data(sqlite_stack: Stack) -> None:
    assert len((sqlite_stack.var / "secret_key").read_text()) > 50
    for file in sqlite_stack.var.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_a_taken_port_gets_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert refusal(tmp_path, port) == (
            f"port {port} cannot be used (Address already in use), choose another with PORT=."
        )


def test_data_that_is_in_use_gets_one_sentence(sqlite_stack: Stack) -> None:
    assert refusal(sqlite_stack.var, free_port()).startswith("another Flack runs on the data in ")


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"},
         "the database of DATABASE_URL cannot be used (connection "),
        ({"DATABASE_URL": "sqlite:////proc/db"},
         "the database of DATABASE_URL cannot be used (unable to open database file)."),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"},
         "no Redis answers at REDIS_URL (Error 111 connecting to 127.0.0.1:1."),
        ({"REDIS_URL": "unix:///nonexistent/redis"}, "no Redis answers at REDIS_URL (Error 2 "),
        ({"VAR": "/proc/flack"}, "/proc/flack cannot hold the data "),
    ],
)  # fmt: skip
def test_a_store_that_does_not_answer_gets_one_sentence(
    tmp_path: Path, environment: dict[str, str], sentence: str
) -> None:
    assert refusal(tmp_path, free_port(), **environment).startswith(sentence)


def test_a_part_that_cannot_start_is_named(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)  # more than the name of a unix socket may have
    long.mkdir()
    process = launch(tmp_path, free_port(), TMPDIR=str(long))
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "Flack cannot run: valkey.1 ended with code 1." in output


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_dies_is_started_again_while_the_others_run_on(
    sqlite_stack: Stack, name: str
) -> None:
    before = {part: sqlite_stack.part(part).pid for part in PARTS}
    sqlite_stack.part(name).kill()
    eventually(lambda: not psutil.pid_exists(before[name]), f"the end of {name}", PATIENCE)
    eventually(lambda: is_ready(sqlite_stack), f"{name} again", PATIENCE)
    after = {part: sqlite_stack.part(part).pid for part in PARTS}
    assert {part for part in PARTS if after[part] != before[part]} == {name}


def is_ready(stack: Stack) -> bool:
    """Return True if nginx, a node, the database, Valkey and a worker answer."""
    try:
        return stack.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
