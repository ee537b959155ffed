"""Tests of flack_project/launcher/supervisor.py that need no Flack; tests/stack has the others."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from comparison.bench.processes import free_port
from flack_project.launcher import supervisor
from flack_project.launcher.supervisor import Supervisor
from tests.kit import until
from tests.running import ROOT


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put pytest's signal handlers back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def ready_port() -> Iterator[int]:
    """The port of a server that answers 200."""

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Ready) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_process_that_ends_during_the_start_ends_the_others(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervisor, "GRACE", 0.1)
    stubborn = "trap '' TERM; echo up; while :; do sleep 60; done"
    commands = {
        "node.1": ["sh", "-c", stubborn],
        "worker.1": ["sh", "-c", "echo broken; exit 3"],
    }
    assert Supervisor(commands, free_port()).run() == "worker.1 ended with code 3"
    assert " worker.1 | broken\n" in capfd.readouterr().out


def test_a_program_that_does_not_exist_is_named() -> None:
    failure = Supervisor({"node.1": ["/nonexistent"]}, free_port()).run()
    assert failure is not None
    assert failure.startswith("node.1 cannot be started (")
    assert "/nonexistent" in failure


def test_a_start_that_takes_too_long_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PATIENCE", 0.1)
    failure = Supervisor({"node.1": ["sleep", "60"]}, free_port()).run()
    assert failure == "/readyz is still not ready, no answer"


def runs(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def test_what_a_process_leaves_is_killed_before_it_is_restarted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ready_port: int
) -> None:
    pids = []

    def read(text: str, flush: bool) -> None:
        if text.startswith("Flack is ready"):
            (tmp_path / "die").touch()
        elif text.rpartition(" | ")[2].isdigit():
            pids.append(int(text.rpartition(" | ")[2]))
            if len(pids) == 2:
                os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(supervisor, "PAUSE", 0.1)
    monkeypatch.setattr(supervisor, "print", read, raising=False)
    master = f"sleep 60 & echo $!; until test -e {tmp_path}/die; do sleep 0.01; done; exit 1"
    assert Supervisor({"nginx.1": ["sh", "-c", master]}, ready_port).run() is None
    assert until(lambda: not any(runs(pid) for pid in pids))


def test_a_signal_that_does_not_wake_the_main_thread_ends_all(
    monkeypatch: pytest.MonkeyPatch, ready_port: int
) -> None:
    def signal_this_thread(text: str, flush: bool) -> None:
        if text.startswith("Flack is ready"):
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    monkeypatch.setattr(supervisor, "PAUSE", 0.1)
    monkeypatch.setattr(supervisor, "print", signal_this_thread, raising=False)
    assert Supervisor({"node.1": ["sleep", "60"]}, ready_port).run() is None


def test_a_closed_output_ends_all() -> None:
    script = (
        "from flack_project.launcher.supervisor import Supervisor\n"
        f"assert Supervisor({{'node.1': ['yes']}}, {free_port()}).run() is None"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline().endswith(" node.1 | y\n")
        process.stdout.close()
        assert "AssertionError" not in process.stderr.read()
