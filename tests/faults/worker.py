"""The faults of worker, beat and broker: what they are to do is done once."""

import sqlite3
from contextlib import closing
from functools import partial

import psutil
import redis

from comparison.contract.client import Person, eventually
from comparison.contract.pages import Pages
from tests.faults.table import Fault
from tests.running import PATIENCE, ROOT, Stack

PAGE = "<title>A page</title><meta name=description content='What it says'>"


def defer(stack: Stack, author: Person, source: str) -> str:
    """Send a request that a worker answers, and return where to ask."""
    answer = stack.request(
        "POST",
        "/api/messages",
        token=author.token,
        json={"source": source},
        headers={"Prefer": "respond-async"},
    )
    assert answer.status_code == 202
    return answer.headers["Location"]


def execute(stack: Stack, *statements: str) -> None:
    """Change rows behind Flack's back."""
    with closing(sqlite3.connect(stack.var / "db.sqlite3", timeout=10)) as database, database:
        for statement in statements:
            database.execute(statement)


def let_a_minute_pass(stack: Stack) -> None:
    """Make what waits for a worker a minute older, and do what beat does then."""
    execute(
        stack,
        "UPDATE chat_message SET updated_at = updated_at - 61 WHERE expanding",
        "UPDATE api_deferred SET sent_at = sent_at - 61 WHERE answer IS NULL",
    )
    code = (
        "from chat.tasks import find_unexpanded_messages; find_unexpanded_messages.delay();"
        "from api.deferred import find_lost_requests; find_lost_requests.delay()"
    )
    stack.manage(f"shell --no-imports -c '{code}'")


def be_silent_for(seconds: int, stack: Stack, user: Person) -> None:
    """Let a user have been heard of so many seconds earlier."""
    earlier = f"last_seen_at = last_seen_at - {seconds}"
    execute(stack, f"UPDATE chat_user SET {earlier} WHERE id = {user.id}")


def count(stack: Stack, source: str) -> int:
    """Return how many messages have this text."""
    return sum(message["source"] == source for message in stack.messages())


def is_done(stack: Stack, status: str) -> bool:
    """Say whether a deferred request has its answer."""
    return stack.get(status).status_code == 201


def is_expanded(stack: Stack, message_id: int) -> bool:
    """Say whether a message has a preview; it never has two."""
    previews = stack.message(message_id)["html"].count("<blockquote>")
    assert previews < 2
    return bool(previews)


def lose_worker_and_broker(pages: Pages, stack: Stack) -> None:
    """Kill a worker in a task, and empty the broker; what both were to do is done once."""
    ann = stack.person("ann")
    slow = pages.add(PAGE, seconds=2)
    begun = stack.posted(ann, f"see {slow}")
    eventually(lambda: pages.hits[slow], "the worker at work", PATIENCE)
    worker = stack.part("worker.1")
    worker.suspend()
    queued = [stack.posted(ann, f"see {pages.add(PAGE)}")["id"] for _ in range(3)]
    texts = [f"deferred {number} of {begun['id']}" for number in range(3)]
    statuses = [defer(stack, ann, text) for text in texts]
    with redis.Redis.from_url(f"unix://{stack.run_dir}/valkey.sock") as broker:
        worker.kill()
        worker.wait(PATIENCE)
        broker.flushall()
    assert [stack.get(status).status_code for status in statuses] == [202] * 3

    eventually(lambda: stack.get("/readyz").status_code == 200, "a worker again", PATIENCE)
    for _ in range(2):
        let_a_minute_pass(stack)  # the second time there is nothing left to do
        for message_id in [begun["id"], *queued]:
            eventually(partial(is_expanded, stack, message_id), "a preview", PATIENCE)
        for status in statuses:
            eventually(partial(is_done, stack, status), "an answer", PATIENCE)
    assert [count(stack, text) for text in texts] == [1] * 3


def run_two_beats(stack: Stack) -> None:
    """Kill beat, and run a second one beside it; who falls silent is told of once."""
    ann = stack.person("ann")
    beat = stack.part("beat.1")
    command, environment = beat.cmdline(), beat.environ()
    beat.kill()
    command[command.index("-s") + 1] += "-second"
    second = psutil.Popen(command, env=environment, cwd=ROOT)
    try:
        with stack.connect() as listener:
            be_silent_for(61, stack, ann)
            assert len(listener.pushes("User", 10, id=ann.id, online=False)) == 1
        assert second.poll() is None
        assert stack.part("beat.1").is_running()
    finally:
        second.kill()
        second.wait(PATIENCE)


TWO_BEATS = Fault("beat killed, then two beats", run_two_beats)


def emptied(pages: Pages) -> Fault:
    """Return the fault that a worker is killed and the broker emptied; links lead to these pages.

    The channel layer is emptied with the broker, so pushes may get lost.
    """
    strike = partial(lose_worker_and_broker, pages)
    return Fault("worker killed in a task, broker emptied", strike)
