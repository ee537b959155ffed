"""Every contestant keeps the rows of the contract that are the same on every server.

The row that waits a minute is left out; `make compare` runs it too.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from multiprocessing.pool import Pool
from pathlib import Path

import django
import psutil
import pytest

from comparison.bench import http
from comparison.bench.cores import Cores
from comparison.bench.processes import free_port
from comparison.bench.running import flask
from comparison.bench.servers import wait_for
from comparison.bench.swarm import Swarm
from comparison.bench.table import FLASK_TODAY
from comparison.compare import machine, sides, steps
from comparison.compare.database import Database
from comparison.compare.method import Step
from comparison.compare.steps import Length
from comparison.contestants import running
from comparison.contestants.definitions import CONTESTANTS, FLASK, Contestant
from comparison.contestants.running import (
    NotInstalled,
    Running,
    Starter,
    start,
)
from comparison.contract.shapes import assert_user
from tests.comparison import warm
from tests.comparison.warm import Outcome

ROOT = Path(__file__).resolve().parents[2]
SUITE = ROOT / "comparison" / "contract"
PARTS = 2  # parallel runs of the suite on a contestant, which mostly wait
MINUTE = "test_a_user_without_a_ping_for_a_minute_goes_offline_and_one_who_pings_does_not"
# "flask-threads" is the code of "flask", and test_contract.py runs every row on "flack".
CHECKED = [name for name in CONTESTANTS if name not in ("flask-threads", "flack")]
CHEAP = Path(__file__).parent / "cheap"


def run_suite(processes: Pool, contestant: Running, part: int) -> Outcome:
    """Run the shared rows of every `PARTS`-th file of the suite against a server."""
    arguments = ["-c", f"{SUITE}/pytest.ini", "--url", contestant.url, "--same-only"]
    arguments += ["-k", f"not {MINUTE}", "--preview-port", str(contestant.preview_port)]
    arguments += map(str, sorted(SUITE.glob("test_*.py"))[part::PARTS])
    outcome: Outcome = processes.apply(warm.run_pytest, arguments)
    return outcome


def cheap(contestant: Contestant) -> Contestant:
    """Return a contestant whose passwords take little CPU time, as most rows register people."""
    environment = contestant.environment
    path = os.pathsep.join(filter(None, (str(CHEAP), environment.get("PYTHONPATH"))))
    return replace(contestant, environment={**environment, "PYTHONPATH": path})


@pytest.fixture(scope="module")
def contestants(postgresql: str) -> Iterator[dict[str, Running]]:
    """Every contestant that is checked, with a database of its own; all start at once."""
    with ExitStack() as stack:
        server = stack.enter_context(Database(postgresql))
        started: dict[str, Future[Running]] = {}
        with ThreadPoolExecutor(len(CHECKED)) as pool:
            for name in CHECKED:
                database = stack.enter_context(server.another(f"contestant_{len(started)}"))
                starter = stack.enter_context(Starter())
                contestant = cheap(CONTESTANTS[name])
                started[name] = pool.submit(start, starter, contestant, database.url)
        yield {name: future.result() for name, future in started.items()}


@pytest.fixture(scope="module")
def outcomes(contestants: dict[str, Running]) -> Iterator[dict[str, list[Future[Outcome]]]]:
    """The outcomes of the suite on each contestant, all of which run at once."""
    count = PARTS * len(CHECKED)
    with warm.pool(count) as processes, ThreadPoolExecutor(count) as pool:
        yield {
            name: [pool.submit(run_suite, processes, contestant, part) for part in range(PARTS)]
            for name, contestant in contestants.items()
        }


@pytest.mark.timeout(300)  # seconds, on a busy machine
@pytest.mark.parametrize("name", CHECKED)
def test_a_contestant_keeps_the_shared_rows_of_the_contract(
    outcomes: dict[str, list[Future[Outcome]]], name: str
) -> None:
    for future in outcomes[name]:
        code, output = future.result()
        assert code == 0, output
        assert " passed" in output


def test_the_bench_publishes_to_a_flask_of_today_and_finds_its_worker(
    contestants: dict[str, Running],
) -> None:
    running_flask = contestants["flask"]
    server = flask(running_flask.nodes[0])
    assert server.name == FLASK_TODAY
    assert server.worker.count() == running_flask.worker.count()
    swarm = Swarm(server.ports, server.wire)
    try:
        clients = swarm.connect(2)
        swarm.push(server.publish)
        swarm.drain(2)
        assert swarm.lost_and_doubled(clients) == (0, 0)
    finally:
        swarm.close()


def test_a_server_that_runs_is_measured_by_its_url_with_its_worker_and_database(
    contestants: dict[str, Running],
) -> None:
    node = contestants["flask-tuned"].nodes[0]
    with sides.external("other", node, Cores.split(), "socketio") as side:
        assert side.wire == "socketio4" and len(side.tokens) == sides.PEOPLE
        assert side.parts.keys() == {"web", "nginx", "worker", "valkey", "postgresql"}
        assert all(side.parts.values())
        assert side.database is not None and side.database.messages() >= 0
        assert {"Flask", "gunicorn", "gevent", "Python"} <= side.server["versions"].keys()
        assert "gunicorn" in side.server["command"] and side.server["PostgreSQL"]


@pytest.mark.parametrize(
    ("url", "wire", "why"),
    [("{}", "json", "speaks socketio4, not WIRE=json"), ("http://localhost", "", "needs a port")],
)
def test_an_url_that_cannot_be_measured_is_refused_with_the_reason(
    contestants: dict[str, Running], url: str, wire: str, why: str
) -> None:
    url = url.format(contestants["flask"].nodes[0])
    with pytest.raises(LookupError, match=why), sides.external("other", url, Cores.split(), wire):
        pass


@pytest.mark.parametrize("name", CHECKED)
def test_each_page_that_polls_has_an_account_of_its_own(
    contestants: dict[str, Running], name: str
) -> None:
    with sides.external(name, contestants[name].nodes[0], Cores.split()) as side:
        with closing(http.Client(side.port)) as client:
            for user in client.send("GET", "/api/users").json()["users"]:
                assert_user(user)
        step = measured(lambda: steps.poll(side, 60, Length(0.1, 1)))
        assert (step["accounts"], step["errors"]) == (30, 0)
        assert len(set(side.tokens)) >= 30
        step = measured(lambda: steps.post(side, 25, Length(0.1, 1)))
        assert (step["accounts"], step["errors"], step["lost"]) == (25, 0, 0)


def measured(measure: Callable[[], Step]) -> Step:
    """Return the first measurement without errors, of five: a busy machine may cause some."""
    for _ in range(5):
        if not (step := measure())["errors"]:
            break
    return step


def test_the_time_to_the_first_answer_is_known_of_each_contestant_that_is_started(
    contestants: dict[str, Running],
) -> None:
    for contestant in contestants.values():
        assert contestant.answered is not None and contestant.answered > 0


def test_the_first_answer_is_one_of_the_api_and_no_error_of_nginx() -> None:
    node, port = free_port(), free_port()
    with Starter() as starter:
        running.front(starter, port, [node], "")
        wait_for(port)
        with pytest.raises(ConnectionError, match="the status of the first answer is 502"):
            running.first_answer(port)


def test_a_contestant_that_is_not_installed_is_named_with_the_command_that_installs_it(
    tmp_path: Path,
) -> None:
    missing = Contestant(
        "x", "Flask, missing", "documented", tmp_path, "", "/nowhere/python -m x", ()
    )
    with (
        Starter() as starter,
        pytest.raises(
            NotInstalled, match="Flask, missing is not installed: run `make contestants`"
        ),
    ):
        start(starter, missing, "postgresql:///x")


@pytest.mark.parametrize("name", CONTESTANTS)
def test_a_contestant_has_a_folder_with_a_readme_and_a_known_label(name: str) -> None:
    contestant = CONTESTANTS[name]
    assert contestant.label in ("documented", "tuned")
    assert (contestant.folder / "README.md").exists()


def lines(folder: str) -> int:
    """Return the number of lines of Python in a contestant's folder that are not empty."""
    files = (CONTESTANTS["flask"].folder.parent / folder).rglob("*.py")
    sources = [path.read_text() for path in files if ".venv" not in path.parts]
    return sum(bool(line.strip()) for source in sources for line in source.splitlines())


