"""All of Flack as processes, by the launcher of `make run`, for tests to use and to break."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import psutil
from websockets.sync.client import unix_connect

from comparison.bench.processes import free_port
from comparison.contract.client import Flack, eventually
from comparison.contract.wires import JsonWire, open_wire

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 20  # seconds that anything may take, on a busy machine
START = 60  # seconds that a start or restart of a process may take
BARE = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
PARTS = ["valkey.1", "node.1", "node.2", "worker.1", "previews.1", "beat.1", "nginx.1"]
# What a client sends to open a WebSocket.
HANDSHAKE = (
    b"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def launch(var: Path, port: int, **environment: str) -> subprocess.Popen[str]:
    """Start the launcher with data in `var`, and nothing else in the environment but this."""
    return subprocess.Popen(
        [sys.executable, "-m", "flack_project.launcher.stack"],
        cwd=ROOT,
        env=BARE | {"VAR": str(var), "PORT": str(port)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=_hear_sighup,
    )


def _hear_sighup() -> None:
    """Undo what the tests' own nohup, or a runner like it, leaves to every process below."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def is_part(process: psutil.Process, name: str) -> bool:
    """Return True if a process is the one that the launcher calls `name`."""
    with suppress(psutil.NoSuchProcess):  # it has just ended
        # Titles of their own lie where the others have their environment.
        titled = {"nginx": "nginx.1", "valkey-server": "valkey.1"}.get(process.name())
        return (titled or process.environ().get("PS")) == name
    return False


def has_ended(process: psutil.Process) -> bool:
    """Return True if a process has ended, also if its parent has not read the exit code yet.

    Its main thread may be a zombie while others still hold the open files.
    """
    try:
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            return False
        return len(os.listdir(f"/proc/{process.pid}/task")) < 2
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return True


def number_of(name: str) -> int:
    """Return the number of a node, 1 of "node.1"."""
    return int(name.removeprefix("node."))


def is_well(http: httpx.Client) -> bool:
    """Return True if the node that answers is ready, and not degraded."""
    answer = http.get("/readyz")
    return answer.status_code == 200 and "degraded" not in answer.text


class Stack(Flack):
    """A running Flack behind nginx, without limits unless the environment asks for them."""

    def __init__(self, var: Path, **environment: str) -> None:
        self.var, self.port = var, free_port()
        super().__init__(f"http://127.0.0.1:{self.port}", PATIENCE)
        self.output: list[str] = []
        self.process = launch(var, self.port, **{"FLACK_RATE_LIMITS": "0"} | environment)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        # Longer than the 60 s after which the launcher itself gives up.
        eventually(lambda: self.is_ready() or self.process.poll() is not None, "a start", 90)
        assert self.is_ready(), self.log()

    def is_ready(self) -> bool:
        """Return True if the launcher printed that Flack is ready."""
        return f"Flack is ready at {self.url}/" in self.output

    def log(self) -> str:
        """Return all that was printed."""
        return "\n".join(self.output)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it by a signal to the launcher; return the exit code."""
        self.http.close()
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def manage(self, command: str, stdin: str = "", **environment: str) -> str:
        """Run a command of manage.py as `make manage` does, and return its output."""
        run = self._manage(command, stdin, **environment)
        assert run.returncode == 0, run.stderr
        return run.stdout

    def doctor(self, patience: float = PATIENCE, **environment: str) -> dict[str, Any]:
        """Return the output of `doctor --json`, run with these changes of the environment."""
        run = self._manage(f"doctor --json --patience {patience:g}", **environment)
        assert run.stdout, run.stderr
        found: dict[str, Any] = json.loads(run.stdout)
        assert bool(run.returncode) is not found["well"], run.stderr
        return found

    def _manage(
        self, command: str, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        changes = "".join(f"{name}={value}; " for name, value in environment.items())
        script = f'set -a; . "{self.var}/run.env"; {changes}'
        script += f'exec "{sys.executable}" manage.py {command}'
        return subprocess.run(
            ["sh", "-c", script], cwd=ROOT, env=BARE, input=stdin, text=True, capture_output=True
        )

    def part(self, name: str) -> psutil.Process:
        """Return a process by its name, "node.1"; wait for it if it is being restarted."""
        launcher = psutil.Process(self.process.pid)
        process: psutil.Process = eventually(
            lambda: next((child for child in launcher.children() if is_part(child, name)), None),
            name,
            PATIENCE,
        )
        return process

    @contextmanager
    def without(self, *names: str, hanging: bool = False) -> Iterator[None]:
        """Kill processes with their children, or suspend them, until the end of the context."""
        parts = [self.part(name) for name in names]
        if hanging:
            for part in parts:
                part.suspend()
            try:
                yield
            finally:
                for part in parts:
                    part.resume()
            return
        with self.no_restarts():
            for part in parts:
                os.killpg(part.pid, signal.SIGKILL)
            eventually(lambda: all(map(has_ended, parts)), f"the end of {names}", PATIENCE)
            yield

    def is_whole(self) -> bool:
        """Return True if nginx, every node, the database, Valkey and the workers answer."""
        names = (path.stem for path in self.run_dir.glob("node.*.sock"))
        try:
            return is_well(self.http) and all(map(self._is_well, names))
        except httpx.TransportError:
            return False

    def _listens(self, name: str) -> bool:
        with socket.socket(socket.AF_UNIX) as plain:  # httpx would leave a refused one open
            return not plain.connect_ex(str(self.run_dir / f"{name}.sock"))

    def _is_well(self, name: str) -> bool:
        if not self._listens(name):
            return False
        with self.node(number_of(name)) as node:
            return is_well(node)

    @contextmanager
    def no_restarts(self) -> Iterator[None]:
        """Suspend the launcher, so that a process that is killed stays dead meanwhile."""
        launcher = psutil.Process(self.process.pid)
        launcher.suspend()
        try:
            eventually(lambda: launcher.status() == psutil.STATUS_STOPPED, "the stop", PATIENCE)
            yield
        finally:
            launcher.resume()

    def processes(self) -> list[psutil.Process]:
        """Return every process of it, the launcher's own included."""
        launcher = psutil.Process(self.process.pid)
        return [launcher, *launcher.children(recursive=True)]

    @cached_property
    def run_dir(self) -> Path:
        """The launcher's private folder, with the sockets of the parts."""
        return Path(self.part("node.1").environ()["RUN_DIR"])

    def node(self, number: int) -> httpx.Client:
        """Return a client of one node, past nginx."""
        # Without TLS no certificates are needed, and reading them takes 20 ms of CPU time.
        path = str(self.run_dir / f"node.{number}.sock")
        transport = httpx.HTTPTransport(verify=False, uds=path)
        return httpx.Client(transport=transport, base_url="http://localhost", timeout=PATIENCE)

    def answers(self, name: str) -> bool:
        """Return True if a node answers."""
        if not self._listens(name):
            return False
        with suppress(httpx.TransportError), self.node(number_of(name)) as node:
            return node.get("/healthz").status_code == 200
        return False

    @contextmanager
    def connect(self, node: int | None = None) -> Iterator[JsonWire]:
        """Open a chat socket through nginx, or past it to one node."""
        if node is None:
            with open_wire("json", self.url, PATIENCE) as wire:
                yield wire
        else:
            path = str(self.run_dir / f"node.{node}.sock")
            with unix_connect(path, "ws://localhost/ws/", max_queue=None) as connection:
                yield JsonWire(connection, PATIENCE)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.output.extend(line.rstrip("\n") for line in lines)
