"""The commands that need a running Flack."""

import json
import subprocess
import sys

import pytest

from comparison.contract.client import eventually
from tests.running import BARE, PATIENCE, ROOT, Stack

HOPS = ["database", "redis", "nginx", "node", "socket"]
PROBE = ["broker and worker", "database of the worker", "push to the socket"]
PROBE += ["worker of previews"]


def doctor(stack: Stack, **environment: str) -> dict[str, object]:
    """Return what `doctor --json` prints."""
    script = f'set -a; . "{stack.var}/run.env"; '
    script += "".join(f"{name}={value}; " for name, value in environment.items())
    run = subprocess.run(
        ["sh", "-c", script + f'exec "{sys.executable}" manage.py doctor --json --patience 3'],
        cwd=ROOT,
        env=BARE,
        text=True,
        capture_output=True,
        check=False,
    )
    assert run.stdout, run.stderr
    told: dict[str, object] = json.loads(run.stdout)
    assert bool(run.returncode) is not told["well"], run.stderr
    return told


def test_doctor_follows_a_probe_through_every_service(stack: Stack) -> None:
    told = doctor(stack)
    assert told["problem"] is None
    assert list(told["ms"]) == HOPS + PROBE  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("worker.1", "No Celery worker ran the probe within 3"),
        ("previews.1", "No worker of the queue previews ran a probe within 3"),
    ],
)
def test_doctor_reports_a_worker_that_takes_no_task(stack: Stack, name: str, problem: str) -> None:
    worker = stack.part(name)
    worker.suspend()
    try:
        assert str(doctor(stack)["problem"]).startswith(problem)
    finally:
        worker.resume()
    eventually(lambda: "degraded" not in stack.get("/readyz").text, "the worker again", PATIENCE)


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}, "The database does not answer"),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "Redis does not answer"),
        ({"FLACK_URL": "http://127.0.0.1:1"}, "No server listens at http://127.0.0.1:1"),
    ],
)
def test_doctor_reports_what_is_unavailable(
    stack: Stack, environment: dict[str, str], problem: str
) -> None:
    assert str(doctor(stack, **environment)["problem"]).startswith(problem)


def test_doctor_reports_that_nginx_reaches_no_node(stack: Stack) -> None:
    nodes = [stack.part("node.1"), stack.part("node.2")]
    with stack.no_restarts():
        for node in nodes:
            node.kill()
        problem = doctor(stack)["problem"]
    assert problem == "nginx reaches no node: start the nodes, or correct nginx's upstream."
    eventually(lambda: stack.get("/readyz").status_code == 200, "the nodes again", PATIENCE)


def test_loadchat_posts_as_several_users_and_signs_them_out(stack: Stack) -> None:
    told = json.loads(stack.manage("loadchat 5 --minutes 0.07 --pause 0.5 --json"))
    assert told["posted"] > 5 and told["received"] > told["posted"] and not told["refused"]
    online = lambda: [  # noqa: E731
        user
        for user in stack.get("/api/users?online=1").json()["users"]
        if user["nickname"] == "Ada"
    ]
    eventually(lambda: not online(), "leaving", PATIENCE)
