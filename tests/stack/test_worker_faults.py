"""Tasks take effect once although worker, beat or broker fail; users of a dead node go offline."""

import time
from contextlib import suppress

from comparison.contract.client import eventually
from comparison.contract.pages import Pages
from tests.faults.worker import move_last_seen, run_two_beats, worker_lost
from tests.running import PATIENCE, Stack


def test_tasks_of_a_killed_worker_and_an_emptied_broker_take_effect_once(
    stack: Stack, pages: Pages
) -> None:
    worker_lost(pages).inject(stack)


def test_two_beats_push_once_that_a_user_went_offline(
    stack: Stack,
) -> None:
    run_two_beats(stack)


def test_a_user_of_a_killed_node_is_offline_within_65_seconds(
    stack: Stack,
) -> None:
    """The last ping is moved 55 s into the past, so that the test does not wait for a minute."""
    ann = stack.person("ann")
    with stack.connect(1) as wire:
        wire.ping_user(ann.token)
        eventually(lambda: stack.user(ann.id)["online"], "Ann", PATIENCE)
        node = stack.part("node.1")
        node.kill()
        node.wait(PATIENCE)
        killed_at = time.monotonic()
        move_last_seen(55, stack, ann)
        with suppress(Exception):
            wire.close()
    assert stack.user(ann.id)["online"]
    eventually(lambda: not stack.user(ann.id)["online"], "Ann offline", PATIENCE + 5)
    assert time.monotonic() - killed_at < 65 - 55
