"""What must still work while processes are dead or hang, and after they are started again."""

import re
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import psutil
import pytest
import redis

from chat.tasks import PREVIEWS_SEEN, WORKER_SEEN
from comparison.contract.client import Person, eventually
from comparison.contract.pages import Pages
from tests.faults.worker import move_last_seen, run_two_beats, worker_lost
from tests.running import PARTS, PATIENCE, START, Stack

Check = Callable[[Stack, Person], None]


def chat_works(stack: Stack, ann: Person) -> None:
    """A message posted through nginx is pushed by every node."""
    with stack.connect(1) as first, stack.connect(2) as second:
        message = stack.posted(ann, "as before")
        for wire in (first, second):
            wire.push("Message", id=message["id"])


def nodes_work(stack: Stack, ann: Person) -> None:
    """A message posted past nginx to one node is pushed by the other."""
    with stack.node(1) as node, stack.connect(2) as wire:
        headers = {"Authorization": f"Bearer {ann.token}"}
        answer = node.post("/api/messages", json={"source": "past nginx"}, headers=headers)
        wire.push("Message", id=answer.json()["id"])


def other_node_works(stack: Stack, ann: Person) -> None:
    """Every request reaches the other node, whose sockets get every push."""
    with stack.connect() as wire:
        for number in range(10):
            message = stack.posted(ann, f"message {number}")
            wire.push("Message", id=message["id"])


def answer_is_502(stack: Stack, ann: Person) -> None:
    """nginx answers in JSON when to try again."""
    answer = stack.get("/healthz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (502, "1")
    assert answer.json() == {
        "error": "The chat cannot be reached right now, try again in a moment.",
        "code": "unavailable",
    }


def doctor_reports(problem: str) -> Check:
    """`doctor` names the cause."""

    def check(stack: Stack, ann: Person) -> None:
        assert str(stack.doctor(patience=3)["problem"]).startswith(problem)

    return check


def readyz_misses_the_workers(stack: Stack, ann: Person) -> None:
    """`/readyz` is degraded without their reports, each of which counts for 20 s.

    The last ones are deleted, so that the test waits for those of the new workers afterwards.
    """
    with redis.Redis.from_url(f"unix://{stack.run_dir}/valkey.sock") as valkey:
        valkey.delete(*(f"flack:2:{seen}" for seen in (WORKER_SEEN, PREVIEWS_SEEN)))
    services = stack.get("/readyz").json()
    assert (services["worker"], services["previews"]) == ("degraded", "degraded")


@dataclass(frozen=True)
class Death:
    """Processes that die, or hang if `hanging`, and what holds meanwhile."""

    parts: tuple[str, ...]
    checks: tuple[Check, ...]
    hanging: bool = False

    def __str__(self) -> str:
        return f"{' and '.join(self.parts)} {'hanging' if self.hanging else 'killed'}"


DEATHS = [
    Death(
        ("worker.1",),
        (chat_works, doctor_reports("No Celery worker ran the probe within 3")),
        hanging=True,
    ),
    Death(
        ("previews.1",),
        (chat_works, doctor_reports("No worker of the queue previews ran a probe within 3")),
        hanging=True,
    ),
    Death(("worker.1", "previews.1", "beat.1"), (chat_works, readyz_misses_the_workers)),
    Death(("valkey.1",), (chat_works, doctor_reports("Redis does not answer"))),
    Death(("nginx.1",), (nodes_work, doctor_reports("No server listens at http://127.0.0.1:"))),
    Death(("node.1",), (other_node_works,)),
    Death(
        ("node.1", "node.2"),
        (
            answer_is_502,
            doctor_reports("nginx reaches no node: start the nodes, or correct nginx's upstream."),
        ),
    ),
]


@pytest.mark.parametrize("death", DEATHS, ids=str)
def test_what_works_without_a_process_and_that_it_alone_is_started_again(
    stack: Stack, death: Death
) -> None:
    ann = stack.person("ann")
    before = {name: stack.part(name).pid for name in PARTS}
    with stack.without(*death.parts, hanging=death.hanging):
        for check in death.checks:
            check(stack, ann)
    dead = () if death.hanging else death.parts
    eventually(
        lambda: not any(psutil.pid_exists(before[name]) for name in dead), "the end", PATIENCE
    )
    eventually(stack.is_whole, f"{death} again", START)
    after = {name: stack.part(name).pid for name in PARTS}
    assert {name for name in PARTS if after[name] != before[name]} == {*dead}
    chat_works(stack, ann)


def sockets(stack: Stack) -> int:
    """Return the sockets of all nodes, as node 2 counts them."""
    with stack.node(2) as node:
        text = node.get("/metrics").text
    return int(float(re.findall(r"^flack_sockets (\S+)$", text, re.M)[0]))


def test_the_sockets_of_a_dead_node_are_not_counted_and_its_users_go_offline_after_a_minute(
    stack: Stack,
) -> None:
    """The last ping is moved a minute into the past, so that the test does not wait for it."""
    ann, before = stack.person("ann"), sockets(stack)
    with ExitStack() as connected:
        wire, _ = (connected.enter_context(stack.connect(number)) for number in (1, 2))
        wire.ping_user(ann.token)
        eventually(lambda: stack.user(ann.id)["online"], "Ann", PATIENCE)
        assert sockets(stack) == before + 2
        stack.part("node.1").kill()
        eventually(lambda: sockets(stack) == before + 1, "one socket", PATIENCE)
        assert stack.user(ann.id)["online"]
        move_last_seen(61, stack, ann)
        with suppress(Exception):
            wire.close()
    eventually(lambda: not stack.user(ann.id)["online"], "Ann offline", PATIENCE)


def test_tasks_of_a_killed_worker_and_an_emptied_broker_take_effect_once(
    stack: Stack, pages: Pages
) -> None:
    worker_lost(pages).inject(stack)


def test_two_beats_push_once_that_a_user_went_offline(stack: Stack) -> None:
    run_two_beats(stack)
