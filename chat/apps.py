"""The configuration of the chat app."""

from collections.abc import Callable
from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


class ChatConfig(AppConfig):
    """The app with models, push, presence and page."""

    name = "chat"

    def ready(self) -> None:
        """Register the system checks, the receiver of sign-ins, and the wrapper of queries."""
        from chat import checks  # noqa: F401
        from chat.accounts.backends import begin_session

        # By this name Django would connect its own later; the first one stays.
        user_logged_in.connect(begin_session, dispatch_uid="update_last_login")
        connection_created.connect(close_failed_cursors, dispatch_uid="close_failed_cursors")


def close_failed_cursors(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Install `close_failed_cursor` in a new connection to SQLite."""
    if connection.vendor == "sqlite" and close_failed_cursor not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, close_failed_cursor)


def close_failed_cursor(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Run a query, and close its cursor at once if it fails.

    Tracebacks hold failed cursors in reference cycles. The garbage collector would close them in
    any thread, where it waits for the connection of each: its own thread holds that while it waits
    for SQLite's lock, up to 3 s. If the collecting thread is in a transaction, it has that lock.
    After a burst of time-outs the database stayed locked for many minutes.
    """
    try:
        return execute(sql, params, many, context)
    except Exception:
        context["cursor"].close()
        raise
