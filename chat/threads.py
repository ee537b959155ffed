"""The pool of long-lived threads in which a node runs everything that uses the database.

Each thread keeps its database connection. `in_thread` is `database_sync_to_async(function,
thread_sensitive=False, executor=pool)` and a check of the clock, for 58 us of CPU a call instead
of 91 (`python -m comparison.bench.overrides`, 2026-11-27).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

from chat import clock

P = ParamSpec("P")
R = TypeVar("R")

pool = ThreadPoolExecutor(settings.FLACK_THREADS, thread_name_prefix="django")


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function in the pool with this context; return its result or raise its error."""
    loop = asyncio.get_running_loop()
    call = partial(_call, function, *args, **kwargs)
    return await loop.run_in_executor(pool, copy_context().run, call)


def _call(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    close_old_connections()
    clock.set_right()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()
