"""Wrappers of every query to SQLite: wait for the lock, and clean up after a failure."""

import sqlite3
import time
from collections.abc import Callable
from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

PATIENCE = 3.0  # seconds that a query waits for the lock; then the response is 503 with Retry-After

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


def wrap_queries(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Install the wrappers in a new connection to SQLite."""
    if connection.vendor == "sqlite" and wait_for_lock not in connection.execute_wrappers:
        connection.execute_wrappers[:0] = [close_failed_cursor, wait_for_lock]


def wait_for_lock(
    execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Run a query, again while the database is locked, for `PATIENCE`.

    SQLite waits too, but ever longer after each attempt, up to 0.1 s, so that a new query comes
    before one that waits already: with 60 requests a second on a busy machine some waited 3 s in
    vain, while half of all requests took less than 0.15 s. The settings end its wait after 50 ms,
    and here it begins anew.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            # In a transaction the lock is held already, since each takes it at its BEGIN.
            is_final = context["connection"].in_atomic_block or time.monotonic() >= deadline
            if is_final or not is_locked(error):
                raise


def is_locked(error: OperationalError) -> bool:
    """Return True if another connection held the lock."""
    return has_code(error, sqlite3.SQLITE_BUSY)


def has_code(error: Exception, code: int) -> bool:
    """Return True if SQLite failed with a primary result code."""
    extended = getattr(error.__cause__, "sqlite_errorcode", None)
    return extended is not None and extended & 0xFF == code


def close_failed_cursor(
    execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Run a query, and close its cursor at once if it fails.

    If the file was read-only when this connection opened it, the next request connects anew: SQLite
    would refuse writes for as long as the connection lasts.

    Tracebacks hold failed cursors in reference cycles. The garbage collector would close them in
    any thread, where it waits for the connection of each: its own thread holds that while it waits
    for SQLite's lock. If the collecting thread is in a transaction, it has that lock. After a burst
    of time-outs the database stayed locked for many minutes.
    """
    try:
        return execute(sql, params, many, context)
    except Exception as error:
        context["cursor"].close()
        if has_code(error, sqlite3.SQLITE_READONLY):
            context["connection"].close_at = 0
        raise
