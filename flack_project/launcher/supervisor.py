"""Honcho's manager as Flack needs it: it says when all is ready, and starts dead parts again."""

import threading
import time
from contextlib import closing, suppress
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from honcho.manager import SYSTEM_PRINTER_NAME, Manager
from honcho.printer import Message, Printer

PATIENCE = 60  # seconds until /readyz must have answered 200

# The shell that runs a part. One that dies while Flack starts ends the start; later it is started
# again, when what it left (the workers of nginx) is gone too. SIGTERM goes to the part and to this
# shell, which dies of it: what was told to stop stays stopped.
SUPERVISED = """while :; do
{command}
code=$?
[ -e "$RUN_DIR/ready" ] || break
echo "ended with code $code, starting it again"
trap "" TERM; kill 0; trap - TERM
sleep 1
done
echo "$HONCHO_PROCESS_NAME ended with code $code" >> "$RUN_DIR/failed"
exit $code"""


class PartsPrinter(Printer):
    """Prints what the parts say, without what honcho says of them."""

    def write(self, message: Message) -> None:
        """Print a line of a part, or as it is a line of nobody's."""
        if message.name is None:
            print(message.data, flush=True)
        elif message.name != SYSTEM_PRINTER_NAME:
            super().write(message)


class Supervisor(Manager):
    """Runs the parts of Flack, whose nginx listens on `port`, with `run_dir` for their files."""

    _terminating: bool  # honcho's own

    def __init__(self, port: int, run_dir: Path) -> None:
        super().__init__(PartsPrinter())
        self.port = port
        self.ready, self.failed = run_dir / "ready", run_dir / "failed"

    def add_process(self, name: str, cmd: str, **options: object) -> None:
        """Add a part, before `loop` starts them all."""
        super().add_process(name, SUPERVISED.format(command=cmd), **options)

    def loop(self) -> None:
        """Run the parts until a signal comes or one does not start; leave none behind."""
        try:
            super().loop()
        finally:
            self.kill()

    def failure(self) -> str | None:
        """Return why the parts ended, unless it was by a signal."""
        if self.failed.exists():
            return self.failed.read_text().splitlines()[0]
        return None if self.returncode in (130, 143) else "a shell that runs a part was killed"

    def terminate(self) -> None:
        """Begin to end all parts; honcho kills what is left some seconds after the first ended."""
        if not self._terminating:
            self._terminating = True
            threading.Thread(target=self._stop, daemon=True).start()

    def _stop(self) -> None:
        while not self._all_started():  # honcho does not know every process id yet
            time.sleep(0.05)
        clients = [part for name, part in self._processes.items() if name != "valkey.1"]
        for part in clients:
            self._procmgr.terminate(part["pid"])
        while any("returncode" not in part for part in clients):
            time.sleep(0.05)
        self._killall()  # only now, as the worker finishes what it has begun

    def _start(self) -> None:
        super()._start()  # forks, so threads come after it
        threading.Thread(target=self._wait_until_ready, daemon=True).start()

    def _wait_until_ready(self) -> None:
        status, answer, deadline = 0, "no answer", time.monotonic() + PATIENCE
        while status != 200 and not self._terminating:
            if time.monotonic() > deadline:
                self.failed.write_text(f"/readyz is still not ready, {answer}")
                self.terminate()
            time.sleep(0.05)
            connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
            with suppress(OSError, HTTPException), closing(connection):  # nginx is not there yet
                connection.request("GET", "/readyz")
                response = connection.getresponse()
                status, answer = response.status, response.read().decode()
        if status == 200:
            self.ready.touch()
            text = f"Flack is ready at http://127.0.0.1:{self.port}/"
            self.events.put(Message("line", text, datetime.now(), None, None))
