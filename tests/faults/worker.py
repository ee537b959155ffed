"""The faults of worker, beat and broker: every task still runs, and takes effect once."""

import sqlite3
from contextlib import closing
from functools import partial

import psutil
import redis

from comparison.contract.client import Person, eventually
from comparison.contract.pages import Pages
from tests.faults.table import UNAVAILABLE, Fault
from tests.running import PATIENCE, ROOT, START, Stack

STARTS = 5  # after which a request ends with an error: `MOST_STARTS` of api/deferred.py
PAGE = "<title>A page</title><meta name=description content='What it says'>"


def defer(stack: Stack, author: Person, source: str) -> str:
    """Send a deferred request, and return the path of its status."""
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
    """Change rows of the SQLite database directly."""
    with closing(sqlite3.connect(stack.var / "db.sqlite3", timeout=10)) as database, database:
        for statement in statements:
            database.execute(statement)


def let_a_minute_pass(stack: Stack) -> None:
    """Make the waiting work a minute older, and send the tasks that beat sends each minute."""
    execute(
        stack,
        "UPDATE chat_message SET updated_at = updated_at - 61, queued_at = queued_at - 61"
        " WHERE expanding",
        "UPDATE api_deferred SET sent_at = sent_at - 61 WHERE answer IS NULL",
    )
    code = (
        "from chat.tasks import find_unexpanded_messages; find_unexpanded_messages.delay();"
        "from api.deferred import find_lost_requests; find_lost_requests.delay()"
    )
    stack.manage(f"shell --no-imports -c '{code}'")


def move_last_seen(seconds: int, stack: Stack, user: Person) -> None:
    """Move the last ping of a user `seconds` into the past."""
    earlier = f"last_seen_at = last_seen_at - {seconds}"
    execute(stack, f"UPDATE chat_user SET {earlier} WHERE id = {user.id}")


def count(stack: Stack, source: str) -> int:
    """Return how many messages have this source."""
    return sum(message["source"] == source for message in stack.messages())


def is_done(stack: Stack, status: str) -> bool:
    """Return True if a deferred request is finished."""
    return stack.get(status).status_code == 201


def is_expanded(stack: Stack, message_id: int) -> bool:
    """Return True if a message has a preview, and fail if it has two."""
    previews = stack.message(message_id)["html"].count("<blockquote>")
    assert previews < 2
    return bool(previews)


def lose_worker_and_broker(pages: Pages, stack: Stack) -> None:
    """Kill a worker during a task, and empty the broker; every task must still take effect once."""
    ann = stack.person("ann")
    slow = pages.add(PAGE, seconds=2)
    begun = stack.posted(ann, f"see {slow}")
    eventually(lambda: pages.hits[slow], "the worker to begin its task", PATIENCE)
    workers = [stack.part(name) for name in ("worker.1", "previews.1")]
    for worker in workers:
        worker.suspend()
    queued = [stack.posted(ann, f"see {pages.add(PAGE)}")["id"] for _ in range(3)]
    texts = [f"deferred {number} of {begun['id']}" for number in range(3)]
    statuses = [defer(stack, ann, text) for text in texts]
    with redis.Redis.from_url(f"unix://{stack.run_dir}/valkey.sock") as broker:
        for worker in workers:
            worker.kill()
            worker.wait(PATIENCE)
        broker.flushall()
    assert [stack.get(status).status_code for status in statuses] == [202] * 3

    eventually(lambda: "degraded" not in stack.get("/readyz").text, "new workers", START)
    for _ in range(2):
        let_a_minute_pass(stack)  # the second time must change nothing
        for message_id in [begun["id"], *queued]:
            eventually(partial(is_expanded, stack, message_id), "a preview", PATIENCE)
        for status in statuses:
            eventually(partial(is_done, stack, status), "an answer", PATIENCE)
    assert [count(stack, text) for text in texts] == [1] * 3


def run_two_beats(stack: Stack) -> None:
    """Kill beat, and run a second one beside it; going offline must be pushed once."""
    ann = stack.person("ann")
    beat = stack.part("beat.1")
    command, environment = beat.cmdline(), beat.environ()
    beat.kill()
    second = psutil.Popen(command, env=environment, cwd=ROOT)
    try:
        with stack.connect() as listener:
            move_last_seen(61, stack, ann)
            listener.push("User", id=ann.id, online=False)
            # Both beats send the next sweep within 5 s.
            assert listener.pushes("User", 6, id=ann.id, online=False) == []
        assert second.poll() is None
        assert stack.part("beat.1").is_running()
    finally:
        second.kill()
        second.wait(PATIENCE)


def kill_each_start(stack: Stack) -> None:
    """Kill each worker process that saves one request; it must end with an error, unsaved.

    A trigger keeps the statement that saves it busy, so that each kill comes at the same point:
    after the start was counted, while the worker holds SQLite's write lock.
    """
    ann = stack.person("ann")
    source = f"deadly to {ann.nickname}"
    execute(
        stack,
        "CREATE VIEW endless AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT 1 FROM r)"
        " SELECT count(*) AS n FROM r",
        "CREATE TRIGGER hang BEFORE INSERT ON chat_message"
        f" WHEN NEW.source = '{source}' BEGIN SELECT n FROM endless; END",
    )
    try:
        status = defer(stack, ann, source)
        for number in range(1, STARTS + 1):
            eventually(partial(has_started, stack, number), f"start {number}", PATIENCE)
            worker = stack.part("worker.1")
            assert stack.get(status).status_code == 202
            worker.kill()
            worker.wait(PATIENCE)
            let_a_minute_pass(stack)
        eventually(lambda: stack.get(status).status_code != 202, "an answer", PATIENCE)
        answer = stack.get(status)
        assert (answer.status_code, answer.json()["code"]) == (500, "server_error"), answer.text
        assert count(stack, source) == 0
    finally:
        execute(stack, "DROP TRIGGER hang", "DROP VIEW endless")


def has_started(stack: Stack, number: int) -> bool:
    """Return True if the deferred request without an answer was started this many times."""
    with closing(sqlite3.connect(stack.var / "db.sqlite3", timeout=10)) as database:
        query = "SELECT max(starts) FROM api_deferred WHERE answer IS NULL"
        return bool(database.execute(query).fetchone()[0] == number)


DEADLY = Fault("worker killed at each start of a request", kill_each_start, UNAVAILABLE)
TWO_BEATS = Fault("beat killed, then two beats", run_two_beats)


def worker_lost(pages: Pages) -> Fault:
    """Return the fault that a worker is killed and the broker emptied; links lead to these pages.

    The channel layer shares the broker's Valkey, so pushes may get lost.
    """
    return Fault("worker killed in a task, broker emptied", partial(lose_worker_and_broker, pages))
