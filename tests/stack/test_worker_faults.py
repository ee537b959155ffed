"""What a worker or beat is to do is done once, whatever becomes of them and of the broker."""

import sqlite3
import time
from contextlib import closing, suppress
from functools import partial

import psutil
import pytest
import redis

from comparison.contract.client import Person, eventually
from comparison.contract.pages import Pages
from tests.running import PATIENCE, Stack

PAGE = "<title>A page</title><meta name=description content='What it says'>"


@pytest.fixture
def stack(sqlite_stack: Stack) -> Stack:
    """The database is SQLite: its rows are made older than they are."""
    return sqlite_stack


@pytest.fixture
def ann(stack: Stack) -> Person:
    """Somebody who is signed in."""
    return stack.person("ann")


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


def test_what_a_worker_had_begun_or_the_broker_held_is_done_once(
    stack: Stack, ann: Person, pages: Pages
) -> None:
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


def test_with_beat_killed_and_two_of_them_nobody_is_stuck_and_each_is_told_once(
    stack: Stack, ann: Person
) -> None:
    beat = stack.part("beat.1")
    command, environment = beat.cmdline(), beat.environ()
    beat.kill()
    command[command.index("-s") + 1] += "-second"
    second = psutil.Popen(command, env=environment, cwd=stack.var)
    try:
        with stack.connect() as listener:
            be_silent_for(61, stack, ann)
            assert len(listener.pushes("User", 13, id=ann.id, online=False)) == 1
    finally:
        second.kill()
        second.wait(PATIENCE)


def test_who_was_on_a_node_that_is_killed_is_offline_within_65_seconds(
    stack: Stack, ann: Person
) -> None:
    """Shown by a user who was last heard of 45 s ago: nobody waits a minute here."""
    with stack.connect(1) as gone:
        gone.ping_user(ann.token)
        eventually(lambda: stack.user(ann.id)["online"], "Ann", PATIENCE)
        node = stack.part("node.1")
        node.kill()
        node.wait(PATIENCE)
        killed_at = time.monotonic()
        be_silent_for(45, stack, ann)
        with suppress(Exception):
            gone.close()
    assert stack.user(ann.id)["online"]
    eventually(lambda: not stack.user(ann.id)["online"], "Ann offline", PATIENCE + 5)
    assert time.monotonic() - killed_at < 65 - 45
