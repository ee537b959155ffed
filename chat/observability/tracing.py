"""The request id in each log line, each response and the tasks that a request queues.

nginx sets it and replaces what a client sends; a socket keeps one id for its lifetime.
"""

import logging
import re
import secrets
from contextvars import ContextVar
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun

HEADER = "X-Request-ID"
NONE = "-"
VALID = re.compile(rb"[\w-]{1,64}")

request_id: ContextVar[str] = ContextVar("request_id", default=NONE)


def begin(scope: dict[str, Any]) -> str:
    """Set and return the id of a request or socket, from its headers or a new one."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    chosen = given.decode() if VALID.fullmatch(given) else secrets.token_hex(16)
    request_id.set(chosen)
    return chosen


class AddRequestId(logging.Filter):
    """Adds `request_id` to each log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id and keep the record."""
        record.request_id = request_id.get()
        return True


@before_task_publish.connect
def hand_on(headers: dict[str, Any], **kwargs: Any) -> None:
    """Send the request id with a task."""
    headers["request_id"] = request_id.get()


@task_prerun.connect
def take_up(task: Any, **kwargs: Any) -> None:
    """Set the id of the request that queued the task."""
    request_id.set(task.request.get("request_id") or NONE)


@task_postrun.connect
def put_down(**kwargs: Any) -> None:
    """Clear the request id, as after a task."""
    request_id.set(NONE)
