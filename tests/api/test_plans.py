"""Tests of what the API asks the database: by index, and no more rows of a large table than of a
small one. The database is that of DATABASE_URL; tests/flack_project/test_plans.py runs this on
PostgreSQL too.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api.etags import bodies
from chat.models import Message, User, timestamp
from tests.kit import basic, index_words

pytestmark = pytest.mark.django_db

DAY = 24 * 60 * 60  # seconds
RECENT = 20  # messages of the last day, by one author: the index of authors reads as many rows
REQUESTS = {
    "the messages of the day": ("GET", "/api/messages"),
    "what changed since": ("GET", "/api/messages?updated_since={since}"),
    "the newest": ("GET", "/api/messages?limit=5"),
    "older ones": ("GET", "/api/messages?before={middle}&limit=5"),
    "one author's": ("GET", "/api/messages?user_id={author}"),
    "one author's since": ("GET", "/api/messages?user_id={author}&updated_since={since}"),
    "one author's newest": ("GET", "/api/messages?user_id={author}&limit=5"),
    "one author's older ones": ("GET", "/api/messages?user_id={author}&before={middle}&limit=5"),
    "the next ones": ("GET", "/api/messages?after={middle}&limit=5"),
    "one message": ("GET", "/api/messages/{middle}"),
    "one user": ("GET", "/api/users/{author}"),
    "who changed since": ("GET", "/api/users?updated_since={since}"),
    # These two add a row, so they are the last.
    "a sign-in": ("POST", "/api/tokens"),
    "a post": ("POST", "/api/messages"),
}


def history(author, length):
    """Save messages of a week ago, and as many users who wrote nothing."""
    then = timestamp() - 7 * DAY
    common = {"user": author, "source": "a", "html": "a", "created_at": then, "updated_at": then}
    Message.objects.bulk_create(Message(**common) for _ in range(length))
    taken = User.objects.count()
    User.objects.bulk_create(
        User(nickname=f"{taken + number}", created_at=then, updated_at=then, last_seen_at=then)
        for number in range(length)
    )


def today(author):
    """Save the recent messages."""
    then = timestamp() - 60  # seconds
    Message.objects.bulk_create(
        Message(user=author, source="b", html="b", created_at=then, updated_at=then)
        for _ in range(RECENT)
    )


@pytest.fixture
def cost(alice, bob, call):
    """Return a function that measures what a request of REQUESTS costs the database."""

    def cost(method, path):
        ids = sorted(Message.objects.values_list("pk", flat=True))
        known = {"since": timestamp() - 3600, "middle": ids[len(ids) // 2], "author": bob.pk}
        path = path.format(**known)
        sign_in = path == "/api/tokens"
        measure = counted_steps if connection.vendor == "sqlite" else counted_rows
        bodies.clear()  # a list that is kept is read differently
        with measure() as spent:
            response = call(
                method,
                path,
                {"source": "c"},
                token=None if sign_in else alice.token,
                headers=basic("Bob") if sign_in else None,
            )
        assert response.status_code in (200, 201)
        return sum(spent)

    return cost


@contextmanager
def counted_steps() -> Iterator[list[int]]:
    """Count the instructions that SQLite carries out, of which each row takes some."""
    steps: list[int] = []
    connection.connection.set_progress_handler(lambda: steps.append(1), 1)
    yield steps
    connection.connection.set_progress_handler(None, 1)


@contextmanager
def counted_rows() -> Iterator[list[int]]:
    """Count the rows that PostgreSQL reads, also those that it then drops."""
    rows: list[int] = []
    with CaptureQueriesContext(connection) as queries:
        yield rows
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("SET LOCAL enable_seqscan = off")  # it would read a short table whole
        for query in queries:
            if query["sql"].strip().startswith("SELECT"):
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql']}")
                rows.append(rows_of(cursor.fetchone()[0][0]["Plan"]))


def rows_of(plan):
    """Return how many rows the parts of a plan read that have no other part below them."""
    parts = plan.get("Plans")
    if parts:
        return sum(map(rows_of, parts))
    return (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]


def test_a_request_costs_the_same_in_a_table_twenty_times_as_long(bob, cost):
    today(bob)
    costs = {name: [] for name in REQUESTS}
    for length in (50, 950):
        history(bob, length)
        for name, request in REQUESTS.items():
            costs[name].append(cost(*request))
    assert {n: c for n, c in costs.items() if not 0 < c[1] < 1.2 * c[0] + 1} == {}


def count_words():
    """Update the statistics of the planner, and in PostgreSQL the index itself."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT gin_clean_pending_list('message_words')")
        cursor.execute("ANALYZE")


SEARCHES = ("q=rare", "q=rare words", "q=r", "q=rare&before={}")


def test_a_search_reads_the_index_of_words(alice, call, django_assert_num_queries):
    history(alice, 5000)
    newest = alice.messages.create(source="rare words")
    index_words()
    alice.messages.create(source="a message that is not indexed yet")
    count_words()
    for search in SEARCHES:
        with django_assert_num_queries(2 if connection.vendor == "sqlite" else 1) as captured:
            call("GET", f"/api/messages?{search.format(newest.pk)}")
        assert_reads_the_index(search, [query["sql"] for query in captured])


def assert_reads_the_index(search, queries):
    """Check the plans of the queries of a search."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            plans = []
            for query in queries:
                cursor.execute(f"EXPLAIN QUERY PLAN {query}")
                plans.append([row[3] for row in cursor.fetchall()])
            newest, plan = plans
            # The messages that are not indexed yet, at most 100.
            by_id = "SEARCH chat_message USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
            assert newest == [by_id, "SCALAR SUBQUERY 1", "SCAN indexed_messages"], search
            # No sorting: as many matches are read as are asked for, from the newest on.
            assert len(plan) == 2, search
            assert plan[0].startswith("SCAN message_words VIRTUAL TABLE INDEX"), search
            assert plan[1].startswith("SEARCH chat_message USING INTEGER PRIMARY KEY"), search
        else:
            cursor.execute(f"EXPLAIN {queries[0]}")
            plan = [row[0].strip() for row in cursor.fetchall()]
            step = "->  Bitmap Index Scan on message_words"
            assert any(each.startswith(step) for each in plan), search


def test_a_search_for_a_common_word_stops_at_the_limit(alice, call, django_assert_num_queries):
    costs = []
    for length in (500, 4500):
        history(alice, length)
        index_words()
        count_words()
        if connection.vendor == "sqlite":
            with counted_steps() as steps:
                call("GET", "/api/messages?q=a&limit=5")
            costs.append(sum(steps))
    if connection.vendor == "sqlite":
        assert 0 < costs[1] < 1.2 * costs[0] + 1
    else:
        with django_assert_num_queries(1) as captured:
            call("GET", "/api/messages?q=a&limit=5")
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {captured[0]['sql']}")
            assert rows_of(cursor.fetchone()[0][0]["Plan"]) <= 50