def test_the_flask_contestants_have_the_size_that_their_documents_state() -> None:
    assert 450 <= lines("flask") <= 650
    assert lines("flask_tuned") <= 250


def test_the_environment_of_both_flask_contestants_has_what_the_documented_one_locks() -> None:
    locks = [
        {line for line in (CONTESTANTS[name].folder / "requirements.txt").read_text().splitlines()
         if "==" in line}
        for name in ("flask", "flask-tuned")
    ]  # fmt: skip
    assert locks[0] and locks[0] < locks[1]


def test_the_flask_contestants_own_test_passes() -> None:
    command = [str(FLASK), "-W", "ignore", "-m", "unittest", "tests"]
    environment = {"DATABASE_URL": "sqlite://", "PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd=CONTESTANTS["flask"].folder, env=environment, check=False,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_documented_contestant_of_django_passes_its_own_test(postgresql: str) -> None:
    folder = "comparison.contestants.django_documented"
    command = [sys.executable, "manage.py", "test", folder, "--noinput"]
    environment = {
        "DATABASE_URL": postgresql,
        "DJANGO_SETTINGS_MODULE": f"{folder}.settings",
        "SECRET_KEY": "of-a-test",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0 and "Ran 1 test" in done.stderr, done.stderr


def test_a_process_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PATIENCE", 0.1)
    with Starter() as starter:
        deaf = "trap '' TERM; echo ready; while true; do sleep 0.1; done"
        process = starter.run("sh", "-c", deaf)
        while not starter.log.read_text():
            assert process.poll() is None
    assert process.returncode == -9


def test_the_versions_of_an_interpreter_are_read_and_those_of_another_program_are_unknown() -> None:
    here = psutil.Process()
    found = machine.packages(sys.executable, here)
    assert isinstance(found, dict) and found["Python"] == platform.python_version()
    assert found["Django"] == django.__version__
    assert machine.packages("/usr/bin/node", here) == machine.UNKNOWN
    assert machine.packages("/nowhere/python3", here) == machine.UNKNOWN
