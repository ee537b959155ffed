"""The supervisor of `make run`: starts processes, restarts those that die, stops all of them.

supervisor 4.3 and circus 0.19 were tried (27 November 2026). If a process cannot start, such as
nginx on a port in use, both keep running without it and never exit with an error, and neither waits
until /readyz returns 200. `make run` needs both, so most of this module would remain, as a plugin.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable
from contextlib import closing, suppress
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from queue import Empty, SimpleQueue

PATIENCE = 60  # seconds until /readyz must return 200
PAUSE = 1  # seconds before a process that died is started again
GRACE = 10  # seconds between SIGTERM and SIGKILL
LAST = "valkey.1"  # the others use it until they end


class Supervisor:
    """Run commands by name, each in a process group of its own; nginx listens on `port`.

    While Flack starts, a process that ends stops all of them; later it is started again.
    """

    def __init__(self, commands: dict[str, list[str]], port: int) -> None:
        self._port = port
        self._keepers = {
            name: threading.Thread(target=self._keep, args=(name, command), daemon=True)
            for name, command in commands.items()
        }
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._ready, self._stopping = threading.Event(), threading.Event()
        self._starting, self._printing = threading.Lock(), threading.Lock()
        # Why all processes end, None for a signal: a SimpleQueue may be used in a signal handler.
        self._ends: SimpleQueue[str | None] = SimpleQueue()

    def run(self) -> str | None:
        """Run until a signal comes or a start fails; return why it failed. Leave no process."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._ends.put(None))
        for keeper in self._keepers.values():
            keeper.start()
        threading.Thread(target=self._wait_until_ready, daemon=True).start()
        reason = self._wait_until_end()
        with self._starting:
            self._stopping.set()
        self._stop(self._keepers.keys() - {LAST})
        self._stop(self._keepers.keys() & {LAST})
        return reason

    def _wait_until_end(self) -> str | None:
        while True:
            # Python calls no signal handler for a signal that comes just before the wait begins.
            with suppress(Empty):
                return self._ends.get(timeout=PAUSE)

    def _stop(self, names: Iterable[str]) -> None:
        for name in names:
            if process := self._processes.get(name):
                process.terminate()
        deadline = time.monotonic() + GRACE
        for name in names:
            self._keepers[name].join(max(0, deadline - time.monotonic()))
            if self._keepers[name].is_alive():
                kill_group(self._processes[name])
                self._keepers[name].join()

    def _keep(self, name: str, command: list[str]) -> None:
        while process := self._start(name, command):
            reader = threading.Thread(target=self._read, args=(name, process), daemon=True)
            reader.start()
            code = process.wait()
            kill_group(process)  # nginx's workers outlive a master that is killed
            reader.join(PAUSE)
            if self._stopping.is_set():
                return
            if not self._ready.is_set():
                return self._ends.put(f"{name} ended with code {code}")
            self._print(f"ended with code {code}, starting it again", name)
            self._stopping.wait(PAUSE)

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[str] | None:
        with self._starting:  # no process may start once _stop has looked at them
            if self._stopping.is_set():
                return None
            try:
                self._processes[name] = subprocess.Popen(
                    command,
                    env=os.environ | {"PS": name},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    start_new_session=True,
                )
            except OSError as error:
                self._ends.put(f"{name} cannot be started ({error})")
                return None
            return self._processes[name]

    def _read(self, name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self._print(line.rstrip("\n"), name)

    def _print(self, text: str, name: str | None = None) -> None:
        if name:
            text = f"{datetime.now():%H:%M:%S} {name:<{max(map(len, self._keepers))}} | {text}"
        try:
            with self._printing:
                print(text, flush=True)
        except OSError:  # the terminal or the pipe is closed
            self._ends.put(None)

    def _wait_until_ready(self) -> None:
        whole, status, answer, deadline = False, 0, "no answer", time.monotonic() + PATIENCE
        while not whole and not self._stopping.wait(0.2):
            if time.monotonic() > deadline:
                return self._ends.put(f"/readyz is still not ready, {answer}")
            connection = HTTPConnection("127.0.0.1", self._port, timeout=5)
            with suppress(OSError, HTTPException), closing(connection):  # nginx does not listen yet
                connection.request("GET", "/readyz")
                response = connection.getresponse()
                status, answer = response.status, response.read().decode(errors="replace")
                # Without workers a node is ready, but not all of Flack has started.
                whole = status == 200 and "degraded" not in answer
            if status not in (0, 200, 502, 503, 504):  # waiting would not help
                return self._ends.put(f"/readyz answers {status}: {answer}")
        if whole:
            self._ready.set()
            url = f"http://127.0.0.1:{self._port}"
            self._print(
                f"Flack is ready at {url}/\n"
                f"  API {url}/api, its documentation {url}/api/schema/, admin {url}/admin/\n"
                '  demo users and messages: make manage CMD="seeddemo"'
            )


def kill_group(process: subprocess.Popen[str]) -> None:
    """Kill a process and all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
