"""Tests of chat/threads.py."""

import asyncio
import gc
import sqlite3
import threading
from contextlib import suppress

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction

from chat.models import User
from chat.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


def fail():
    """Raise."""
    raise ValueError("this")


async def test_a_function_runs_in_the_pool_and_returns():
    name = await in_thread(lambda: threading.current_thread().name)
    assert name.startswith("django")


async def test_an_error_of_the_function_is_raised():
    with pytest.raises(ValueError, match="this"):
        await in_thread(fail)


async def test_as_many_run_at_once_as_there_are_threads():
    barrier = threading.Barrier(settings.FLACK_THREADS)
    await asyncio.gather(*(in_thread(barrier.wait, 10) for _ in range(settings.FLACK_THREADS)))


async def test_the_event_loop_goes_on_while_a_function_waits():
    waits = threading.Event()
    waiting = asyncio.create_task(in_thread(waits.wait, 10))
    await asyncio.sleep(0)
    waits.set()
    assert await waiting


async def test_a_thread_keeps_its_database_connection():
    def identify():
        User.objects.count()
        return threading.get_ident(), connection.connection

    seen: dict[int, object] = {}
    for _ in range(3 * settings.FLACK_THREADS):
        thread, used = await in_thread(identify)
        assert seen.setdefault(thread, used) is used


def write():
    """Update nothing, with a lock, and let the error escape."""
    with transaction.atomic():
        User.objects.filter(pk=0).update(online=True)


@pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="about the mutex of SQLite's connections"
)
async def test_no_cursor_of_a_failed_query_waits_for_the_garbage_collector():
    def hold(held, done):
        with transaction.atomic():
            held.set()
            done.wait(30)

    gc.collect()
    gc.disable()
    held, done = threading.Event(), threading.Event()
    holder = asyncio.create_task(in_thread(hold, held, done))
    try:
        await asyncio.to_thread(held.wait, 30)
        with suppress(OperationalError):
            await in_thread(write)
            raise AssertionError("the lock is held")
        done.set()
        await holder
        cursors = [each for each in gc.get_objects() if issubclass(type(each), sqlite3.Cursor)]
        assert cursors
        for cursor in cursors:
            with pytest.raises(sqlite3.ProgrammingError, match="closed cursor"):
                cursor.fetchone()
    finally:
        done.set()
        gc.enable()
