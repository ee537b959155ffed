"""The contestants of the comparison, and the stages from a documented one to a tuned one."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flack_project.launcher.stack import read_procfile

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
FLASK = FOLDER / "flask" / ".venv" / "bin" / "python"


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
    change: str = ""  # of a stage: what differs from the one before it
    works: tuple[str, ...] = ("push", "poll", "post")  # of a stage: what it is measured with
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
# Each socket occupies a thread; with no more connections than threads, none would be kept open.
THREADS = "--threads 1000 --worker-connections 20000"
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


def stage(base: str, name: str, kind: str, text: str, ideas: str,
          environment: Mapping[str, str] = {}, **other: Any) -> Contestant:  # fmt: skip
    """Return a contestant with one idea more than the stage before; TUNED names all of them."""
    contestant = CONTESTANTS[base]
    return replace(
        contestant,
        name=name,
        title=f"{contestant.title.partition(',')[0]}, {text}",
        label="stage",
        change=f"{kind}: {text.removeprefix('and ')}",
        environment={**contestant.environment, **environment, "TUNED": ideas},
        **other,
    )


# From "flask" on; the next one after the last is "flask-tuned".
FLASK_STAGES = {
    found.name: found
    for found in (
        stage("flask-tuned", "flask-1-seen", "design", "no write for a poll", "seen"),
        stage("flask-tuned", "flask-2-direct", "design",
              "and posts in their own request, only links in Celery", "seen direct"),
        stage("flask-tuned", "flask-3-lists", "design", "and lists without instances",
              "seen direct lists"),
        stage("flask-tuned", "flask-4-push", "transport", "and pushes framed once for all",
              "seen direct lists push", works=("push", "post")),
        stage("flask-tuned", "flask-5-joined", "transport", "and joined writes",
              "seen direct lists push joined", works=("push",)),
    )
}  # fmt: skip
# From "django-documented" on; the next one after the last is "flack".
STAGED = "comparison.contestants.django_stages"


def django_stage(name: str, kind: str, text: str, ideas: str, server: str = "daphne") -> Contestant:
    """Return a stage of Django, served by a module."""
    return stage(
        "django-documented", name, kind, text, ideas,
        environment={"DJANGO_SETTINGS_MODULE": f"{STAGED}.settings"},
        folder=FOLDER / "django_stages",
        node=f"{sys.executable} -m {server} -b 127.0.0.1 -p {{port}} -v 0 "
        f"{STAGED}.asgi:application",
    )  # fmt: skip


DJANGO_STAGES = {
    found.name: found
    for found in (
        django_stage("django-1-seen", "design", "no write for a poll", "seen"),
        django_stage("django-2-pubsub", "transport", "and one subscription a process",
                     "seen pubsub"),
        django_stage("django-3-hub", "transport", "and serialised once a process",
                     "seen pubsub hub"),
        django_stage("django-4-framed", "transport",
                     "and framed once for all by this project's daphne",
                     "seen pubsub hub", "flack_project.daphne.server"),
    )
}  # fmt: skip
STAGES = {**FLASK_STAGES, **DJANGO_STAGES}
RUNNABLE = {**CONTESTANTS, FLOOR.name: FLOOR, **STAGES}
