"""The pool of long-lived threads in which a node runs everything that uses the database.

Each thread keeps its connections to the database and to the cache. A pool does less for a call than
`ThreadPoolExecutor`: no future of its own beside the event loop's, and one wake-up of the loop for
all results that are ready. Of eight calls at once each takes 20 µs of CPU time, with
`database_sync_to_async` 61 (27 November 2026, `python -m comparison.bench.overrides`).
"""

import asyncio
import atexit
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from django.conf import settings
from django.core.cache import BaseCache, caches
from django.db import close_old_connections, connections

from chat import clock

P = ParamSpec("P")
R = TypeVar("R")


class Results:
    """Results for the calls of one event loop, which is woken once for all that are ready."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ready: list[tuple[asyncio.Future[Any], Any, BaseException | None]] = []

    def add(
        self, future: asyncio.Future[Any], result: Any, error: BaseException | None = None
    ) -> None:
        """Set the result or error of a future soon; safe to call from any thread."""
        with self._lock:
            self._ready.append((future, result, error))
            is_woken = len(self._ready) > 1
        if not is_woken:
            with suppress(RuntimeError):  # the loop is closed: no call waits for its result
                future.get_loop().call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        with self._lock:
            ready, self._ready = self._ready, []
        for future, result, error in ready:
            if future.cancelled():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


class Pool:
    """Up to `size` threads, which call functions for event loops."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._threads: list[Thread] = []
        self._calls: SimpleQueue[tuple[Results, asyncio.Future[Any], partial[Any]] | None]
        self._calls = SimpleQueue()
        self._results: WeakKeyDictionary[asyncio.AbstractEventLoop, Results] = WeakKeyDictionary()
        atexit.register(self.shutdown)

    def call(
        self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.Future[R]:
        """Call a function in a thread; return a future of the running loop for its result."""
        loop = asyncio.get_running_loop()
        if (results := self._results.get(loop)) is None:
            results = self._results[loop] = Results()
        if len(self._threads) < self._size:
            name = f"django-{len(self._threads)}"
            thread = Thread(target=self._run, name=name, daemon=True)
            thread.start()  # fails if the system allows no more threads
            self._threads.append(thread)
        future: asyncio.Future[R] = loop.create_future()
        self._calls.put((results, future, partial(function, *args, **kwargs)))
        return future

    def shutdown(self) -> None:
        """Wait for all calls; then let the threads close their connections and end."""
        threads, self._threads = self._threads, []
        for _ in threads:
            self._calls.put(None)
        for thread in threads:
            thread.join()

    def _run(self) -> None:
        while call := self._calls.get():
            self._answer(*call)
            del call  # an idle thread keeps no result
        connections.close_all()

    @staticmethod
    def _answer(results: Results, future: asyncio.Future[Any], function: partial[Any]) -> None:
        if future.cancelled():
            return
        try:
            result = function()
        except BaseException as error:  # the caller handles it
            results.add(future, None, error)
        else:
            results.add(future, result)


pool = Pool(settings.FLACK_THREADS)


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function in the pool with this context; return its result or raise its error."""
    call = partial(function, *args, **kwargs)
    return await pool.call(_call, copy_context(), call)


def _call(context: Context, function: Callable[[], R]) -> R:
    # Django keeps the caches of a thread in its context. In a copy of another thread's context it
    # would create them anew, so that each call opens a connection of its own.
    return context.run(_run, caches["default"], function)


def _run(cache: BaseCache, function: Callable[[], R]) -> R:
    caches["default"] = cache
    close_old_connections()
    clock.set_right()
    try:
        return function()
    finally:
        close_old_connections()
