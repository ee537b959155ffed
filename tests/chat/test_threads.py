"""Tests of chat/threads.py."""

import asyncio
import gc
import sqlite3
import threading
import weakref
from contextlib import suppress
from unittest.mock import Mock

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import OperationalError, connection, transaction

import chat.sqlite
from chat.models import User
from chat.threads import Pool, in_thread
from flack_project.cache import Cache
from tests.kit import NO_REDIS, redis_cache

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


async def test_results_of_a_burst_all_arrive():
    numbers = range(500)
    assert await asyncio.gather(*(in_thread(lambda n: n, n) for n in numbers)) == list(numbers)


async def test_a_thread_that_could_not_start_is_started_by_the_next_call(monkeypatch):
    pool = Pool(1)
    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="no more"):
        patch.setattr(threading.Thread, "start", Mock(side_effect=RuntimeError("no more")))
        pool.call(fail)
    async with asyncio.timeout(5):
        assert await pool.call(abs, -1) == 1
    pool.shutdown()


async def test_a_call_that_is_cancelled_before_it_begins_is_not_run():
    pool, waits, ran = Pool(1), threading.Event(), []
    first = pool.call(waits.wait, 10)
    second, third = pool.call(ran.append, 2), pool.call(ran.append, 3)
    second.cancel()
    waits.set()
    await asyncio.gather(first, third)
    assert ran == [3]
    pool.shutdown()


async def test_a_call_that_is_cancelled_while_it_runs_ends_and_others_go_on():
    pool, began, waits = Pool(1), threading.Event(), threading.Event()
    first = pool.call(lambda: (began.set(), waits.wait(10)))
    await asyncio.to_thread(began.wait, 10)
    first.cancel()
    waits.set()
    assert await pool.call(abs, -1) == 1
    pool.shutdown()


def test_a_call_whose_loop_was_closed_meanwhile_harms_no_other_loop():
    pool, waits = Pool(1), threading.Event()

    async def leave():
        pool.call(waits.wait, 10)

    async def call():
        return await pool.call(abs, -1)

    asyncio.run(leave())
    waits.set()
    assert asyncio.run(call()) == 1
    pool.shutdown()


async def test_a_shutdown_waits_for_all_calls_and_closes_the_connections():
    pool = Pool(2)

    def connect():
        User.objects.count()
        return connection.connection

    opened = [await pool.call(connect) for _ in range(2)]
    last = pool.call(abs, -1)
    await asyncio.to_thread(pool.shutdown)
    assert await last == 1
    for closed in opened:
        with pytest.raises(connection.Database.Error, match="closed"):
            closed.cursor()


async def test_an_idle_thread_keeps_no_result():
    pool, one = Pool(1), User()
    kept = weakref.ref(one)
    assert await pool.call(lambda user: user, one) is one
    del one
    assert await pool.call(abs, -1) == 1
    assert kept() is None
    pool.shutdown()


async def test_a_thread_keeps_its_database_connection():
    def identify():
        User.objects.count()
        return threading.get_ident(), connection.connection

    seen: dict[int, object] = {}
    for _ in range(3 * settings.FLACK_THREADS):
        thread, used = await in_thread(identify)
        assert seen.setdefault(thread, used) is used


async def test_a_thread_keeps_its_cache_until_the_settings_change(settings, monkeypatch):
    def find():
        return caches["default"]

    pool = Pool(1)
    monkeypatch.setattr(chat.threads, "pool", pool)
    found = [await pool.call(find), await in_thread(find), await in_thread(find)]
    assert [cache is found[0] for cache in found] == [True] * 3
    settings.CACHES = redis_cache(NO_REDIS)
    assert isinstance(await in_thread(find), Cache)
    pool.shutdown()


def write():
    """Update nothing, with a lock, and let the error escape."""
    with transaction.atomic():
        User.objects.filter(pk=0).update(online=True)


@pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="about the mutex of SQLite's connections"
)
async def test_no_cursor_of_a_failed_query_waits_for_the_garbage_collector(monkeypatch):
    def hold(held, done):
        with transaction.atomic():
            held.set()
            done.wait(30)

    monkeypatch.setattr(chat.sqlite, "PATIENCE", 0.2)
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
