"""What a worker or beat is to do is done once, whatever becomes of them; who is gone is offline."""

import time
from contextlib import suppress

import pytest

from comparison.contract.client import eventually
from comparison.contract.pages import Pages
from tests.faults.worker import be_silent_for, emptied, run_two_beats
from tests.running import PATIENCE, Stack


@pytest.fixture
def stack(sqlite_stack: Stack) -> Stack:
    """The database is SQLite: its rows are made older than they are."""
    return sqlite_stack


def test_what_a_worker_had_begun_or_the_broker_held_is_done_once(
    stack: Stack, pages: Pages
) -> None:
    emptied(pages).strike(stack)


def test_with_beat_killed_and_two_of_them_nobody_is_stuck_and_each_is_told_once(
    stack: Stack,
) -> None:
    run_two_beats(stack)


def test_who_was_on_a_node_that_is_killed_is_offline_within_65_seconds(
    stack: Stack,
) -> None:
    """Shown by a user who was last heard of 55 s ago: nobody waits a minute here."""
    ann = stack.person("ann")
    with stack.connect(1) as gone:
        gone.ping_user(ann.token)
        eventually(lambda: stack.user(ann.id)["online"], "Ann", PATIENCE)
        node = stack.part("node.1")
        node.kill()
        node.wait(PATIENCE)
        killed_at = time.monotonic()
        be_silent_for(55, stack, ann)
        with suppress(Exception):
            gone.close()
    assert stack.user(ann.id)["online"]
    eventually(lambda: not stack.user(ann.id)["online"], "Ann offline", PATIENCE + 5)
    assert time.monotonic() - killed_at < 65 - 55
