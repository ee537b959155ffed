"""Tests of chat/threads.py."""

import asyncio
import threading

import pytest
from django.conf import settings
from django.db import connection

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
